/**
 * Telling an observer: in the right async context, and without ever disturbing the work.
 *
 * @module
 */
import { captureContext } from "./context.ts";
import * as Flag from "./flags.ts";
import type { Observer, TaskInfo } from "./observer.ts";
import type { ScopeNode } from "./scope_node.ts";
import { isThenable } from "./validate.ts";

/** Keeps the async context of this place for a node's observer, if there is one. */
export function keepContext(node: ScopeNode): void {
  if (node.env.observer) node.ensureExtras().runner = captureContext();
}

const reported = new WeakSet<Observer>();

/**
 * Calls a hook of a node's observer, in the async context of the place where the node was spawned.
 *
 * @returns Whether there is such a hook.
 */
export function tell<K extends keyof Observer>(
  node: ScopeNode,
  hook: K,
  ...args: Parameters<NonNullable<Observer[K]>>
): boolean {
  const { observer } = node.env;
  const fn = observer?.[hook] as ((...args: unknown[]) => unknown) | undefined;
  if (!observer || !fn) return false;
  const failed = (error: unknown) => {
    if (reported.has(observer)) return;
    reported.add(observer);
    console.error(`TaskScope: the observer's ${hook} threw (told once):`, error);
  };
  const call = () => {
    try {
      const result = fn.apply(observer, args);
      if (isThenable(result)) result.then(undefined, failed); // an async hook must not end the process
    } catch (error) {
      failed(error);
    }
  };
  const runner = node.extras?.runner;
  if (!runner) call();
  else runner(call);
  return true;
}

/** What an observer is given of a node: its task, or what a root would say if it were one. */
export function infoOf(node: ScopeNode): TaskInfo {
  const { name, path, taskState: state } = node;
  return node.task ?? { name, path, state, late: node.is(Flag.LATE), detached: false };
}
