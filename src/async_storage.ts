/**
 * `AsyncLocalStorage` where the runtime has it, without importing a module that others lack.
 *
 * @module
 */
import { builtin } from "./builtin.ts";

/** As much of it as is used here. */
export interface AsyncStorage<T> {
  getStore(): T | undefined;
  run<R>(value: T, fn: () => R): R;
}

interface AsyncHooks {
  readonly AsyncLocalStorage: new () => AsyncStorage<never>;
}

/** A storage of its own; `undefined` on a runtime that has none. */
export function asyncStorage<T>(): AsyncStorage<T> | undefined {
  const { AsyncLocalStorage } = builtin<AsyncHooks>("node:async_hooks");
  return AsyncLocalStorage && new AsyncLocalStorage() as AsyncStorage<T>;
}
