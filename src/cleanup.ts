/**
 * Cleanup: what `defer` and `use` registered, run when a scope's children have ended, last in first out.
 *
 * @module
 */
import { AbandonedTasksError } from "./errors.ts";
import type { DeadlineHeap } from "./deadline.ts";
import { captureContext } from "./context.ts";
import type { ScopeNode } from "./scope_tree.ts";

/** Registers cleanup, to be run in the async context of the caller. */
export function addCleanup(node: ScopeNode, fn: () => unknown): void {
  const runner = captureContext();
  const extras = node.ensureExtras();
  (extras.deferred ??= []).push(
    runner === undefined ? fn : () => {
      let result: unknown;
      runner(() => result = fn());
      return result;
    },
  );
}

/**
 * Runs all cleanup of a node, also what is added meanwhile, each within `grace`. After each, what it spawned is awaited.
 *
 * @param grace In milliseconds.
 * @param fail Called with what a cleanup threw, and when one did not end in time.
 */
export async function cleanUp(node: ScopeNode, grace: number, fail: (error: unknown) => void): Promise<void> {
  const extras = node.ensureExtras();
  while (extras.deferred !== undefined) {
    const fn = extras.deferred.pop();
    if (extras.deferred.length === 0) extras.deferred = undefined;
    try {
      const result = fn?.();
      if (
        typeof (result as Partial<PromiseLike<unknown>> | undefined)?.then ===
          "function"
      ) {
        const ended = Promise.resolve(result).then(() => true);
        if (!await within(ended, grace, node.env.heap)) {
          ended.catch(fail); // a late failure is still told
          fail(tooLong(node, grace));
        }
      }
    } catch (error) {
      fail(error);
    }
    if (node.live > 0) await new Promise<void>((resolve) => (extras.idle ??= []).push(resolve));
  }
}

function within(work: Promise<boolean>, grace: number, heap: DeadlineHeap): Promise<boolean> {
  if (grace === Infinity) return work;
  return new Promise((resolve, reject) => {
    const entry = { at: Date.now() + grace, index: -1, due: () => resolve(false) };
    heap.add(entry);
    work.then(resolve, reject).finally(() => heap.remove(entry));
  });
}

function tooLong(node: ScopeNode, grace: number): AbandonedTasksError {
  const { name, path } = node;
  return new AbandonedTasksError(
    [{ name, path }],
    `A cleanup of "${path}" did not end within the grace of ${
      Math.round(grace)
    } ms and may still run. Raise grace, or ` +
      `bound what the cleanup waits for`,
    { cause: node.cancellation?.reason },
  );
}
