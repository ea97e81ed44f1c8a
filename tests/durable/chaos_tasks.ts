/** What the tasks of chaos.ts do; the same for producers and workers, but where a worker is said to be of another version. */
import { defineTask } from "@taskscope/taskscope/durable";
import { z } from "zod";

/** What a worker process says, one JSON a line, before it goes on. */
export type Line = { /** By the clock that all processes share. */ readonly at: number } & Said;

type Said =
  | { readonly type: "ready" }
  /** A function was called, and came to its end. */
  | { readonly type: "start" | "end"; readonly key: string; readonly attempt: number }
  /** An attempt failed, and another will follow. */
  | { readonly type: "retry"; readonly key: string; readonly attempt: number }
  /** The end is in the ledger. */
  | { readonly type: "ended"; readonly key: string; readonly id: string; readonly state: string }
  | { readonly type: "error"; readonly message: string };

export function say(said: Said): void {
  const line: Line = { at: performance.timeOrigin + performance.now(), ...said };
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  for (let written = 0; written < bytes.length;) written += Deno.stdout.writeSync(bytes.subarray(written));
}

const retries = { minTimeout: 20, maxTimeout: 200 };
const patient = { ...retries, maxAttempts: 25 };

export const quick = defineTask("quick", z.object({ ms: z.number() }), async (scope, { ms }) => {
  say({ type: "start", key: scope.key, attempt: scope.attempt });
  await scope.sleep(ms);
  say({ type: "end", key: scope.key, attempt: scope.attempt });
  return ms;
}, patient);

/** Fails at first, and then does not. */
export const flaky = defineTask("flaky", z.object({ failures: z.int() }), (scope, { failures }) => {
  say({ type: "start", key: scope.key, attempt: scope.attempt });
  if (scope.attempt <= failures) throw new Error(`attempt ${scope.attempt} fails`);
  say({ type: "end", key: scope.key, attempt: scope.attempt });
}, patient);

export const broken = defineTask("broken", z.object({}), (scope) => {
  say({ type: "start", key: scope.key, attempt: scope.attempt });
  throw new Error("never works");
}, { ...retries, maxAttempts: 2 });

/** Kills its worker, each time. */
export const poison = defineTask("poison", z.object({}), (scope) => {
  say({ type: "start", key: scope.key, attempt: scope.attempt });
  Deno.kill(Deno.pid, "SIGKILL");
}, { ...retries, maxAttempts: 2 });

/** Only producers know it. */
export const unknown = defineTask("unknown", z.object({}), () => {});

/** The worker's version wants more than the producer's. */
export const changed = defineTask("changed", z.object({}), () => {});
export const changedInWorkers = defineTask("changed", z.object({ added: z.string() }), () => {});
