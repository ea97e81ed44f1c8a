/** Scopes in the place of `AbortSignal.any`, for the cases after Web Platform Tests. */
import { TaskScope } from "@taskscope/taskscope";
import type { Watch } from "./assert.ts";

/** As `AbortSignal.any`: the signal of a scope that takes the given ones. */
export type Fold = (signals: readonly AbortSignal[]) => AbortSignal;

/** Runs something with scopes, which are closed at the end. */
export async function withFolds(watch: Watch, run: (fold: Fold) => void | Promise<void>): Promise<void> {
  const scopes: TaskScope[] = [];
  try {
    await run((signal) => {
      const scope = watch(new TaskScope({ signal }));
      scopes.push(scope);
      return scope.signal;
    });
  } finally {
    for (const scope of scopes) await scope.close();
  }
}

export function controllers(count: number): AbortController[] {
  return Array.from({ length: count }, () => new AbortController());
}
