/**
 * The scope of the request that this code works for, found through AsyncLocalStorage.
 *
 * @module
 */
import { type AsyncStorage, asyncStorage } from "../async_storage.ts";
import type { TaskScope } from "../task_scope.ts";

let storage: AsyncStorage<TaskScope> | undefined; // one for the process, made when the option is first used

/**
 * Switches AsyncLocalStorage on.
 *
 * @throws {TypeError} If there is none here.
 */
export function assertAsyncContext(what: string): void {
  storage ??= asyncStorage();
  if (!storage) throw new TypeError(`${what}: currentScope needs AsyncLocalStorage, which is not here`);
}

/** Calls a function that finds the scope as `currentScope()`. */
export function enterScope<T>(scope: TaskScope, fn: () => T): T {
  return storage ? storage.run(scope, fn) : fn();
}

/**
 * The scope of the request that this code works for, where `scoped` has the option `currentScope: true`.
 *
 * In a task it is still the request's own scope, not the task's.
 *
 * @returns The scope, or `undefined` outside of a request and without the option.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { currentScope, scoped } from "@taskscope/taskscope/http";
 *
 * const log = (text: string) => `${currentScope()?.name}: ${text}`;
 * const handler = scoped(() => new Response(log("hello")), { currentScope: true });
 *
 * assertEquals(await (await handler(new Request("http://localhost/"))).text(), "GET /: hello");
 * ```
 */
export function currentScope(): TaskScope | undefined {
  return storage?.getStore();
}
