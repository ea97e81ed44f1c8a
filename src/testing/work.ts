/**
 * The work of one invocation that a host knows of.
 *
 * @module
 */
import type { Observer, TaskInfo } from "../observer.ts";
import type { CutBy, WorkReport } from "./report.ts";

type Mutable = { -readonly [Key in keyof WorkReport]: WorkReport[Key] };

/** One piece of work. */
export interface Work {
  readonly report: Readonly<Mutable>;
  /** The promise it is, if it is one. */
  readonly promise?: unknown;
}

/** A list of it. */
export class WorkList {
  readonly #startedAt = Date.now();
  readonly #works: (Work & { readonly report: Mutable })[] = [];
  readonly #tasks = new Map<TaskInfo, Mutable>();
  #newest: Mutable | undefined; // held a moment ago, synchronously
  /** What nothing held when the invocation was over. */
  readonly neverRegistered: string[] = [];

  get reports(): readonly WorkReport[] {
    return this.#works.map(({ report }) => ({ ...report }));
  }

  /** The number of works of a kind. */
  count(kind: WorkReport["kind"]): number {
    return this.#works.filter(({ report }) => report.kind === kind).length;
  }

  /** Milliseconds since the start of the invocation. */
  get elapsed(): number {
    return Date.now() - this.#startedAt;
  }

  /** Whether promises are pending that `waitUntil` took. */
  get isHeld(): boolean {
    return this.#works.some(({ report }) => report.kind === "waitUntil" && report.state === "pending");
  }

  get pending(): readonly WorkReport[] {
    return this.reports.filter(({ state }) => state === "pending" || state === "frozen");
  }

  /** Adds work; the same promise takes the name it has been given before. */
  add(name: string, kind: WorkReport["kind"], promise?: unknown): Mutable {
    const known = promise === undefined ? undefined : this.#works.find((each) => each.promise === promise);
    const report: Mutable = { name: known?.report.name ?? name, kind, state: "pending" };
    this.#works.push({ report, promise });
    if (kind === "waitUntil") {
      this.#newest = report;
      queueMicrotask(() => this.#newest = undefined);
    }
    return report;
  }

  /** A piece of work came to its end. */
  end(report: Mutable, state: "completed" | "failed" | "canceled", thawedIn?: string): void {
    if (report.state === "cut-off") {
      report.lost = true; // the real host would have stopped it
      return;
    }
    report.state = state;
    report.at = this.elapsed;
    if (thawedIn !== undefined) report.thawedIn = thawedIn;
  }

  /** Cuts off one, or all that is pending. */
  cutOff(by: CutBy, one?: Mutable): void {
    for (const report of one ? [one] : this.#unended()) {
      Object.assign(report, { state: "cut-off", by, at: this.elapsed });
    }
  }

  freeze(): void {
    for (const report of this.#unended()) report.state = "frozen";
  }

  thaw(): void {
    for (const report of this.#unended()) report.state = "pending";
  }

  /** Notes what is pending at the end of the invocation, and so was not registered. */
  noteUnregistered(timers: readonly string[]): void {
    const names = [...this.#unended().map(({ name }) => name), ...timers];
    this.neverRegistered.push(...names.filter((name) => !this.neverRegistered.includes(name)));
  }

  /** Records the tasks of scopes. */
  readonly observer: Required<Pick<Observer, "onSpawn" | "onSettle">> = {
    onSpawn: (task) => {
      // A detached task has the host hold it just before it is announced: that was this one's promise.
      if (task.detached && this.#newest) this.#newest.name = task.path;
      this.#tasks.set(task, this.add(task.path, "task"));
    },
    onSettle: (task, { state }) => {
      const report = this.#tasks.get(task);
      if (report && state !== "abandoned") this.end(report, state === "succeeded" ? "completed" : state);
    },
  };

  #unended(): Mutable[] {
    return this.#works.map(({ report }) => report).filter(({ state }) => state === "pending" || state === "frozen");
  }
}
