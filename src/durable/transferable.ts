/**
 * Context values that go along with a task that is handed off: those that were declared so, and no others.
 *
 * @module
 */
import { type ContextBinding, ContextKey } from "../context.ts";
import { fieldsOf, isSchema, type StandardSchema } from "../http/operations/standard_schema.ts";
import type { TaskScope } from "../task_scope.ts";
import { assertOptions, assertText, isThenable, wrong } from "../validate.ts";
import { InputError } from "./refusals.ts";
import { toJson } from "./serializable.ts";

/** Options of {@linkcode transferable}. */
export interface TransferableOptions<T> {
  /**
   * Under which name the value goes; the same on both sides.
   *
   * @default the name of the key
   */
  readonly name?: string | undefined;
  /** What checks the value on both sides; it must not be asynchronous. */
  readonly schema?: StandardSchema<T> | undefined;
}

/** A context key whose value goes along; made by {@linkcode transferable}. */
export interface Transferable {
  /** Under which name the value goes. */
  readonly name: string;
  /** The key. */
  readonly key: ContextKey<unknown>;
  /** What checks the value. */
  readonly schema: StandardSchema<unknown> | undefined;
}

/**
 * Declares that the value of a context key goes along with tasks that are handed off.
 *
 * Nothing else goes: a context has loggers, connections and secrets.
 *
 * @param key The key; its value must be plain JSON.
 * @param options See {@linkcode TransferableOptions}.
 * @returns What the `context` option of `defineTask`, `handoffTo` and `worker` takes.
 * @throws {TypeError} If `key` is not one of `contextKey`, or an option is unknown or of the wrong type.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { contextKey } from "@taskscope/taskscope";
 * import { transferable } from "@taskscope/taskscope/durable";
 * import { z } from "zod";
 *
 * const Tenant = contextKey<string>("tenant");
 * assertEquals(transferable(Tenant, { schema: z.string().max(80) }).name, "tenant");
 * ```
 */
export function transferable<T>(key: ContextKey<T>, options: TransferableOptions<T> = {}): Transferable {
  const what = "Cannot declare a context value transferable";
  if (!(key instanceof ContextKey)) throw wrong(what, "a key of contextKey() is needed", key);
  assertOptions(options, ["name", "schema"], what);
  assertText(options.name, "name", what);
  if (options.schema) assertSchema(options.schema, what);
  return { name: options.name ?? key.name, key: key as ContextKey<unknown>, schema: options.schema };
}

/**
 * @throws {TypeError} If it is not an array of what `transferable` makes, or two have one name.
 */
export function assertTransferables(list: unknown, what: string): asserts list is readonly Transferable[] {
  if (!Array.isArray(list)) throw wrong(what, "context must be an array such as [transferable(key)]", list);
  const names = new Set<unknown>();
  for (const each of list) {
    const { name, key } = Object(each) as Partial<Transferable>;
    if (!(key instanceof ContextKey)) throw wrong(what, "context must be an array such as [transferable(key)]", each);
    if (names.has(name)) throw wrong(what, "each transferable context value needs a name of its own", name);
    names.add(name);
  }
}

/**
 * @throws {TypeError} If it does not follow Standard Schema.
 */
export function assertSchema(schema: unknown, what: string): void {
  if (isSchema(schema)) return;
  throw wrong(what, 'a Standard Schema is needed, with "~standard"', schema);
}

/** Tells the value of a key, or `undefined`. */
export type ValueGetter = <T>(key: ContextKey<T>) => T | undefined;

/** The values that a task of this scope finds there. */
export function valuesIn(scope: TaskScope, given: readonly ContextBinding[] = []): ValueGetter {
  return <T>(key: ContextKey<T>) => {
    const binding = given.findLast((each) => each.key === key as ContextKey<unknown>);
    return binding ? binding.value as T : scope.get(key);
  };
}

/**
 * The values that go along, by name.
 *
 * @throws {TypeError} If one is not plain JSON, or its schema refuses it.
 */
export function valuesOf(get: ValueGetter, list: readonly Transferable[], what: string): Record<string, unknown> {
  const values: Record<string, unknown> = Object.create(null);
  for (const { name, key, schema } of list) {
    const value = get(key);
    if (value === undefined) continue;
    const copy = JSON.parse(toJson(value, `context.${name}`, what));
    const refusal = refusalOf(schema, copy);
    if (refusal !== undefined) throw new TypeError(`${what}: context.${name}: ${refusal}`);
    values[name] = copy;
  }
  return values;
}

/**
 * Binds the values that came along; what is not declared here is left out.
 *
 * @throws {InputError} If the schema of one refuses it.
 */
export function bindingsOf(values: Record<string, unknown>, list: readonly Transferable[]): ContextBinding[] {
  return list.filter(({ name }) => Object.hasOwn(values, name)).map(({ name, key, schema }) => {
    const { value, refusal } = check(schema, values[name]);
    if (refusal !== undefined) throw new InputError(`context.${name}: ${refusal}`);
    return key.with(value);
  });
}

function refusalOf(schema: Transferable["schema"], value: unknown): string | undefined {
  return check(schema, value).refusal;
}

function check(schema: Transferable["schema"], value: unknown): { value?: unknown; refusal?: string } {
  const checked = schema?.["~standard"].validate(value) ?? { value };
  if (isThenable(checked)) {
    Promise.resolve(checked).catch(() => {}); // one that rejects must not end the process
    return { refusal: "its schema is asynchronous" };
  }
  if (!checked.issues) return { value: checked.value };
  const [first] = fieldsOf(checked.issues);
  return { refusal: first?.detail ?? "its schema refuses it" };
}
