/**
 * One invocation on a simulated host, from its start to whatever ends it.
 *
 * @module
 */
import type { DeadlineHeap, HeapEntry } from "../deadline.ts";
import { isThenable } from "../validate.ts";
import { enter, Execution } from "./execution.ts";
import type { ErrorSink, SimulatedProfile } from "./profile.ts";
import type { CallReport, CutBy, ErrorReport } from "./report.ts";
import type { SimulatedCall } from "./simulated_call.ts";
import { WorkList } from "./work.ts";

/** What an invocation needs of its host. */
export interface CallHost {
  readonly heap: DeadlineHeap;
  /** A line for the log. */
  log(line: string): void;
  /** The process ends, with everything in it. */
  exit(code: number): void;
  /** The invocation whose code runs now. */
  current(): Invocation<unknown> | undefined;
  /** An invocation that is running, if another than `call` does. */
  other(call: Invocation<unknown>): Invocation<unknown> | undefined;
}

const TICKS = 64; // microtasks in which what has ended may tidy up
const FATAL = 1; // exit code of an unhandled error

/** One invocation: the test's part, {@linkcode SimulatedCall}, and the host's. */
export class Invocation<T> implements SimulatedCall<T> {
  readonly name: string;
  readonly response: Promise<T>;
  readonly ended: Promise<void>;
  readonly execution: Execution = new Execution();
  readonly works: WorkList = new WorkList();
  readonly profile: SimulatedProfile;
  readonly host: CallHost;
  readonly errors: ErrorReport[] = [];
  status: number | undefined;
  isDispatching = false;
  isHandled = false;
  answeredAt: number | undefined;
  readonly #client = Promise.withResolvers<unknown>();
  #state: CallReport["state"] = "running";
  #disconnected: CallReport["disconnected"];
  readonly #over = Promise.withResolvers<void>();
  #limit: HeapEntry | undefined;

  constructor(name: string, profile: SimulatedProfile, host: CallHost) {
    this.name = name;
    this.profile = profile;
    this.host = host;
    this.response = this.#client.promise as Promise<T>;
    this.response.catch(() => {}); // a test may look at the report only
    this.ended = this.#over.promise;
    if (profile.limit.origin === "invocation-start") this.#startClock();
  }

  get state(): CallReport["state"] {
    return this.#state;
  }

  disconnect(): void {
    if (this.#state !== "running") return;
    this.#disconnected = this.status === undefined ? "before the response" : "mid-stream";
    const reason = new DOMException("The client has disconnected", "AbortError");
    enter(this.execution, () => this.onDisconnect(reason)); // listeners may still hold something
    this.#client.reject(reason);
    const ends = this.profile.endsOnDisconnect && !this.works.isHeld;
    this.markAnswered();
    if (ends) this.cutOff("disconnect");
  }

  detectHang(): boolean {
    const isOpen = this.#state === "running" || this.#state === "answered";
    if (!this.profile.detectsHangs || !isOpen || this.execution.timers.size > 0) return false;
    this.host.log(`${this.name}: canceled, the code had hung and would never generate a response`);
    this.cutOff("hang");
    return true;
  }

  /** Watches a promise that the handler leaves running. */
  track(name: string, promise: Promise<unknown>): void {
    this.#watch(this.works.add(name, "tracked", promise), promise, this.profile.looseErrors);
  }

  report(): CallReport {
    const work = this.works.reports;
    const names = (...states: string[]) => [
      ...new Set(work.filter(({ state }) => states.includes(state)).map(({ name }) => name)),
    ];
    return {
      name: this.name,
      state: this.#state,
      ...this.status === undefined ? {} : { status: this.status },
      ...this.#disconnected === undefined ? {} : { disconnected: this.#disconnected },
      ...this.answeredAt === undefined ? {} : { answeredAt: this.answeredAt },
      work,
      completed: names("completed", "failed", "canceled"),
      cutOff: names("cut-off"),
      neverRegistered: [...this.works.neverRegistered],
      errors: [...this.errors],
    };
  }

  /** What the client gets. */
  answer(value: T | PromiseLike<T>): void {
    this.#client.resolve(value);
  }

  /** The client gets nothing. */
  refuse(error: unknown): void {
    this.#client.reject(error);
  }

  /** Overridden where there is a request: its signal, its body. */
  onDisconnect(_reason: DOMException): void {}

  /** Overridden where there is a connection to cut. */
  onCut(_by: CutBy): void {}

  /** Code of the handler calls the host's `waitUntil`. */
  hold(work: unknown): void {
    const { waitUntil: rules, heldErrors } = this.profile;
    if (!rules) return;
    const fits = rules.takes === "anything" ||
      (rules.takes === "promises" ? work instanceof Promise : isThenable(work));
    if (!fits && rules.otherwise === "ignored") return;
    if (!fits) throw new TypeError(`waitUntil can only be called with a Promise, got ${typeof work}`);
    const isActive = this.isDispatching || this.#state === "running" && this.status !== undefined || this.works.isHeld;
    if (rules.late === "throws" && !isActive) throw new Error("FetchEvent#waitUntil called on inactive event");
    const entry = this.works.add(`waitUntil ${this.works.count("waitUntil") + 1}`, "waitUntil", work);
    if (this.execution.state !== "running") this.works.cutOff("late", entry);
    this.#watch(entry, Promise.resolve(work), this.#isEvent ? "event" : heldErrors);
  }

  /** The response is over, or there will be none. */
  markAnswered(): void {
    this.answeredAt ??= this.works.elapsed;
    if (this.#state === "running") this.#state = "answered";
    if (this.profile.limit.origin === "response-end") this.#startClock();
    this.look();
  }

  /** Ends the invocation a few microtasks from now, if nothing is left to wait for. */
  async look(): Promise<void> {
    for (let tick = 0; tick < TICKS; tick++) await undefined;
    // A client that left is not waited for, but the handler is, where the host lets it run.
    const waits = !this.isHandled && !(this.profile.endsOnDisconnect && this.#disconnected);
    if (this.#state !== "answered" || waits || this.works.isHeld) return;
    this.#finish();
  }

  /** Everything that is pending ends here. */
  cutOff(by: CutBy): void {
    if (this.#state === "cut-off" || (this.#state === "ended" && this.works.pending.length === 0)) return;
    this.#state = "cut-off";
    this.works.cutOff(by);
    this.#stop();
    enter(undefined, () => this.onCut(by));
    this.#client.reject(new Error(`The connection was cut by the host (${by})`));
  }

  /** Another invocation begins or ends: frozen work goes on within it, and stops again. */
  thaw(): void {
    if (this.#state !== "frozen") return;
    this.works.thaw();
    this.execution.thaw();
  }

  /** See {@linkcode thaw}. */
  freeze(): void {
    if (this.#state !== "frozen") return;
    this.works.freeze();
    this.execution.freeze();
  }

  get #isEvent(): boolean {
    return this.profile.platform === "cloudflare" && ["cron", "queue"].includes(this.profile.limit.trigger);
  }

  #watch(entry: ReturnType<WorkList["add"]>, work: Promise<unknown>, sink: ErrorSink | "event"): void {
    const end = (state: "completed" | "failed") => {
      const other = this.#state === "frozen" ? this.host.other(this) : undefined;
      this.works.end(entry, state, other?.name);
      return other;
    };
    work.then(() => void end("completed"), (error) => {
      const other = end("failed");
      if (entry.state !== "cut-off") this.#fail(error, entry.name, other ? "next-invocation" : sink, other);
    }).then(() => this.look());
  }

  #fail(error: unknown, of: string, where: ErrorReport["where"], blamed?: Invocation<unknown>): void {
    this.errors.push({ error, of, where });
    if (where === "log") this.host.log(`${this.name}: uncaught ${String(error)}`);
    if (blamed) this.host.log(`${blamed.name}: blamed for ${String(error)} of ${this.name}`);
    if (where === "process-exit" || blamed) this.host.exit(blamed ? 128 : FATAL);
  }

  /** Nothing is held, the response is over. */
  #finish(): void {
    const { unheld } = this.profile;
    if (unheld !== "runs-on") this.works.noteUnregistered(Array.from(this.execution.timers, ({ name }) => name));
    this.#state = unheld === "frozen" && this.works.neverRegistered.length > 0 ? "frozen" : "ended";
    if (unheld === "dropped") this.works.cutOff("never-registered");
    if (this.#state === "frozen") this.freeze();
    this.#stop(unheld === "dropped");
  }

  #stop(isEnd: boolean = this.profile.unheld !== "runs-on"): void {
    if (isEnd) this.execution.end();
    if (this.#limit) this.host.heap.remove(this.#limit);
    this.#over.resolve();
  }

  #startClock(): void {
    const { ms, atLimit } = this.profile.limit;
    if (ms === null || this.#limit) return;
    this.#limit = enter(undefined, () =>
      this.host.heap.add(Date.now() + ms, () => {
        if (atLimit === "cancel-logged") this.host.log(`${this.name}: work did not complete in time and was canceled`);
        this.cutOff("limit");
      }));
  }
}
