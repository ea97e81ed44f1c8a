/**
 * The JSON Schema of what `scope.tree()` returns.
 *
 * @module
 */

/** What {@linkcode treeSchema} is: a type and no interface, so that validators take it as any object. */
export type TreeSchema = {
  /** The draft of JSON Schema. */
  readonly $schema: string;
  /** A name of its own; it ends with the version. */
  readonly $id: string;
  /** What people should read. */
  readonly title: string;
  /** A tree is an object. */
  readonly type: "object";
  /** What every tree has. */
  readonly required: readonly string[];
  /** The schemas of what is in a tree, by name. */
  readonly properties: Readonly<Record<string, object>>;
};

/**
 * The schema, of draft 2020-12, of the JSON that `scope.tree()` returns, for programs that read it elsewhere. Later
 * versions may add properties, but neither drop one nor change what it means.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { treeSchema } from "@taskscope/taskscope/inspect";
 *
 * assertEquals(treeSchema.required, ["name", "path", "state", "age", "remaining", "children"]);
 * ```
 */
export const treeSchema: TreeSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $id: "urn:taskscope:scope-tree:1",
  title: "The live tree of a scope",
  type: "object",
  required: ["name", "path", "state", "age", "remaining", "children"],
  properties: {
    name: { type: "string", minLength: 1, description: "The name of the scope or task" },
    path: { type: "string", minLength: 1, description: "Its names from the root scope down, joined by /" },
    state: {
      enum: ["queued", "running", "succeeded", "failed", "canceled", "abandoned", "open", "canceling", "closed"],
      description: "The state of a task, or of a scope that is no task: open, canceling, closed",
    },
    age: { type: "number", minimum: 0, description: "How long ago it was made, in milliseconds" },
    remaining: {
      type: ["number", "null"],
      minimum: 0,
      description: "The time left until its deadline, in milliseconds; null without one",
    },
    reason: {
      type: "object",
      description: "Why it was canceled, if it was",
      required: ["kind", "origin", "message"],
      properties: {
        kind: {
          enum: [
            "canceled",
            "deadline",
            "sibling-failed",
            "body-failed",
            "closed",
            "disconnected",
            "shutdown",
            "lifetime",
          ],
          description: "Who or what began the cancellation",
        },
        origin: { type: "string", description: "The path of the scope in which it began" },
        message: { type: "string", description: "What a person should read" },
      },
    },
    note: { type: "string", description: "What else people should know of it" },
    detached: { const: true, description: "Whether it is a detached task" },
    shield: { const: true, description: "Whether it is a shield" },
    children: { type: "array", items: { $ref: "#" }, description: "The tasks that have not ended" },
  },
};
