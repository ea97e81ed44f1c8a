/** As `wrong_use.ts`, of all that stands on the core but hand-off. */
import type { TaskScope } from "@taskscope/taskscope";
import { cloudflareLifetime } from "@taskscope/taskscope/cloudflare";
import { detachRequest, scoped } from "@taskscope/taskscope/http";
import { inspector, Recorder, renderTimeline } from "@taskscope/taskscope/inspect";
import { toNodeListener } from "@taskscope/taskscope/node";
import { Operations } from "@taskscope/taskscope/operations";
import { operationsClient } from "@taskscope/taskscope/operations/client";
import { denoKvStore } from "@taskscope/taskscope/operations/deno-kv";
import { postgresStore } from "@taskscope/taskscope/operations/postgres";
import { unstorageStore } from "@taskscope/taskscope/operations/unstorage";
import { instrument } from "@taskscope/taskscope/otel";
import { assertConserved, SimulatedHost } from "@taskscope/taskscope/testing";

declare const operations: Operations;

export function wrongUse(scope: TaskScope, request: Request): void {
  // @ts-expect-error a handler returns a response
  void scoped(() => "hello");
  //                ^! Type 'string' is not assignable to type 'Response | PromiseLike<Response>'.
  // @ts-expect-error a handler returns a response
  void scoped(() => {});
  //          ^! Argument of type '() => void' is not assignable to parameter of type 'ScopedHandler<[]>'.
  //               Type 'void' is not assignable to type 'Response | PromiseLike<Response>'.
  // @ts-expect-error the request comes first
  void scoped((scope) => scope.spawn(() => new Response()));
  //                           ^! Property 'spawn' does not exist on type 'Request'.
  // @ts-expect-error there is no such option
  void scoped(() => new Response(), { timeout: 5 });
  //                                  ^! Object literal may only specify known properties, and 'timeout' does not exist in type 'ScopedOptions'.
  // @ts-expect-error a lifetime has waitUntil
  void scoped(() => new Response(), { lifetime: {} });
  //                                  ^! Property 'waitUntil' is missing in type '{}' but required in type 'Lifetime'.
  // @ts-expect-error a deadline is not a string
  void scoped(() => new Response(), { deadline: "30s" });
  //                                  ^! Type 'string' is not assignable to type 'Deadline | undefined'.
  // @ts-expect-error whose signal it has is missing
  void detachRequest(request, { body: "tee" });
  //                            ^! Object literal may only specify known properties, and 'body' does not exist in type 'AbortSignal | { readonly signal: AbortSignal; }'.
  // @ts-expect-error the client needs a server
  void operationsClient();
  //   ^! Expected 1-2 arguments, but got 0.
  // @ts-expect-error the name of the option is misspelled
  void operationsClient("/", { attempt: 3 });
  //                           ^! Object literal may only specify known properties, but 'attempt' does not exist in type 'OperationsClientOptions'. Did you mean to write 'attempts'?
  // @ts-expect-error the input of a start is its json
  void operationsClient("/").start("/videos", { input: 1 });
  //                                            ^! Object literal may only specify known properties, and 'input' does not exist in type 'StartRequest<unknown>'.
  // @ts-expect-error a store is needed
  void new Operations({});
  //                  ^! Argument of type '{}' is not assignable to parameter of type 'OperationsOptions'.
  //                       Property 'store' is missing in type '{}' but required in type 'OperationsOptions'.
  // @ts-expect-error a Map is no store
  void new Operations({ store: new Map() });
  //                    ^! Type 'Map<any, any>' is missing the following properties from type 'OperationStore': atomic, create, compareAndSet, count, list
  // @ts-expect-error the deadline is missing
  void operations.start(scope, { name: "video", request }, () => 1);
  //                           ^! Argument of type '{ name: string; request: Request; }' is not assignable to parameter of type 'StartOptions<undefined>'.
  //                                Property 'deadline' is missing in type '{ name: string; request: Request; }' but required in type 'StartOptions<undefined>'.
  // @ts-expect-error a client of Deno KV is needed
  void denoKvStore(new Map());
  //               ^! Argument of type 'Map<any, any>' is not assignable to parameter of type 'KvLike'.
  //                    Type 'Map<any, any>' is missing the following properties from type 'KvLike': list, atomic
  // @ts-expect-error a client of postgres is needed, not its address
  void postgresStore("postgres://localhost");
  //                 ^! Argument of type 'string' is not assignable to parameter of type 'SqlLike'.
  // @ts-expect-error a storage of unstorage is needed
  void unstorageStore({});
  //                  ^! Argument of type '{}' is not assignable to parameter of type 'StorageLike'.
  //                       Type '{}' is missing the following properties from type 'StorageLike': getItem, setItem, removeItem, getKeys
  // @ts-expect-error the context of the invocation is needed
  void cloudflareLifetime(request);
  //                      ^! Argument of type 'Request' is not assignable to parameter of type 'WaitUntilHost'.
  //                           Property 'waitUntil' is missing in type 'Request' but required in type 'WaitUntilHost'.
  // @ts-expect-error a handler of Node returns a response, too
  void toNodeListener(() => "hello");
  //                        ^! Type 'string' is not assignable to type 'Response | Promise<Response>'.
  // @ts-expect-error the name of the option is misspelled
  void new Recorder({ capcity: 5 });
  //                  ^! Object literal may only specify known properties, but 'capcity' does not exist in type 'RecorderOptions'. Did you mean to write 'capacity'?
  // @ts-expect-error the page is of a lifetime, not of a scope
  void inspector(scope);
  //             ^! Argument of type 'TaskScope' is not assignable to parameter of type 'Lifetime'.
  //                  Property 'waitUntil' is missing in type 'TaskScope' but required in type 'Lifetime'.
  // @ts-expect-error the events of the recorder are needed
  void renderTimeline(new Recorder());
  //                  ^! Argument of type 'Recorder' is not assignable to parameter of type 'Iterable<LifecycleEvent>'.
  //                       Property '[Symbol.iterator]' is missing in type 'Recorder' but required in type 'Iterable<LifecycleEvent>'.
  // @ts-expect-error a tracer starts spans
  void instrument({ tracer: {} });
  //                ^! Property 'startSpan' is missing in type '{}' but required in type 'TracerLike'.
  // @ts-expect-error there is no such host
  void new SimulatedHost("cloudfare");
  //                     ^! Argument of type '"cloudfare"' is not assignable to parameter of type 'ProfileName | HostProfile'.
  // @ts-expect-error a scope has counters
  assertConserved({});
  //              ^! Argument of type '{}' is not assignable to parameter of type 'CountedScope'.
  //                   Type '{}' is missing the following properties from type 'CountedScope': counters, path, tree
}
