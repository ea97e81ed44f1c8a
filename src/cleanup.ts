/**
 * Cleanup: what `defer` and `use` registered, run when a scope's children have ended, last in first out.
 *
 * @module
 */
import { AbandonedTasksError } from "./errors.ts";
import { captureContext } from "./context.ts";
import type { ScopeNode } from "./scope_node.ts";
import { isThenable } from "./validate.ts";

const SHIELD_POLL = 10; // how often a cleanup out of time looks whether its shield has ended

/** Registers cleanup, to be run in the async context of the caller. */
export function addCleanup(node: ScopeNode, fn: () => unknown): void {
  const runner = captureContext();
  const extras = node.ensureExtras();
  (extras.deferred ??= []).push(
    !runner ? fn : () => {
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
 * @param failLate Called with what a cleanup threw that did not end in time.
 * @param fail Called with what the others threw, and when one did not end in time.
 */
export async function cleanUp(
  node: ScopeNode,
  grace: number,
  failLate: (error: unknown) => void,
  fail: (error: unknown) => void,
): Promise<void> {
  const extras = node.ensureExtras();
  while (extras.deferred) {
    const fn = extras.deferred.pop() as () => unknown;
    if (extras.deferred.length === 0) extras.deferred = undefined;
    try {
      const result = fn();
      if (isThenable(result)) {
        const ended = Promise.resolve(result).then(() => true);
        if (!await within(ended, grace, node)) {
          ended.catch(failLate);
          fail(abandonedError(node, [node], " (its cleanup)"));
        }
      }
    } catch (error) {
      fail(error);
    }
    await untilIdle(node);
  }
}

/** Waits until no child is left. */
export async function untilIdle(node: ScopeNode): Promise<void> {
  while (node.live > 0) await new Promise<void>((resolve) => (node.ensureExtras().idle ??= []).push(resolve));
}

/** Whether the work ended within grace; a shield that it waits for outlasts grace. */
function within(work: Promise<boolean>, grace: number, node: ScopeNode): Promise<boolean> {
  const { heap } = node.env;
  return new Promise((resolve, reject) => {
    const due = () => {
      if (node.extras?.shields) entry = heap.add(Date.now() + Math.max(grace, SHIELD_POLL), due);
      else resolve(false);
    };
    let entry = heap.add(Date.now() + grace, due);
    work.then(resolve, reject).finally(() => heap.remove(entry));
  });
}

/** The error that names what still runs although grace has passed. */
export function abandonedError(origin: ScopeNode, overdue: readonly ScopeNode[], where = ""): AbandonedTasksError {
  const tasks = overdue.map(({ name, path }) => ({ name, path }));
  const names = tasks.slice(0, 9).map(({ path }) => `"${path}"${where}`).join(", ");
  const message = `${tasks.length} still running after grace: ${names}. Heed the signal, or raise grace`;
  return new AbandonedTasksError(tasks, message, { cause: origin.cancellation?.reason });
}
