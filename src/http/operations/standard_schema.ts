/**
 * Schemas of any library that follows https://standardschema.dev: zod, valibot, arktype and others.
 *
 * @module
 */

/** One thing that is wrong with a value. See {@linkcode SchemaResult}. */
export interface SchemaIssue {
  /** What is wrong. */
  readonly message: string;
  /** Where: keys from the outside in. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** What a schema says of a value. See {@linkcode StandardSchema}. */
export type SchemaResult<Output> =
  | {
    /** What it made of the value. */
    readonly value: Output;
    readonly issues?: undefined;
  }
  | {
    /** What is wrong with the value; with them, there is no other. */
    readonly issues: readonly SchemaIssue[];
  };

/** The part of Standard Schema, version 1, that is used here. See {@linkcode StartOptions}. */
export interface StandardSchema<Output> {
  /** What the specification keeps apart from the library's own methods. */
  readonly "~standard": {
    /** Of the specification. */
    readonly version: 1;
    /** The library. */
    readonly vendor: string;
    /** Checks a value, and may change it. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  };
}

/** Whether it can be asked as a schema is. */
export function isSchema(value: unknown): boolean {
  return typeof Object(Object(value)["~standard"]).validate === "function";
}

/** One wrong field, as an answer names it. See {@linkcode Operations}. */
export interface FieldProblem {
  /** As people write it: `files[0].name`; empty for the whole input. */
  readonly field: string;
  /** As RFC 9457 has it: `#/files/0/name`. */
  readonly pointer: string;
  /** What is wrong. */
  readonly detail: string;
}

// An answer must not be fifty times as long as the request, whether by many issues or by a long key in each of them.
const MOST_FIELDS = 100;
const MOST_TEXT = 16_384; // characters; the field that goes beyond is the last

/** The fields that issues are about; of many, the first. */
export function fieldsOf(issues: readonly SchemaIssue[]): FieldProblem[] {
  const fields: FieldProblem[] = [];
  let length = 0;
  for (const issue of issues) {
    if (fields.length >= MOST_FIELDS || length > MOST_TEXT) break;
    const field = fieldOf(issue);
    length += field.field.length + field.pointer.length + field.detail.length;
    fields.push(field);
  }
  return fields;
}

/** All of them, for an error message. */
export function textOf(fields: readonly FieldProblem[]): string {
  return fields.map(({ field, detail }) => field ? `${field}: ${detail}` : detail).join(", ");
}

function fieldOf({ message, path = [] }: SchemaIssue): FieldProblem {
  const keys = path.map((part) => typeof part === "object" ? part.key : part);
  const field = keys.map((key) => typeof key === "number" ? `[${key}]` : `.${String(key)}`).join("");
  const pointer = keys.map((key) => `/${escape(String(key))}`).join("");
  return { field: field.replace(/^\./, ""), pointer: `#${pointer}`, detail: message };
}

/** As RFC 6901 has it for a URI fragment; half a surrogate pair is no URI. */
function escape(key: string): string {
  return encodeURIComponent(key.toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1"));
}
