/**
 * Assertions and fixtures of the conformance suite: standard JavaScript and nothing of a runtime, so that a case runs
 * unchanged on every one of them.
 */
import { assert, assertEquals, AssertionError, fail } from "@std/assert";
import type { Counters, Lifetime, Observer, Outcome, ScopeState, TaskInfo } from "@taskscope/taskscope";
import type { Case } from "./case.ts";

export {
  assert,
  assertEquals,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  assertLess,
  assertLessOrEqual,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  fail,
} from "@std/assert";

interface Counted {
  readonly counters: Counters;
  readonly state: ScopeState;
}

/** Remembers a scope, whose counters have to add up when the case is over (G12). */
export type Watch = <S extends Counted>(scope: S) => S;

/** A case after which every scope it watched is checked for conservation (G12). */
export function test(name: string, run: (watch: Watch) => void | Promise<void>): Case {
  return {
    name,
    async run() {
      const watched = new Set<Counted>();
      await run((scope) => {
        watched.add(scope);
        return scope;
      });
      for (const scope of watched) {
        assertConserved(scope.counters);
        if (scope.state === "closed") assertEquals(scope.counters.running + scope.counters.queued, 0);
      }
    },
  };
}

/** spawned = succeeded + failed + canceled + abandoned + running + queued (G12). */
export function assertConserved(counters: Counters): void {
  const { spawned, succeeded, failed, canceled, abandoned, running, queued } = counters;
  assertEquals(spawned, succeeded + failed + canceled + abandoned + running + queued, JSON.stringify(counters));
  for (const [name, count] of Object.entries(counters)) assert(count >= 0, `${name} is ${count}`);
}

/** What a promise rejects with, for a check of its identity. */
export async function rejection(promise: PromiseLike<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    if (error instanceof AssertionError) throw error; // a check in the body that failed is not what was expected
    return error;
  }
  fail(`Expected a rejection, got the value ${String(value)}`);
}

/** Whether a promise has settled by now, give or take a few microtasks. */
export async function isSettled(promise: PromiseLike<unknown>): Promise<boolean> {
  let settled = false;
  const note = () => void (settled = true);
  promise.then(note, note);
  await ticks();
  return settled;
}

/** Lets what is ready run: many microtasks, no timer. */
export async function ticks(count = 50): Promise<void> {
  for (let i = 0; i < count; i++) await undefined;
}

/** A turn of the event loop, after which runtimes report unhandled rejections. */
export function turn(ms = 0): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * Blocks the thread until the clock has moved on.
 *
 * @returns Whether it has; on Cloudflare the clock may stand still while code runs.
 */
export function block(ms: number): boolean {
  const end = Date.now() + ms;
  for (let i = 0; i < 5_000_000; i++) if (Date.now() >= end) return true;
  return false;
}

/** A lifetime in the hands of the case. Its `waitUntil` needs its object, as `ctx.waitUntil` does. */
export class FakeLifetime implements Lifetime {
  readonly held: Promise<unknown>[] = [];
  deadline: Date | undefined;
  readonly closing: AbortSignal | undefined;
  readonly source: string | undefined;

  constructor(limits: { deadline?: Date; closing?: AbortSignal; source?: string } = {}) {
    this.deadline = limits.deadline;
    this.closing = limits.closing;
    this.source = limits.source;
  }

  waitUntil(work: Promise<unknown>): void {
    this.held.push(work);
  }

  /** Fulfills when all that was handed over has; a rejection fails the case. */
  async ended(): Promise<void> {
    await Promise.all(this.held);
  }
}

/** An observer that writes everything down. */
export class Recorder implements Observer {
  /** One line an event: `hook name detail`. */
  readonly events: string[] = [];
  readonly errors: { error: unknown; name: string; phase: string }[] = [];
  readonly canceled: { path: string; reason: unknown; kind: string; origin: string }[] = [];
  readonly abandoned: { name: string; error: Error }[] = [];
  readonly settled: { name: string; outcome: Outcome<unknown> }[] = [];

  onSpawn({ name }: TaskInfo): void {
    this.events.push(`spawn ${name}`);
  }

  onStart({ name }: TaskInfo): void {
    this.events.push(`start ${name}`);
  }

  onSettle({ name }: TaskInfo, outcome: Outcome<unknown>): void {
    this.events.push(`settle ${name} ${outcome.state}`);
    this.settled.push({ name, outcome });
  }

  onCancel(...[{ name, path }, reason, { kind, origin }]: Parameters<NonNullable<Observer["onCancel"]>>): void {
    this.events.push(`cancel ${name} ${kind}`);
    this.canceled.push({ path, reason, kind, origin });
  }

  onAbandon({ name }: TaskInfo, error: Error): void {
    this.events.push(`abandon ${name}`);
    this.abandoned.push({ name, error });
  }

  onError(...[error, { task: { name }, phase }]: Parameters<NonNullable<Observer["onError"]>>): void {
    this.events.push(`error ${name} ${phase}`);
    this.errors.push({ error, name, phase });
  }

  /** The events whose line starts with a word. */
  of(hook: string): string[] {
    return this.events.filter((line) => line.startsWith(`${hook} `));
  }
}

/** Collects what is written with `console.error`. */
export async function consoleErrors(run: () => void | Promise<void>): Promise<unknown[][]> {
  const lines: unknown[][] = [];
  const { error } = console;
  console.error = (...line: unknown[]) => void lines.push(line);
  try {
    await run();
  } finally {
    console.error = error;
  }
  return lines;
}

interface Storage {
  run<R>(store: string, fn: () => R): R;
  getStore(): string | undefined;
}

interface Process {
  getBuiltinModule?(name: string): { AsyncLocalStorage?: new () => Storage } | undefined;
  listeners?(event: string): ((error: Error) => void)[];
  on?(event: string, listener: (error: Error) => void): void;
  off?(event: string, listener: (error: Error) => void): void;
}

const host = globalThis as {
  readonly process?: Process;
  readonly navigator?: { readonly userAgent?: string };
};

/** Whether this is Cloudflare's runtime, which has no lifetime of its own. */
export const isWorkerd = host.navigator?.userAgent === "Cloudflare-Workers";

/** An AsyncLocalStorage, or `undefined` where the runtime has none: such a case then has nothing to show. */
export function storage(): Storage | undefined {
  const Local = host.process?.getBuiltinModule?.("node:async_hooks")?.AsyncLocalStorage;
  return Local === undefined ? undefined : new Local();
}

/** Collects the warnings of Node and Bun, `MaxListenersExceededWarning` among them. */
export async function warnings(run: () => Promise<void>): Promise<string[]> {
  const names: string[] = [];
  const note = ({ name }: Error) => void names.push(name);
  host.process?.on?.("warning", note);
  try {
    await run();
    await turn();
  } finally {
    host.process?.off?.("warning", note);
  }
  return names;
}

/** Swallows the errors that reach nobody, which event listeners throw; without it they would end the process. */
export async function strayErrors(run: () => void | Promise<void>): Promise<void> {
  const event = "uncaughtException";
  const prevent = (event: Event) => event.preventDefault();
  const ignore = () => {};
  const harness = host.process?.listeners?.(event) ?? [];
  for (const listener of harness) host.process?.off?.(event, listener);
  host.process?.on?.(event, ignore);
  globalThis.addEventListener?.("error", prevent);
  try {
    await run();
    await turn(5);
  } finally {
    globalThis.removeEventListener?.("error", prevent);
    host.process?.off?.(event, ignore);
    for (const listener of harness) host.process?.on?.(event, listener);
  }
}
