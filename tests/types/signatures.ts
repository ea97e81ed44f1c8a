/** What helps people in the parentheses of a call: `tools/editor/marks.ts` says how the marks are read. */
import { contextKey, hedge, map, processLifetime, race, retry, TaskScope } from "@taskscope/taskscope";
import { cloudflareLifetime } from "@taskscope/taskscope/cloudflare";
import { defineTask, inProcessEngine, type TaskSchema, worker } from "@taskscope/taskscope/durable";
import { detachRequest, propagate, scoped } from "@taskscope/taskscope/http";
import { formatTree, inspector } from "@taskscope/taskscope/inspect";
import type { Operations } from "@taskscope/taskscope/operations";
import { operationsClient } from "@taskscope/taskscope/operations/client";
import { denoKvStore, type KvLike } from "@taskscope/taskscope/operations/deno-kv";
import { instrument } from "@taskscope/taskscope/otel";
import { SimulatedHost } from "@taskscope/taskscope/testing";

declare const scope: TaskScope;
declare const schema: TaskSchema<number, number>;
declare const operations: Operations;
declare const request: Request;
declare const kv: KvLike;

void TaskScope.run(() => 1);
//                 ^( run(body: TaskFunction<number>, options?: TaskScopeOptions): Promise<number>
//                    body: Receives the scope.
//                    options: See TaskScopeOptions.
new TaskScope({});
//            ^( TaskScope(options?: TaskScopeOptions): TaskScope
//               options: See TaskScopeOptions.
scope.spawn(() => 1, {});
//          ^( spawn(fn: TaskFunction<number>, options?: SpawnOptions): Task<number>
//             fn: Receives a scope of its own.
//             options: See SpawnOptions.
scope.spawnDetached(() => 1, { deadline: 5 });
//                  ^( spawnDetached(fn: TaskFunction<number>, options: DetachedOptions): DetachedTask<number>
//                     fn: Receives a scope of its own.
//                     options: The deadline is required and fresh; see DetachedOptions.
void scope.shield(() => 1, { deadline: 5 });
//                ^( shield(fn: TaskFunction<number>, options: ShieldOptions): Promise<number>
//                   fn: Receives a scope of its own.
//                   options: The deadline is required; see ShieldOptions.
scope.defer(() => {});
//          ^( defer(fn: () => unknown): void
//             fn: May be async.
scope.use(null);
//        ^( use(resource: null): null
//           resource: Something with `[Symbol.asyncDispose]` or `[Symbol.dispose]`, or `null` or `undefined`.
scope.cancel("reason");
//           ^( cancel(reason?: unknown): void
//              reason: What every signal below aborts with, by identity; by default a `CancelReason` of kind `canceled`.
void scope.sleep(5);
//               ^( sleep(ms: number): Promise<void>
//                  ms: In milliseconds.
scope.timeoutSignal(5);
//                  ^( timeoutSignal(ms: number): AbortSignal
//                     ms: In milliseconds.
scope.get(contextKey<string>("trace-id"));
//                           ^( contextKey(name: string): ContextKey<string>
//                              name: What people see.
void race(scope, [() => 1]);
//        ^( race(scope: TaskScope, fns: readonly [TaskFunction<number>]): Promise<number>
//           scope: The scope to run in.
//           fns: At least one function; each receives a scope of its own.
void map(scope, [1], (item) => item);
//       ^( map(scope: TaskScope, source: Iterable<number> | AsyncIterable<number>, fn: Mapper<number, number>, options?: MapOptions): Promise<number[]>
//          scope: The scope to run in.
//          source: A sync or async iterable; an async one is asked for one item at a time.
//          fn: Receives the item, a scope of its own, and the index.
//          options: See MapOptions.
void retry(scope, () => 1);
//         ^( retry(scope: TaskScope, fn: TaskFunction<number>, options?: RetryOptions): Promise<number>
//            scope: The scope to run in.
//            fn: Receives a scope of its own.
//            options: See RetryOptions.
void hedge(scope, () => 1, { delay: 5 });
//         ^( hedge(scope: TaskScope, fn: TaskFunction<number>, options: HedgeOptions): Promise<number>
//            scope: The scope to run in.
//            fn: Must be safe to run more than once; receives a scope of its own.
//            options: See HedgeOptions.
void processLifetime().drain({ deadline: 5 });
//                           ^( drain(options: DrainOptions): Promise<DrainReport>
//                              options: The deadline, in which the drain has to end.
const task = defineTask("task", schema, (_scope, n) => n);
//                      ^( defineTask(name: string, schema: TaskSchema<number, number>, fn: DurableFunction<number, number>, options?: TaskOptions): DurableTask<number, number, number>
//                         name: The same for producers and workers.
//                         schema: Any Standard Schema, of zod for example.
//                         fn: See DurableFunction.
//                         options: See TaskOptions.
scope.spawnDetached(task, 1, { deadline: 5 });
//                        ^( spawnDetached(task: HandoffTask<number, SpawnDurableOptions, DurableHandle<number>, never, unknown>, input: number, options: NoInfer<SpawnDurableOptions>): DurableHandle<number>
//                           task: Made with `defineTask`.
//                           input: What the task's schema takes.
//                           options: The deadline is required.
scope.handoff(task, 1, { deadline: 5 });
//            ^( handoff(task: HandoffTask<number, never, unknown, HandoffOptions, HandedOffTask<number>>, input: number, options: NoInfer<HandoffOptions>): HandedOffTask<number>
//               task: Made with `defineTask`.
//               input: What the task's schema takes.
//               options: The deadline is required; see `./durable`.
worker([task], inProcessEngine());
//     ^( worker(tasks: readonly AnyDurableTask[], engine: Engine, options?: WorkerOptions): TaskWorker
//        tasks: What it can run.
//        engine: Where it takes messages from.
//        options: See WorkerOptions.
scoped(() => new Response());
//     ^( scoped(handler: ScopedHandler<[]>, options?: ScopedOptions): (request: Request) => Promise<Response>
//        handler: Receives the request, the scope, and what else the platform passes.
//        options: See ScopedOptions.
void detachRequest(request, scope);
//                 ^( detachRequest(request: Request, owner: AbortSignal | { readonly signal: AbortSignal; }, options?: DetachRequestOptions): Promise<Request>
//                    request: A request that has not been answered.
//                    owner: Whose signal the copy has: the scope of a detached task, or a signal.
//                    options: See DetachRequestOptions.
propagate(scope);
//        ^( propagate(scope: TaskScope, headers?: RequestInit["headers"]): Headers
//           scope: The scope that makes the call.
//           headers: Headers to start from; not changed.
void operations.start(scope, { name: "video", request, deadline: 5 }, () => 1);
//                    ^( start(scope: TaskScope, options: StartOptions<undefined>, fn: OperationFunction<undefined, number>): Promise<Response>
//                       scope: The scope of the request.
//                       options: See StartOptions.
//                       fn: Receives its own scope, the validated input, and what tells the progress.
void operationsClient("https://api.example.com").start("/videos");
//                    ^( operationsClient(baseUrl: string | URL, options?: OperationsClientOptions): OperationsClient
//                       baseUrl: Where the server is, such as `https://api.example.com`; in a browser, `/` is the page's own.
//                       options: See OperationsClientOptions.
denoKvStore(kv);
//          ^( denoKvStore(kv: KvLike, options?: DenoKvStoreOptions): OperationStore
//             kv: What `Deno.openKv()` gives. Closing it is up to you.
//             options: See DenoKvStoreOptions.
formatTree(scope);
//         ^( formatTree(source: HasTree | Lifetime | ScopeTree | readonly ScopeTree[], options?: FormatTreeOptions): string
//            source: A scope, a lifetime that lists its tasks (`processLifetime()`), or what `tree()` returned.
//            options: See FormatTreeOptions.
inspector(processLifetime());
//        ^( inspector(lifetime: Lifetime, options?: InspectorOptions): Inspector
//           lifetime: What keeps detached work alive; its deadline and the number of its pending tasks are shown.
//           options: See InspectorOptions.
instrument({});
//         ^( instrument(options?: InstrumentOptions): Instrumentation
//            options: See InstrumentOptions.
new SimulatedHost("cloudflare").track("metrics", Promise.resolve());
//                ^( SimulatedHost(profile: ProfileName | HostProfile, overrides?: HostOverrides): SimulatedHost
//                   profile: The name of a host, or a profile of your own.
//                   overrides: Parts of the profile, `limits`, `trigger`, `plan` and `env`.
//                                    ^( track(name: string, promise: Promise<void>): Promise<void>
//                                       name: A name for the report.
//                                       promise: A promise that nobody awaits; its rejection goes where the host lets such errors go.
cloudflareLifetime({ waitUntil() {} });
//                 ^( cloudflareLifetime(ctx: WaitUntilHost, options?: CloudflareOptions): PlatformLifetime
//                    ctx: The third argument of `fetch`, `scheduled` and `queue`, or `this.ctx` of a Durable Object.
//                    options: Trigger and limits.
