/** What happened, when and why: prints it as lines, keeps it for the checks, and sums it up as a tree. */
import type { Observer, Outcome, ScopeTree, TaskInfo } from "@taskscope/taskscope";
import { bold, dim, green, red, yellow } from "./colors.ts";
import { duration, errorText } from "./words.ts";

/** One thing an observer was told of. */
export interface Event {
  readonly hook: "spawn" | "start" | "settle" | "cancel" | "abandon" | "error" | "answer";
  readonly path: string;
  /** `succeeded`, `canceled: disconnected, …`, of an answer its status, … */
  readonly text: string;
}

interface Entry {
  readonly path: string;
  readonly detached: boolean;
  readonly began: number;
  ended: string;
}

const PATIENCE = 10_000;
const RUNNING = "still running";
const KEPT = 1_000; // with --serve nobody begins anew

/** A timeline of one scenario after the other; `observer` is to be given to the scopes. */
export class Timeline {
  readonly events: Event[] = [];
  /** When each scenario began. */
  readonly chapters: { readonly at: number; readonly title: string }[] = [];
  readonly #entries = new Map<object, Entry>();
  readonly #waiting = new Set<() => void>();
  #zero: number;

  /** Collects what the scopes do, and prints it as it happens. */
  readonly observer: Observer = {
    onSpawn: (task) => {
      this.enter(task, task.path, task.detached);
      this.#note("spawn", task.path, task.detached ? "detached" : "owned");
    },
    onStart: (task) => this.#note("start", task.path, task.detached ? "starts, detached" : "starts"),
    onSettle: (task, outcome) => this.#settled(task, outcome),
    onCancel: (scope, reason, { kind }) => {
      const { message, cause } = reason as Partial<Error>;
      this.#note("cancel", scope.path, `is being canceled: ${kind} (${cause ? errorText(cause) : message})`);
    },
    onAbandon: (task) => {
      this.leave(task, "abandoned: it ignored its cancellation");
      this.#note("abandon", task.path, "abandoned: it ignored its cancellation for longer than grace");
    },
    onError: (error, { task, phase }) => this.#note("error", task.path, `error (${phase}): ${errorText(error)}`),
  };

  /** @param start Time zero, in milliseconds since 1970. */
  constructor(start = Date.now()) {
    this.#zero = performance.now() - (Date.now() - start);
  }

  /** Begins a scenario: a title, an empty tree, and time zero. */
  begin(title: string): void {
    this.#zero = performance.now();
    this.chapters.push({ at: Date.now(), title });
    this.events.length = 0;
    this.#entries.clear();
    console.log(`\n${bold(title)}`);
  }

  /** Prints a line of somebody who is not a scope. */
  line(who: string, text: string): void {
    const at = `${Math.round(performance.now() - this.#zero)} ms`.padStart(8);
    console.log(`${dim(at)}  ${who.padEnd(8)}  ${text}`);
  }

  /** Prints a claim that holds; throws if it does not. */
  check(claim: string, holds: boolean): void {
    if (!holds) throw new Error(`Not as claimed: ${claim}`);
    console.log(`          ${green("✓")} ${claim}`);
  }

  /** Resolves when an event has come for which `matches` is true. */
  async until(what: string, matches: (event: Event) => boolean): Promise<Event> {
    const { promise, resolve, reject } = Promise.withResolvers<Event>();
    const look = () => {
      const event = this.events.find(matches);
      if (event !== undefined) resolve(event);
    };
    const late = () => reject(new Error(`Not as claimed: ${what}, within ${duration(PATIENCE)}`));
    const timer = setTimeout(late, PATIENCE);
    this.#waiting.add(look);
    look();
    try {
      return await promise;
    } finally {
      this.#waiting.delete(look);
      clearTimeout(timer);
    }
  }

  /** Writes down that a request was answered. */
  answered(path: string, status: number): void {
    this.#note("answer", path, String(status));
  }

  /** Enters something into the tree: a task, or a request, which no observer is told of. */
  enter(key: object, path: string, detached: boolean): void {
    this.#entries.set(key, { path, detached, began: performance.now(), ended: RUNNING });
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > KEPT && oldest !== undefined) this.#entries.delete(oldest);
  }

  /** Writes down how something in the tree ended; the first word about it counts. */
  leave(key: object, how: string): void {
    const entry = this.#entries.get(key);
    if (entry?.ended !== RUNNING) return;
    entry.ended = `${how}, after ${duration(performance.now() - entry.began)}`;
  }

  /** Prints the tree of everything since `begin`, and why each ended. */
  tree(): void {
    const entries = [...this.#entries.values()];
    const parentOf = (child: Entry) => entries.findLast(({ path }) => child.path.startsWith(`${path}/`));
    const print = (entry: Entry, prefix: string, tail: string) => {
      const label = prefix === "" ? entry.path : entry.path.split("/").at(-1);
      const name = `${prefix}${label}${entry.detached ? " (detached)" : ""}`;
      console.log(`          ${name.padEnd(34)}${dim(entry.ended)}`);
      const children = entries.filter((each) => parentOf(each) === entry);
      for (const [index, child] of children.entries()) {
        const isLast = index === children.length - 1;
        print(child, `${tail}${isLast ? "└─ " : "├─ "}`, `${tail}${isLast ? "   " : "│  "}`);
      }
    };
    for (const root of entries.filter((entry) => parentOf(entry) === undefined)) print(root, "", "");
  }

  /** Prints what lives now, as `scope.tree()` and `lifetime.tree()` tell it. */
  live(trees: readonly ScopeTree[], depth = 0): void {
    for (const { path, state, age, remaining, children } of trees) {
      const left = remaining === null ? "" : `, ${duration(remaining)} left`;
      this.line("alive", `${"  ".repeat(depth)}${path}: ${state} for ${duration(age)}${left}`);
      this.live(children, depth + 1);
    }
  }

  #settled(task: TaskInfo, outcome: Outcome<unknown>): void {
    const how = describe(outcome);
    const wasAbandoned = task.state === "abandoned";
    this.leave(task, how);
    this.#note("settle", task.path, wasAbandoned ? `ended after all: ${how}` : how);
  }

  #note(hook: Event["hook"], path: string, text: string): void {
    const event = { hook, path, text };
    this.events.push(event);
    if (this.events.length > KEPT) this.events.shift();
    this.#print(event);
    for (const look of this.#waiting) look();
  }

  #print({ hook, path, text }: Event): void {
    switch (hook) {
      case "spawn":
        return; // it starts at once
      case "answer":
        return this.line("server", `${path}: answers ${text}`);
      case "cancel":
        return this.line("scope", `${path} ${yellow(text)}`);
      case "abandon":
      case "error":
        return this.line("scope", `${path} ${red(text)}`);
      default:
        return this.line("scope", `${path} ${text}`);
    }
  }
}

function describe(outcome: Outcome<unknown>): string {
  switch (outcome.state) {
    case "succeeded":
      return outcome.late ? "succeeded, late" : "succeeded";
    case "canceled":
      return `canceled: ${outcome.kind}, begun in "${outcome.origin}"`;
    default:
      return `${outcome.state}: ${errorText(outcome.error)}`;
  }
}
