/**
 * What a durable task is given besides its scope and input: who it is, and steps that are done once.
 *
 * @module
 */
import { callChild, type TaskFunction, type TaskScope } from "../task_scope.ts";
import { assertFunction, assertText } from "../validate.ts";
import type { Records } from "./engine.ts";
import { claimKey, stepKey } from "./records.ts";
import { toJson } from "./serializable.ts";
import { StepClaim } from "./step_claim.ts";

/** One attempt of a durable task, as its function sees it. See {@linkcode defineTask}. */
export interface TaskRun {
  /** The idempotency key: the same in all attempts, wherever they run. */
  readonly key: string;
  /** The number of this attempt, from 1. A worker counts deliveries. */
  readonly attempt: number;
  /**
   * Does a step whose effect should not be repeated by the next attempt, and gives its value, here and in later attempts.
   *
   * **Guarantees.** Once `fn` has returned and its value, plain JSON, is in the records of the engine, it is not called
   * again under this key. It is called again if it throws, and if its process dies after its effect and before the value is
   * written: give its target `run.key` where that must not be. While another attempt is at the same step, this one waits
   * for it; if that attempt is not heard of for a lease, it takes over, and of two values the first one written counts for
   * both. A task that runs here and not in a worker keeps the values in memory, as no other process ever runs it.
   *
   * @param key The step, up to 100 characters; each step of a task has its own.
   * @param fn Receives a scope of its own.
   * @returns The value, as JSON gives it back.
   * @throws What `fn` throws.
   * @throws {TypeError} If the value is not plain JSON.
   */
  once<T>(key: string, fn: TaskFunction<T>): Promise<T>;
  /**
   * Tells how far it is, if it is an operation; otherwise nobody hears it.
   *
   * @param fraction From 0 to 1.
   * @param message What it does now.
   */
  progress(fraction: number, message?: string): void;
}

/** The scope of a durable task: any `TaskScope`, and what is known of this attempt, a {@linkcode TaskRun}. */
export type TaskRunScope = TaskScope & TaskRun;

/** Where the values of steps are kept. */
export interface StepStore {
  readonly records: Records;
  /** For how long an attempt may be silent before another takes over, in milliseconds. */
  readonly lease: number;
  /** How long a value is kept, in milliseconds. */
  readonly keep: number;
  /** How often it looks whether another attempt is done with a step, in milliseconds. */
  readonly poll: number;
}

interface Step {
  readonly text: string | undefined; // JSON; undefined for undefined
}

const LONGEST_STEP = 100;
const FIRST_RETRY = 100;
const LAST_RETRY = 5_000;

/** Makes runs of one task: in memory its steps are shared by all attempts. */
export class Steps {
  readonly #key: string;
  readonly #name: string;
  readonly #store: StepStore | (() => never) | undefined;
  readonly #known = new Map<string, Promise<Step>>();

  /**
   * @param store Where the values are kept; `undefined` keeps them in memory, a function throws why there is no place.
   */
  constructor(key: string, name: string, store: StepStore | (() => never) | undefined) {
    this.#key = key;
    this.#name = name;
    this.#store = store;
  }

  /** What the function of an attempt is given: its scope, with the run in it. */
  scopeOf(scope: TaskScope, attempt: number, progress: TaskRun["progress"] = () => {}): TaskRunScope {
    const once: TaskRun["once"] = (key, fn) => this.#once(scope, key, fn);
    return Object.assign(scope, { key: this.#key, attempt, once, progress });
  }

  async #once<T>(scope: TaskScope, key: string, fn: TaskFunction<T>): Promise<T> {
    const what = `Cannot do a step of "${this.#name}"`;
    assertText(key, "key", what);
    if (typeof key !== "string" || key.length > LONGEST_STEP) {
      throw new TypeError(`${what}: a key of 1 to ${LONGEST_STEP} characters is needed`);
    }
    assertFunction(fn, what);
    for (;;) {
      let step = this.#known.get(key);
      const isOwn = !step;
      if (!step) {
        step = this.#step(scope, key, fn, what);
        this.#known.set(key, step);
        step.catch(() => this.#known.delete(key)); // the next attempt does it again
      }
      try {
        const { text } = await scope.abortable(step);
        return (text === undefined ? undefined : JSON.parse(text)) as T;
      } catch (error) {
        if (isOwn || scope.signal.aborted) throw error;
      }
    }
  }

  async #step<T>(scope: TaskScope, key: string, fn: TaskFunction<T>, what: string): Promise<Step> {
    const call = async () => {
      const value = await callChild(scope, fn, `once ${key}`, what);
      return { text: value === undefined ? undefined : toJson(value, `the value of "${key}"`, what) };
    };
    const store = this.#store;
    if (!store) return await call();
    if (typeof store === "function") return store();
    const { records, poll } = store;
    const at = stepKey(this.#key, key);
    const claim = new StepClaim(store, claimKey(this.#key, key));
    for (;;) {
      const known = await read(records, at);
      if (known) return known;
      if (await claim.take()) break;
      await scope.sleep(poll); // another attempt is at it
    }
    try {
      const known = await read(records, at); // done between the look and the claim
      return known ?? await claim.whileHeld(scope, async () => await write(scope, store, at, await call()));
    } finally {
      await claim.release().catch(() => {}); // then its time runs out
    }
  }
}

async function read(records: Records, at: string): Promise<Step | undefined> {
  const text = await records.get(at);
  return text === undefined ? undefined : JSON.parse(text) as Step;
}

/** Writes what a step gave, also if the records are down for a moment: its effect is there, and should not be twice. */
async function write(scope: TaskScope, { records, keep }: StepStore, at: string, step: Step): Promise<Step> {
  for (let delay = FIRST_RETRY;; delay *= 2) {
    try {
      if (await records.set(at, JSON.stringify(step), keep, true)) return step;
      return await read(records, at) ?? step; // of an attempt that took over
    } catch (error) {
      if (scope.signal.aborted || delay > LAST_RETRY) throw error;
      await scope.sleep(delay);
    }
  }
}
