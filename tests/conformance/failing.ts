/** Functions that fail. */
import type { TaskScope } from "@taskscope/taskscope";

export function throwing(error: unknown) {
  return () => {
    throw error;
  };
}

/** Waits for the abort, then fails with an error of its own. */
export function failWhenCanceled(error: unknown) {
  return ({ signal }: TaskScope) =>
    new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(error)));
}
