/**
 * What keeps the code alive: the port to the host.
 *
 * @module
 */
import type { ScopeTree } from "./observer.ts";
import { wrong } from "./validate.ts";

/**
 * The host, as far as detached work is concerned. Anything with `waitUntil` is a lifetime: `ctx` on Cloudflare,
 * `context` on Netlify, the event in a service worker.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type Lifetime, TaskScope } from "@taskscope/taskscope";
 *
 * const held: Promise<unknown>[] = [];
 * const lifetime: Lifetime = { waitUntil: (work) => void held.push(work) };
 * await TaskScope.run((scope) => void scope.spawnDetached(() => {}, { deadline: { seconds: 5 } }), { lifetime });
 * await Promise.all(held);
 * assertEquals(held.length, 1);
 * ```
 */
export interface Lifetime {
  /** Keeps the host alive until `work` has settled. Called with promises that always fulfill. */
  waitUntil(work: Promise<unknown>): unknown;
  /** The last moment detached work may run, if known. It may move; it is read again while tasks run. */
  readonly deadline?: Date | undefined;
  /** Aborts shortly before the host ends. */
  readonly closing?: AbortSignal | undefined;
  /** Where `deadline` comes from, for error messages. */
  readonly source?: string | undefined;
}

/**
 * @throws {TypeError} If `value` has no `waitUntil` function.
 */
export function assertLifetime(value: unknown, what: string): asserts value is Lifetime {
  const { waitUntil, deadline } = Object(value) as Partial<Lifetime>;
  if (typeof waitUntil !== "function") throw wrong(what, "lifetime needs a waitUntil function, as ctx has", value);
  if (deadline && !(deadline instanceof Date)) throw wrong(what, "the deadline of a lifetime must be a Date", deadline);
}

/** The end of a lifetime, in milliseconds since 1970; Infinity if it is not known. */
export function endOf(lifetime: Lifetime | undefined): number {
  const end = Number(lifetime?.deadline ?? Infinity);
  return isNaN(end) ? Infinity : end;
}

/** What a lifetime that lists and cancels its tasks is given of one. */
export interface OwnedTask {
  tree(): ScopeTree;
  cancel(reason: unknown): void;
}

/** Is told of a detached task, and returns what ends the ownership. */
export type Owner = (task: OwnedTask) => () => void;

/** The lifetimes that own their tasks. */
export const owners = new WeakMap<Lifetime, Owner>();
