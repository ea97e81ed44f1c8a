/** What an editor shows while people type: `tools/editor/marks.ts` says how the marks are read. */
import {
  any,
  asCompleted,
  contextKey,
  type Deadline,
  hedge,
  map,
  processLifetime,
  race,
  retry,
  TaskScope,
} from "@taskscope/taskscope";
import { defineTask, handoffTo, inProcessEngine, type TaskSchema, worker } from "@taskscope/taskscope/durable";
import { detachRequest, scoped } from "@taskscope/taskscope/http";
import { inspector, Recorder } from "@taskscope/taskscope/inspect";
import { memoryStore, Operations } from "@taskscope/taskscope/operations";
import { operationsClient } from "@taskscope/taskscope/operations/client";
import { instrument } from "@taskscope/taskscope/otel";
import { SimulatedHost } from "@taskscope/taskscope/testing";

interface User {
  readonly name: string;
}
declare function fetchUser(id: number, signal: AbortSignal): Promise<User>;
declare const schema: TaskSchema<{ id: string }, { id: number }>;

const TraceId = contextKey<string>("trace-id");
//                ^? contextKey<string>(name: string): ContextKey<string>
//                   Makes a key for values that belong to a scope and everything below it: children, shields and detached tasks.
export const deadline: Deadline = { seconds: 20 };
//                       ^? type Deadline = number | Pick<Date, "getTime"> | DurationParts | InstantLike | TemporalDurationLike
//                          The moment after which work must be over.
//                                  ^| epochMilliseconds getTime total hours milliseconds minutes seconds

export const page = TaskScope.run(async (scope) => {
  //                           ^? (method) TaskScope.run<number>(body: TaskFunction<number>, options?: TaskScopeOptions): Promise<number>
  //                              Runs a function in a new scope, and waits for everything it spawns.
  //                          ^| run apply arguments bind call caller length name prototype toString
  scope.name;
  //    ^| abortable cancel close counters deadline defer get handoff join name path remaining shield signal sleep spawn spawnDetached state suppressed timeoutSignal tree trySpawn use
  const user = scope.spawn(({ signal }) => fetchUser(1, signal), { name: "user" });
  //    ^? const user: Task<User>
  //                  ^? (method) TaskScope.spawn<User>(fn: TaskFunction<User>, options?: SpawnOptions): Task<User>
  //                     Starts a task that belongs to this scope.
  //                          ^? (parameter) signal: AbortSignal
  //                             Aborts when the scope is canceled or fails; made on first use.
  //                                                               ^| context deadline name
  const audit = scope.spawnDetached((task) => task.get(TraceId), { deadline: { minutes: 10 } });
  //    ^? const audit: DetachedTask<string | undefined>
  //                    ^? (method) TaskScope.spawnDetached<string | undefined>(fn: TaskFunction<string | undefined>, options: DetachedOptions): DetachedTask<string | undefined> (+2 overloads)
  //                       Starts a task that may outlive this scope and the request, but never its deadline.
  //                                   ^? (parameter) task: TaskScope
  //                                               ^| abortable cancel close counters deadline defer get handoff join name path remaining shield signal sleep spawn spawnDetached state suppressed timeoutSignal tree trySpawn use
  //                                                               ^| deadline context inheritDeadline margin name onExceed
  //                                                                           ^| epochMilliseconds getTime total hours milliseconds minutes seconds
  const written = await scope.shield(() => "written", { deadline: 5_000 });
  //    ^? const written: string
  //                            ^? (method) TaskScope.shield<string>(fn: TaskFunction<string>, options: ShieldOptions): Promise<string> (+1 overload)
  //                               Runs work that outer cancellation and outer deadlines do not reach; the scope waits for it.
  //                                                    ^| deadline context name
  const outcome = await user.outcome;
  //    ^? const outcome: Outcome<User>
  //                         ^| cancel catch detached finally late name outcome path state then
  scope.defer(() => console.log(written, audit.deadline, outcome.state));
  //      ^? (method) TaskScope.defer(fn: () => unknown): void
  //         Registers cleanup: called when the scope's tasks have ended, last in first out, on every path, each within `grace`.
  //                                             ^? (property) DetachedTask<T>.deadline: Date
  //                                                When the task must be over.
  const answer = await scope.abortable(Promise.resolve(1));
  //                           ^? (method) TaskScope.abortable<number>(promise: PromiseLike<number>): Promise<number>
  //                              Waits for a promise, at most until the scope is canceled.
  const fastest = await race(scope, [() => 1, () => "one"]);
  //    ^? const fastest: string | number
  //                     ^? race<[number, string]>(scope: TaskScope, fns: readonly [TaskFunction<number>, TaskFunction<string>]): Promise<string | number>
  //                        The first to end decides: its value is the result, its failure is thrown.
  const names = await map(scope, [1, 2], (id, { signal }) => fetchUser(id, signal), { concurrency: 2 });
  //    ^? const names: User[]
  //                  ^? map<number, User>(scope: TaskScope, source: Iterable<number> | AsyncIterable<number>, fn: Mapper<number, User>, options?: MapOptions): Promise<User[]>
  //                     Calls a function for each item, and returns the results in the order of the source.
  //                                                                                  ^| concurrency
  const either = await any(scope, [() => 1, () => 2]);
  //                   ^? any<[number, number]>(scope: TaskScope, fns: readonly [TaskFunction<number>, TaskFunction<number>]): Promise<number>
  //                      The first success wins; failures only count when all have failed.
  const tried = await retry(scope, ({ signal }) => fetchUser(1, signal), { maxAttempts: 3 });
  //                    ^? retry<User>(scope: TaskScope, fn: TaskFunction<User>, options?: RetryOptions): Promise<User>
  //                       Tries until it succeeds, with exponential backoff and full jitter (as `retry` of `@std/async`).
  //                                                                       ^| isRetriable jitter maxAttempts maxTimeout minTimeout multiplier
  const hedged = await hedge(scope, () => 1, { delay: 50 });
  //                     ^? hedge<number>(scope: TaskScope, fn: TaskFunction<number>, options: HedgeOptions): Promise<number>
  //                        Starts the work again beside itself when it is slow, and takes the first success.
  for await (const { task } of asCompleted([user])) console.log(task.path);
  //                              ^? asCompleted<Task<User>>(tasks: readonly Task<User>[] | Iterable<Task<User>>): AsyncGenerator<Completed<User>, void, void>
  //                                 The tasks in the order in which they end.
  return [answer, fastest, names, either, tried, hedged].length;
}, { deadline: 2_000, name: "page", context: [TraceId.with("abc")] });
//   ^| concurrency deadline errors grace lifetime note observer policy signal

export const send = defineTask("send", schema, (task, { id }, run) => task.once("mail", () => id + run.attempt));
//            ^? const send: DurableTask<{
//                   id: string;
//               }, {
//                   id: number;
//               }, number>
//                    ^? defineTask<{
//                           id: string;
//                       }, {
//                           id: number;
//                       }, number>(name: string, schema: TaskSchema<{
//                           id: string;
//                       }, {
//                           id: number;
//                       }>, fn: DurableFunction<{
//                           id: number;
//                       }, number>, options?: TaskOptions): DurableTask<{
//                           id: string;
//                       }, {
//                           id: number;
//                       }, number>
//                       Defines a task that can run here or be handed to an engine; producers and workers share the definition.
//                                                                         ^? (method) TaskRun.once<number>(key: string, fn: TaskFunction<number>): Promise<number>
//                                                                            Does a step whose effect should not be repeated by the next attempt, and gives its value, here and in later attempts.
//                                                                                                     ^| attempt key once progress

export const handler = scoped((request, scope) => {
  //           ^? const handler: (request: Request) => Promise<Response>
  //                     ^? scoped<[]>(handler: ScopedHandler<[]>, options?: ScopedOptions): (request: Request) => Promise<Response>
  //                        Opens a scope for each request of a handler, and gives it to the handler.
  //                               ^? (parameter) request: Request
  const handle = scope.spawnDetached(send, { id: "1" }, { deadline: { hours: 1 }, onExceed: "handoff" });
  //    ^? const handle: DurableHandle<number>
  //                     ^? (method) TaskScope.spawnDetached<{
  //                            id: string;
  //                        }, SpawnDurableOptions, DurableHandle<number>>(task: HandoffTask<{
  //                            id: string;
  //                        }, SpawnDurableOptions, DurableHandle<number>, never, unknown>, input: NoInfer<{
  //                            id: string;
  //                        }>, options: NoInfer<SpawnDurableOptions>): DurableHandle<number> (+2 overloads)
  //                        Runs a task of `./durable` here if its deadline fits, and hands it to an engine if it does not and `onExceed: "handoff"` allows it.
  //                                         ^| id
  //                                                      ^| deadline context engine inheritDeadline key margin name
  const handed = scope.handoff(send, { id: "1" }, { deadline: { hours: 1 } });
  //    ^? const handed: HandedOffTask<number>
  //                     ^? (method) TaskScope.handoff<{
  //                            id: string;
  //                        }, HandoffOptions, HandedOffTask<number>>(task: HandoffTask<{
  //                            id: string;
  //                        }, never, unknown, HandoffOptions, HandedOffTask<number>>, input: NoInfer<{
  //                            id: string;
  //                        }>, options: NoInfer<HandoffOptions>): HandedOffTask<number>
  //                        Hands a task of `./durable` to an engine, wherever its deadline would fit.
  scope.spawnDetached(async (task) => (await detachRequest(request, task)).text(), { deadline: 1_000 });
  //                                           ^? detachRequest(request: Request, owner: AbortSignal | {
  //                                                  readonly signal: AbortSignal;
  //                                              }, options?: DetachRequestOptions): Promise<Request>
  //                                              Copies a request for work that goes on after the response.
  return Response.json([handle.key, handed.key]);
}, { context: [handoffTo(inProcessEngine())] });
//                ^? handoffTo(engine: Engine, options?: HandoffToOptions): ContextBinding
//                   Says to which engine a scope and everything below it hands tasks.
//   ^| context currentScope deadline deadlineHeader grace lifetime name observer onError

export const running = worker([send], inProcessEngine(), { concurrency: 4 });
//             ^? const running: TaskWorker
//                       ^? worker(tasks: readonly AnyDurableTask[], engine: Engine, options?: WorkerOptions): TaskWorker
//                          Takes messages from an engine and runs their tasks, each in a scope with the deadline it was handed off with.
//                                                         ^| concurrency context grace keep lease lifetime maxResult observer onEnd onError onRetry operations poll signal signals taskGrace
export const operations = new Operations({ store: memoryStore() });
//                               ^? new Operations(options: OperationsOptions): Operations
//                                  One for the process; others may share its store.
//                                         ^| store keepAlive lease limits onError owner path poll showErrors
operations.counters;
//         ^| counters handle start
export const video = operationsClient("https://api.example.com").start<User>("/videos", { json: { id: 1 } });
//             ^? const video: Promise<RemoteOperation<User>>
//                      ^? operationsClient(baseUrl: string | URL, options?: OperationsClientOptions): OperationsClient
//                         Makes a client for the operations of a server.
//                                                                                        ^| body headers idempotencyKey json method result signal
export const recorder = new Recorder({ capacity: 1_000 });
//                             ^? new Recorder(options?: RecorderOptions): Recorder
//                                Makes a recorder; it does nothing yet.
//                                     ^| capacity stacks
recorder.clear();
//       ^| clear dropped events recording start stop subscribe
export const live = inspector(processLifetime(), { guard: () => true });
//                     ^? inspector(lifetime: Lifetime, options?: InspectorOptions): Inspector
//                        A live page of all scopes and tasks in this process, as a request handler: mount it where you like.
//                                 ^? processLifetime(options?: ProcessLifetimeOptions): ProcessLifetime
//                                    The lifetime of this process: the one that scopes without a `lifetime` option use.
//                                                 ^| cancel guard keepAlive patience recorder stacks warnings
export const telemetry = instrument({ metrics: false });
//                            ^? instrument(options?: InstrumentOptions): Instrumentation
//                               Instruments every scope of this process from now on.
//                                    ^| attributes exceptions lifetime meter metricNames metrics scopes spans tracer
export const host = new SimulatedHost("cloudflare", { env: {} });
//                          ^? new SimulatedHost(profile: ProfileName | HostProfile, overrides?: HostOverrides): SimulatedHost
//                             Opens a host.
//                                                    ^| detectsHangs endsOnDisconnect env heldErrors limits looseErrors passes plan platform requestAfter shutdown signal trigger unheld waitUntil
host.settled();
//   ^| close fetch invoke observer profile reachLimit report settled shutdown track
