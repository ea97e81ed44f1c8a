/** How mistakes are refused. */
import { assert, assertInstanceOf } from "./assert.ts";

/** What a call throws, if it does. */
export function thrown(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}

/** Checks that a mistake is refused with an error of this kind that names what was wrong. */
export function check(error: unknown, kind: typeof TypeError | typeof RangeError, names: string): void {
  assertInstanceOf(error, kind);
  assert(error.message.includes(names), `"${error.message}" does not name ${names}`);
}
