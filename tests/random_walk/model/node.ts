import type { Body } from "../step.ts";
import type { Agenda, Entry } from "./agenda.ts";
import type { Thrown } from "./thrown.ts";

/** What a whole tree shares. */
export interface Settings {
  readonly agenda: Agenda;
  readonly grace: number;
  readonly isObserved: boolean;
  /** When the host ends. */
  readonly end: number;
  /** What an observer or the console hears. */
  readonly tell: (event: Event) => void;
  /** How many tasks without a name there were. */
  unnamed: number;
}

export interface Event {
  readonly hook: string;
  readonly path: string;
  readonly detail?: string | undefined;
  readonly thrown?: Thrown | undefined;
}

/** One cancellation, shared by all it reaches. */
export interface Cancellation {
  readonly kind: string;
  readonly origin: Node;
  readonly reason: Thrown;
}

export type Ending = { readonly state: "succeeded"; readonly value: unknown; readonly late: boolean } | {
  readonly state: "failed" | "canceled" | "abandoned";
  readonly thrown: Thrown;
};

/** A wait in a scope that ends with it: `abortable` and `sleep`. */
export interface Wait {
  /** Ends it with the reason of the cancellation, or because the scope is closed. */
  interrupt(reason: Thrown): void;
}

/** What `defer` registered; it calls `then` when it has ended. */
export type Cleanup = (node: Node, grace: number, then: (thrown?: Thrown) => void) => void;

/** A scope or a task of the model. */
export class Node {
  readonly children: Node[] = []; // all there ever were
  phase: "queued" | "scheduled" | "running" | "ended" = "scheduled"; // of its function
  /** What its function does. */
  body: Body | undefined;
  /** Whether the promise of its function has settled. */
  isAnswered = false;
  /** Calls the function. */
  call: (() => void) | undefined;
  /** What the function does when the scope is canceled. */
  heed: ((reason: Thrown) => void) | undefined;
  cancellation: Cancellation | undefined;
  failures: Thrown[] = [];
  value: unknown;
  ending: Ending | undefined;
  isCalled = false;
  isCut = false;
  isExpired = false;
  isAbandoned = false;
  isAwaited = false;
  isCleaning = false;
  hasFailedCleanup = false;
  isSeen = false;
  isCutOff = false;
  /** Its grace has passed, but a shield below still runs. */
  isGraceDue = false;
  isLastTurn = false;
  /** The moment its work must be over, the earliest of its own and those above. */
  limit = Infinity;
  own: Entry | undefined;
  grace: Entry | undefined;
  concurrency = Infinity;
  policy = "failFast";
  errors = "first";
  tag: number | undefined;
  readonly cleanups: Cleanup[] = [];
  readonly waits = new Set<Wait>();
  /** Called when no child is left. */
  idle: (() => void)[] = [];
  /** Called when it has settled. */
  settled: (() => void)[] = [];

  constructor(
    readonly as: "run" | "new" | "spawn" | "call" | "shield" | "spawnDetached",
    readonly name: string,
    readonly parent: Node | undefined,
    readonly path: string,
    readonly settings: Settings,
  ) {}

  get isTask(): boolean {
    return this.as !== "run" && this.as !== "new";
  }

  get taskState(): string {
    if (this.ending) return this.ending.state;
    return this.phase === "queued" ? "queued" : "running";
  }

  get scopeState(): string {
    if (this.ending) return "closed";
    return this.cancellation ? "canceling" : "open";
  }

  /** The children that have not ended. */
  get live(): Node[] {
    return this.children.filter(({ ending }) => !ending);
  }

  /** G12, counted anew each time. */
  get counters(): Record<string, number> {
    const counters: Record<string, number> = { spawned: this.children.length };
    for (const state of ["succeeded", "failed", "canceled", "abandoned", "running", "queued"]) {
      counters[state] = this.children.filter((child) => child.taskState === state).length;
    }
    return counters;
  }

  /** Whether its failure belongs to whoever awaits it: it takes no place either, as the one who awaits it has one. */
  get isCall(): boolean {
    return this.as === "call" || this.as === "shield";
  }

  /** How many places are taken (G11). */
  get taken(): number {
    return this.live.filter(({ isCall, phase }) => !isCall && phase !== "queued").length;
  }

  /** Whether a shield runs somewhere below. */
  get hasShields(): boolean {
    return this.live.some((child) => child.as === "shield" || child.hasShields);
  }
}

/** Parents before children; below a node only if `enter` says so. */
export function visit(node: Node, enter: (node: Node) => boolean): void {
  if (enter(node)) { for (const child of node.live) visit(child, enter); }
}
