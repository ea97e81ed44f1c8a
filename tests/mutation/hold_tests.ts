/**
 * What a program with mutants needs before anything else: the choice of the mutant, and a `Deno.test` that keeps its
 * tests for the suite.
 */
import type { Case } from "../conformance/case.ts";

/** The tests that were defined, in their order; those with steps start processes, to which mutants do not reach. */
export const held: Case[] = [];

/** The number of the mutant, none if 0, and which cases it is tried with: their indices and time limits. */
export const { mutant, trials }: { mutant: number; trials?: [index: number, limit: number][] } = JSON.parse(
  Deno.args[0] ?? '{"mutant":0}',
);

/** The mutants met since it was last cleared. */
export const met = new Set<number>();

Object.assign(globalThis, {
  isMutant(id: number): boolean {
    met.add(id);
    return id === mutant;
  },
});

Object.assign(Deno, {
  test(name: string | object, run?: (context?: unknown) => void | Promise<void>) {
    if (typeof name === "string" && run?.length === 0) held.push({ name, run: () => run() });
  },
});

/** The timers that are set, as the sanitizers of `deno test` see them. */
export const timers = new Set<unknown>();

const { setTimeout, clearTimeout } = globalThis;

Object.assign(globalThis, {
  setTimeout(run: (...args: unknown[]) => void, delay?: number, ...args: unknown[]): unknown {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run(...args);
    }, delay);
    timers.add(timer);
    return timer;
  },
  clearTimeout(timer?: number): void {
    timers.delete(timer);
    clearTimeout(timer);
  },
});
