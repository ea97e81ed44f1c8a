/**
 * Modules of the runtime, where it has them: never imported, so that the core runs anywhere.
 *
 * @module
 */

interface Host {
  readonly process?: { getBuiltinModule?(name: string): unknown };
}

/** A module of the runtime, or an empty object. */
export function builtin<M extends object>(name: string): Partial<M> {
  let found: unknown;
  try {
    found = (globalThis as Host).process?.getBuiltinModule?.(name);
  } catch {
    // In workerd's service workers, to look at `process` is an internal error.
  }
  return found ?? {};
}
