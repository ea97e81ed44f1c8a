/**
 * A host to run handlers on, in tests.
 *
 * @module
 */
import { DeadlineHeap } from "../deadline.ts";
import type { Observer } from "../observer.ts";
import { processLifetime } from "../shutdown_signals.ts";
import { assertFunction } from "../validate.ts";
import { argumentsOf, contextOf, eventArgumentsOf, globalContextOf, type SimulatedContext } from "./arguments.ts";
import { EventInvocation } from "./event_invocation.ts";
import { assertAsyncContext, currentExecution, enter } from "./execution.ts";
import { FetchInvocation } from "./fetch_invocation.ts";
import { Instance } from "./instance.ts";
import type { CallHost, Invocation } from "./invocation.ts";
import type { HostOverrides, HostProfile, ProfileName, SimulatedProfile } from "./profile.ts";
import { resolveProfile } from "./profiles.ts";
import type { CutBy, HostReport } from "./report.ts";
import type { SimulatedCall } from "./simulated_call.ts";

/** A handler of requests; what follows the request differs from host to host. See {@linkcode SimulatedHost}. */
export type SimulatedHandler = (request: Request, ...platformArguments: never[]) => Response | PromiseLike<Response>;

/** A handler of other events. See {@linkcode SimulatedHost}. */
export type SimulatedEventHandler<T> = (event: never, ...platformArguments: never[]) => T | PromiseLike<T>;

const WHAT = "Cannot simulate a host";
const EXIT_CODES = { SIGTERM: 143, SIGINT: 130, beforeunload: undefined, nothing: undefined };

let isOpen = false; // globals are replaced meanwhile

/**
 * A host on which handlers run in tests, with the arguments, the signal, the limit and the end that a real one gives.
 *
 * The test says when the client leaves (`call.disconnect()`), when the host has to end (`shutdown()`), and when a limit
 * is reached: by its clock, which is the test's own (FakeTime or real time), or with `reachLimit()`. What has happened is
 * in `report()`.
 *
 * **Guarantees.** While it is open, the globals by which programs know the host are there, and timers belong to the
 * invocation that made them; `close()` restores them. Work that is cut off cannot be killed in JavaScript: its timers
 * never fire, and what ends nevertheless is reported as lost. Where the host is a plain process (`process`, `deno`,
 * `denoDeploy`, `bun`), timers go on, too. One host can be open at a time. Not simulated: input and output other than
 * timers, clocks that stand still during computation, and objects of one request that fail in another.
 *
 * @example The client leaves, the audit is written
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { FakeTime } from "@std/testing/time";
 * import { scoped } from "@taskscope/taskscope/http";
 * import { assertNothingPending, SimulatedHost } from "@taskscope/taskscope/testing";
 *
 * using time = new FakeTime();
 * using host = new SimulatedHost("cloudflare");
 * const handler = scoped((_request, scope) => {
 *   scope.spawnDetached((task) => task.sleep(5_000), { name: "audit", deadline: { seconds: 20 } });
 *   return scope.sleep(60_000).then(() => new Response("too late"));
 * }, { observer: host.observer });
 *
 * const call = host.fetch(handler, "http://localhost/transfer");
 * await time.tickAsync(1_000);
 * call.disconnect();
 * await time.tickAsync(5_000);
 * await host.settled();
 * assertEquals(call.report().completed, ["waitUntil 1", "GET /transfer/audit"]); // 1: the request itself
 * assertNothingPending(host);
 * ```
 *
 * @example The limit comes before the work has ended
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { type SimulatedContext, SimulatedHost } from "@taskscope/taskscope/testing";
 *
 * const host = new SimulatedHost("cloudflare", { trigger: "cron" });
 * const call = host.invoke((_event: unknown, _env: unknown, ctx: SimulatedContext) => {
 *   ctx.waitUntil(new Promise(() => {}));
 *   void host.track("metrics", new Promise(() => {}));
 * });
 * await call.response;
 * host.reachLimit();
 * assertEquals(call.report().cutOff, ["waitUntil 1", "metrics"]);
 *
 * await host.shutdown(); // what runs next has a new instance
 * host.close();
 * ```
 */
export class SimulatedHost implements Disposable {
  /** What it does, with the limit that counts. */
  readonly profile: SimulatedProfile;
  /** For the `observer` option of scopes: their tasks are in the report, by their paths. */
  readonly observer: Observer;
  readonly #overrides: HostOverrides;
  readonly #heap = new DeadlineHeap();
  readonly #calls: Invocation<unknown>[] = [];
  readonly #log: string[] = [];
  readonly #contexts = new Map<Invocation<unknown>, object>();
  readonly #callHost: CallHost;
  #instance: Instance | undefined;
  #instances = 0;
  #exitCode: number | undefined;
  #isClosed = false;

  /**
   * Opens a host.
   *
   * @param profile The name of a host, or a profile of your own.
   * @param overrides Parts of the profile, `limits`, `trigger`, `plan` and `env`.
   * @throws {TypeError} If the profile or an override is unknown, or another host is open.
   * @throws {RangeError} If a limit is out of range.
   */
  constructor(profile: ProfileName | HostProfile, overrides: HostOverrides = {}) {
    this.profile = resolveProfile(profile, overrides, WHAT);
    if (isOpen) throw new TypeError(`${WHAT}: another one is open, close it first, best with "using"`);
    assertAsyncContext(WHAT);
    this.#overrides = overrides;
    this.#callHost = {
      heap: this.#heap,
      log: (line) => void this.#log.push(line),
      exit: (code) => this.#exit("process-exit", code),
      current: () => this.#current,
      other: (call) => this.#calls.findLast((each) => each !== call && each.state === "running"),
    };
    this.observer = {
      onSpawn: (task) => this.#current?.works.observer.onSpawn(task),
      onSettle: (task, outcome) => this.#calls.forEach(({ works }) => works.observer.onSettle(task, outcome)),
    };
    isOpen = true;
    this.#boot();
  }

  /**
   * Calls a handler as the host does, synchronously.
   *
   * @param handler Receives the request and what the host passes: `env, ctx` on Cloudflare, `context` on Vercel and
   * Netlify, `info` on Deno and Supabase, the `event` on Fastly, `{ lambdaContext }` on Lambda.
   * @param request A request, or its URL. If the request has a signal, its abort is the client's disconnect.
   * @returns The invocation, with the response that the client gets.
   * @throws {TypeError} If `handler` is not a function, or the request is not valid.
   */
  fetch(handler: SimulatedHandler, request: Request | string | URL = "http://localhost/"): SimulatedCall<Response> {
    assertFunction(handler, "Cannot call a handler");
    this.#boot();
    const given = request instanceof Request ? request : new Request(request);
    const call = new FetchInvocation(given, this.profile, this.#callHost);
    const args = argumentsOf(call, this.#begin(call), Date.now(), this.#overrides.env);
    call.start((request) => handler(request, ...args as never[]));
    return call;
  }

  /**
   * Calls a handler of an event that is no request: Lambda's, a cron or a queue on Cloudflare (with the option `trigger`).
   *
   * @param handler Receives the event and what the host passes: `context` on Lambda, `env, ctx` on Cloudflare.
   * @param event The event.
   * @returns The invocation; its `response` is what the handler returned.
   * @throws {TypeError} If `handler` is not a function.
   */
  invoke<T>(handler: SimulatedEventHandler<T>, event: unknown = {}): SimulatedCall<T> {
    assertFunction(handler, "Cannot call a handler");
    this.#boot();
    const call = new EventInvocation<T>(this.profile.limit.trigger, this.profile, this.#callHost);
    const args = eventArgumentsOf(call, this.#begin(call), Date.now(), this.#overrides.env);
    call.start(() => handler(event as never, ...args as never[]));
    return call;
  }

  /**
   * The host ends this instance. It tells the code as it does (SIGTERM, `beforeunload`), gives it the time it gives,
   * and cuts off the rest. A plain process drains `processLifetime()` meanwhile, as its `signals` option has it;
   * listeners of the process's own signals are not called, as the test runner listens, too.
   *
   * @param reason The `detail.reason` of Supabase's `beforeunload`.
   * @returns A promise that fulfills when everything has ended. The next `fetch` starts a new instance.
   */
  async shutdown(reason: string = "termination"): Promise<void> {
    const [{ tells, ms, drains }, instance] = [this.profile.shutdown, this.#boot()];
    if (tells === "beforeunload") instance.beforeUnload(reason);
    // Drains what is detached from the process, as its handler of signals does, and nothing else.
    if (drains) await enter(undefined, () => processLifetime().drain({ deadline: ms }));
    else if (ms > 0) await Promise.race([this.settled(), new Promise<void>((over) => instance.at(ms, over))]);
    this.#exit("shutdown", EXIT_CODES[tells]);
  }

  /**
   * Has the host watch a promise that the handler which runs now leaves running without `waitUntil`.
   *
   * @param name A name for the report.
   * @param promise A promise that nobody awaits; its rejection goes where the host lets such errors go.
   * @returns The same promise.
   * @throws {TypeError} If no handler of this host runs.
   */
  track<P extends Promise<unknown>>(name: string, promise: P): P {
    const call = this.#current;
    if (!call) throw new TypeError(`Cannot track "${name}": call it in a handler that runs on this host`);
    call.track(name, promise);
    return promise;
  }

  /** The limit is reached now, whatever the clock says, by all that runs. */
  reachLimit(): void {
    if (this.profile.limit.origin === "isolate-start") this.#exit("limit");
    for (const call of this.#calls) call.cutOff("limit");
  }

  /**
   * Fulfills when every invocation is over, those that begin meanwhile included. Where the host is a plain process, that
   * is with their responses: what is detached runs on, and `processLifetime().drain()` waits for it.
   */
  async settled(): Promise<void> {
    for (const call of this.#calls) await call.ended;
  }

  /** What the host has seen so far. */
  report(): HostReport {
    return {
      calls: this.#calls.map((call) => call.report()),
      log: [...this.#log],
      ...this.#exitCode === undefined ? {} : { exitCode: this.#exitCode },
      instances: this.#instances,
    };
  }

  /** Ends it: what still runs is cut off, globals and timers are the test's again. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#exit("shutdown");
    isOpen = false;
  }

  /** The same as `close()`, for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  get #current(): Invocation<unknown> | undefined {
    return this.#calls.find(({ execution }) => execution === currentExecution());
  }

  /** Starts an instance, unless one runs. */
  #boot(): Instance {
    if (this.#isClosed) throw new TypeError("Cannot use a simulated host: it is closed");
    if (this.#instance) return this.#instance;
    this.#instances++;
    return this.#instance = new Instance(this.profile, {
      heap: this.#heap,
      context: () => this.#contexts.get(this.#current as Invocation<unknown>),
      hold: (work) => this.#current?.hold(work),
      limitReached: () => this.#exit("limit"),
    });
  }

  /** The instance ends, with all that runs in it. */
  #exit(by: CutBy, code?: number): void {
    this.#instance?.close();
    this.#instance = undefined;
    if (code !== undefined) this.#exitCode = code;
    for (const call of this.#calls) call.cutOff(by);
  }

  /** A new invocation, within which goes on what was frozen. */
  #begin<Call extends Invocation<unknown>>(call: Call): SimulatedContext {
    const context = contextOf(call);
    this.#contexts.set(call, globalContextOf(call, context, Date.now()));
    for (const other of this.#calls) other.thaw();
    this.#calls.push(call);
    void call.ended.then(() => {
      if (!this.#calls.some(({ state }) => state === "running")) this.#calls.forEach((other) => other.freeze());
    });
    return context;
  }
}
