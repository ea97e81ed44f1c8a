import type { Case } from "./case.ts";

interface ProcessLike {
  on?(event: string, listener: (error: unknown) => void): void;
}

const CASE_MILLISECONDS = 30_000;

/** Errors that reached nobody; the case that ran when they surfaced is blamed for them. */
const stray = new Set<unknown>();

/** Keeps an error that reaches nobody from ending the whole run; to be called once, before the first case. */
export function watchStrayErrors(): void {
  const { process } = globalThis as { process?: ProcessLike };
  process?.on?.("unhandledRejection", (error) => void stray.add(error));
  process?.on?.("uncaughtException", (error) => void stray.add(error));
  globalThis.addEventListener?.("unhandledrejection", (event) => {
    event.preventDefault();
    stray.add(event.reason);
  });
}

/** Runs one case, for a time at most, and returns everything that went wrong. */
export async function runCase({ run }: Case, limit = CASE_MILLISECONDS): Promise<unknown[]> {
  const errors: unknown[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Not done after ${limit} ms`)),
      limit,
    );
  });
  try {
    await Promise.race([run(), late]);
  } catch (error) {
    errors.push(error);
  } finally {
    clearTimeout(timer);
  }
  // Runtimes report an unhandled rejection at the end of the turn.
  await new Promise((resolve) => setTimeout(resolve, 0));
  for (const cause of stray) {
    errors.push(new Error("An error reached nobody", { cause }));
  }
  stray.clear();
  return errors;
}
