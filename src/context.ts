/**
 * Values that belong to a scope: typed keys, the immutable map behind `scope.get`, and the async context of the place
 * of a spawn.
 *
 * @module
 */
import { builtin } from "./builtin.ts";
import { wrong } from "./validate.ts";

/**
 * A value bound to a key; made by `with` of a {@linkcode ContextKey}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type ContextBinding, contextKey } from "@taskscope/taskscope";
 *
 * const binding: ContextBinding = contextKey<string>("trace-id").with("abc");
 * assertEquals([binding.key.name, binding.value], ["trace-id", "abc"]);
 * ```
 */
export class ContextBinding {
  /** The key. */
  readonly key: ContextKey<unknown>;
  /** The value. */
  readonly value: unknown;

  /**
   * Use `with` of a {@linkcode ContextKey}.
   *
   * @param key The key.
   * @param value The value.
   */
  constructor(key: ContextKey<unknown>, value: unknown) {
    this.key = key;
    this.value = value;
  }
}

/**
 * A typed key for values that scopes hand down; made by {@linkcode contextKey}.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { contextKey, TaskScope } from "@taskscope/taskscope";
 *
 * const Locale = contextKey<string>("locale");
 * const seen = await TaskScope.run((scope) => scope.get(Locale), { context: [Locale.with("eo")] });
 * assertEquals(seen, "eo");
 * ```
 */
export class ContextKey<T> {
  /** What people see; two keys of one name are still two keys. */
  readonly name: string;

  /**
   * Use {@linkcode contextKey}.
   *
   * @param name What people see.
   */
  constructor(name: string) {
    this.name = name;
  }

  /**
   * Binds a value to this key, for the `context` option of a scope or a task.
   *
   * @param value The value.
   * @returns The binding.
   */
  with(value: T): ContextBinding {
    return new ContextBinding(this as ContextKey<unknown>, value);
  }
}

/**
 * Makes a key for values that belong to a scope and everything below it: children, shields and detached tasks.
 *
 * Needs no AsyncLocalStorage, so it works on every runtime. Keys are told apart by identity, names are for people.
 *
 * @param name What people see.
 * @returns A new key.
 * @throws {TypeError} If `name` is not a non-empty string.
 *
 * @example A trace id that a detached task keeps
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { contextKey, TaskScope } from "@taskscope/taskscope";
 *
 * const TraceId = contextKey<string>("trace-id");
 *
 * const seen = await TaskScope.run(
 *   (scope) => scope.spawnDetached((task) => task.get(TraceId), { deadline: { seconds: 5 } }),
 *   { context: [TraceId.with("abc")] },
 * );
 * assertEquals(seen, "abc");
 * ```
 */
export function contextKey<T>(name: string): ContextKey<T> {
  if (typeof name !== "string" || name === "") {
    throw wrong("Cannot make a context key", "a name must be a non-empty string", name);
  }
  return new ContextKey<T>(name);
}

/** An immutable chain of bindings, one for a key. */
export interface Values {
  readonly binding: ContextBinding;
  readonly outer: Values | undefined;
}

/** Adds bindings; a later one of a key counts over an earlier one. */
export function extendValues(
  outer: Values | undefined,
  bindings: readonly ContextBinding[],
  what: string,
): Values | undefined {
  if (!Array.isArray(bindings)) throw wrong(what, "context must be an array such as [key.with(value)]", bindings);
  let values = outer;
  for (const binding of bindings) {
    if (!(binding instanceof ContextBinding)) {
      throw wrong(what, "context must be an array such as [key.with(value)]", binding);
    }
    values = { binding, outer: without(values, binding.key) };
  }
  return values;
}

/** A detached task may spawn the next one for ever: what nobody can read any more must not pile up (G13). */
function without(values: Values | undefined, key: ContextKey<unknown>): Values | undefined {
  if (!values || values.binding.key === key) return values?.outer;
  const outer = without(values.outer, key);
  return outer === values.outer ? values : { binding: values.binding, outer };
}

/** The value of a key, or `undefined`. */
export function lookUp<T>(values: Values | undefined, key: ContextKey<T>): T | undefined {
  if (!(key instanceof ContextKey)) {
    throw wrong("Cannot get a context value", "a key of contextKey() is needed", key);
  }
  for (let at = values; at !== undefined; at = at.outer) {
    if (at.binding.key === key) return at.binding.value as T;
  }
  return undefined;
}

/** Runs a function in the async context of another place. */
export type ContextRunner = (fn: () => void) => void;

interface AsyncHooks {
  // Costs 20 ns on Node, where AsyncLocalStorage.snapshot() costs 2 µs; about as much as that on the others.
  readonly AsyncResource?: new (type: string) => { runInAsyncScope(fn: () => void): void };
}

let hooks: Partial<AsyncHooks> | undefined;

/**
 * Captures the async context (AsyncLocalStorage) of this place, without switching AsyncLocalStorage on.
 *
 * @returns What runs a function in it, or `undefined` where the runtime has no async context.
 */
export function captureContext(): ContextRunner | undefined {
  const { AsyncResource } = hooks ??= builtin<AsyncHooks>("node:async_hooks");
  const resource = AsyncResource && new AsyncResource("TaskScope");
  return resource && ((fn) => resource.runInAsyncScope(fn));
}

/** Runs a function in a captured async context, if there is one. */
export function runIn(runner: ContextRunner | undefined, fn: () => void): void {
  if (runner) runner(fn);
  else fn();
}
