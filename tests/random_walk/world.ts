import { contextKey, type Lifetime, type Observer, type Task, type TaskScope } from "@taskscope/taskscope";
import type { Clock } from "./clock.ts";
import type { Listeners } from "./listeners.ts";
import { Agenda } from "./model/agenda.ts";
import { mark } from "./model/cancel.ts";
import type { Event, Node, Settings } from "./model/node.ts";
import type { Answer, Thrown } from "./model/thrown.ts";
import type { How, Why } from "./step.ts";

/** Bound or not by each scope and task. */
export const TAG = contextKey<number>("tag");

/** A scope or task of the model, and the real one. */
export interface Pair {
  readonly node: Node;
  scope?: TaskScope | undefined;
  task?: Task<unknown> | undefined;
  /** Whether it is what a combinator runs in. */
  readonly isGroup?: boolean;
  /** Settles the promise of the function; while it has not been used. */
  finish?: Finish | undefined;
  /** Ends the function as a task of its own does. */
  adopt?: ((of: Pair) => void) | undefined;
}

/** Ends something, in both worlds. */
export type Finish = (how: Answer) => void;

/** A promise of the library's, and when and how it has to settle. */
export interface Promised {
  readonly what: string;
  real?: Answered;
  expected?: Answer;
}

export type Answered = { readonly value: unknown } | { readonly error: unknown };

/** What happened in the real world; of the model's, see {@linkcode Event}. */
export interface RealEvent {
  readonly hook: string;
  readonly path: string;
  readonly detail?: string | undefined;
  readonly error?: unknown;
}

/** A signal of somebody else, and the scopes that follow it. */
interface Foreign {
  readonly controller: AbortController;
  readonly followers: Set<(reason: Thrown) => (() => void) | undefined>;
  reason?: Thrown;
}

/** The two worlds in which a program is played: the library's and the model's. */
export class World {
  readonly agenda = new Agenda();
  readonly pairs: Pair[] = [];
  readonly promised: Promised[] = [];
  /** What a later step settles: waits and cleanups. */
  readonly gates: Finish[] = [];
  readonly events: RealEvent[] = [];
  /** Say what is wrong, if anything, with what the two worlds do each in its own time. */
  readonly checks: (() => string | undefined)[] = [];
  readonly expected: Event[] = [];
  readonly foreign: readonly Foreign[];
  readonly lifetime: Lifetime;
  readonly end: number;
  /** What the lifetime holds: true once it has been let go. */
  readonly held: { readonly node: Node; isOver: boolean }[] = [];
  /** How often something was thrown at a call, as the model said. */
  problem: string | undefined;
  #made = 0;
  #last: Thrown = this.#given("error 0");
  #handed: Promise<unknown> | undefined;

  constructor(readonly clock: Clock, readonly listeners: Listeners, lifetime: number | null) {
    this.agenda.now = clock.now;
    this.foreign = Array.from({ length: 4 }, () => ({ controller: new AbortController(), followers: new Set() }));
    this.end = lifetime === null ? Infinity : clock.now + lifetime;
    this.lifetime = {
      waitUntil: (work) => void (this.#handed = work),
      closing: this.closing.controller.signal,
      ...(lifetime !== null && { deadline: new Date(this.end) }),
    };
  }

  /** The signal of the lifetime. */
  get closing(): Foreign {
    return this.foreign[3] as Foreign;
  }

  /** Takes what `waitUntil` was called with. */
  hold(node: Node): void {
    const one = { node, isOver: false };
    this.held.push(one);
    if (!this.#handed) this.problem = "waitUntil was not called before spawnDetached returned";
    this.#handed?.then(() => one.isOver = true, () => this.problem = "what waitUntil was given rejected");
    this.#handed = undefined;
  }

  /** A number that is used once. */
  number(): number {
    return ++this.#made;
  }

  /** An error, or what somebody throws instead of one. */
  thrown(how: How): Thrown {
    if (how === "same error") return this.#last;
    if (how === "text") return TEXT;
    if (how === "abort error") return this.abortError();
    return this.#last = this.#given(`error ${this.number()}`);
  }

  abortError(): Thrown {
    return { is: "given", value: new DOMException(`${this.number()}`, "AbortError"), isAbortError: true };
  }

  /** What is given to `cancel` and the like: nothing, or something that both worlds know. */
  reason(why: Why): { readonly thrown?: Thrown; readonly value?: unknown } {
    const { node, scope } = this.pairs.findLast(({ node, scope }) => scope && node.cancellation) ?? {};
    if (why === "that of another scope" && node?.cancellation) {
      return { thrown: node.cancellation.reason, value: scope?.signal.reason };
    }
    if (why === "nothing" || why === "that of another scope") return {};
    const thrown = why === "a text" ? TEXT : why === "null" ? NULL : this.#given(`reason ${this.number()}`);
    return { thrown, value: thrown.value };
  }

  answer(how: How): Answer {
    return how === "value" ? { value: this.number() } : { thrown: this.thrown(how) };
  }

  #given(message: string): Thrown {
    return { is: "given", value: new Error(message) };
  }

  /** Says that a promise of the library's is expected to settle when, and as, the returned function is told. */
  expect(what: string, promise: PromiseLike<unknown>): (how: Answer) => void {
    const one: Promised = { what };
    this.promised.push(one);
    promise.then((value) => one.real = { value }, (error) => one.real = { error });
    return (how) => one.expected = how;
  }

  settings(grace: number | null, isObserved: boolean): Settings {
    const tell = (event: Event) => void this.expected.push(event);
    return { agenda: this.agenda, grace: grace ?? Infinity, isObserved, end: this.end, tell, unnamed: 0 };
  }

  /** Writes down what an observer is told. */
  get observer(): Observer {
    const note = (hook: string, { path }: { path: string }, detail?: string, error?: unknown) => {
      this.events.push({ hook, path, detail, error });
    };
    return {
      onSpawn: (task) => note("onSpawn", task),
      onStart: (task) => note("onStart", task),
      onSettle(task, outcome) {
        const error = outcome.state === "succeeded"
          ? undefined
          : outcome.state === "canceled"
          ? outcome.reason
          : outcome.error;
        note("onSettle", task, outcome.state, error);
      },
      onCancel: (scope, reason, { kind, origin }) => note("onCancel", scope, `${kind} ${origin}`, reason),
      onAbandon: (task, error) => note("onAbandon", task, undefined, error),
      onError: (error, { task, phase }) => note("onError", task, phase, error),
    };
  }

  /** A scope follows a foreign signal. */
  follow(foreign: Foreign, node: Node, kind: "canceled" | "lifetime"): void {
    const follower = (reason: Thrown) => {
      if (kind === "lifetime" && !node.cancellation) node.isCutOff = true;
      const isOurs = reason.kind !== undefined; // such a reason says more than "the host is about to end"
      return kind === "canceled" || isOurs ? mark(node, kind, reason) : mark(node, kind, undefined, reason);
    };
    if (foreign.reason) return follower(foreign.reason)?.();
    foreign.followers.add(follower);
    node.settled.push(() => foreign.followers.delete(follower));
  }
}

const TEXT: Thrown = { is: "given", value: "a text" };
const NULL: Thrown = { is: "given", value: null };
