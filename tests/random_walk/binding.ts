import type { Thrown } from "./model/thrown.ts";

interface Seen {
  readonly name?: unknown;
  readonly kind?: unknown;
  readonly origin?: unknown;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
  readonly tasks?: readonly { readonly path: string }[];
}

const NAMES: Readonly<Record<string, string>> = { CancelReason: "AbortError", DeadlineExceededError: "TimeoutError" };

/** Says which object of the library is which of the model: one to one, and the same each time it is seen (G7). */
export class Binding {
  readonly #real = new Map<Thrown, unknown>();
  readonly #thrown = new Map<unknown, Thrown>();

  /** In which way a real error or reason is not what the model expects; `undefined` if it is. */
  mismatch(expected: Thrown, real: unknown): string | undefined {
    if (expected.is === "given") {
      return Object.is(expected.value, real) ? undefined : `expected ${String(expected.value)}, got ${String(real)}`;
    }
    if (this.#real.has(expected)) {
      return this.#real.get(expected) === real ? undefined : `another object than before: ${String(real)}`;
    }
    const problem = this.#differs(expected, real);
    if (problem) return problem;
    if (this.#thrown.has(real) && expected.is !== "ScopeError") return `the same object as for something else: ${real}`;
    this.#real.set(expected, real);
    this.#thrown.set(real, expected);
    return undefined;
  }

  #differs(expected: Thrown, real: unknown): string | undefined {
    const { name, kind, origin, cause, errors = [], tasks = [] } = Object(real) as Seen;
    const { is } = expected;
    if (name !== (NAMES[is] ?? is)) return `expected a ${is}, got ${String(real)}`;
    if (kind !== expected.kind || origin !== expected.origin) {
      return `expected kind ${expected.kind} of ${expected.origin}, got ${kind} of ${origin}`;
    }
    const paths = tasks.map(({ path }) => path).join();
    if (paths !== (expected.tasks ?? []).join()) return `expected the tasks ${expected.tasks}, got ${paths}`;
    if (errors.length !== (expected.errors ?? []).length) {
      return `expected ${expected.errors?.length} errors, got ${errors.length}`;
    }
    for (const [index, error] of (expected.errors ?? []).entries()) {
      const problem = this.mismatch(error, errors[index]);
      if (problem) return `errors[${index}]: ${problem}`;
    }
    const problem = expected.cause && this.mismatch(expected.cause, cause);
    return problem && `cause: ${problem}`;
  }
}
