/** As `wrong_use.ts`, of tasks that are handed off. */
import { contextKey, type TaskScope } from "@taskscope/taskscope";
import {
  cancelTask,
  defineTask,
  handoffTo,
  inProcessEngine,
  type TaskSchema,
  transferable,
  worker,
} from "@taskscope/taskscope/durable";
import { memoryStore, type StandardSchema } from "@taskscope/taskscope/operations";

declare const schema: TaskSchema<{ id: string }, { id: number }>;
declare const numbers: StandardSchema<number>;
const Trace = contextKey<string>("trace");
const task = defineTask("send", schema, (_, { id }) => id);

export function wrongUse(scope: TaskScope): void {
  // @ts-expect-error the schema is missing
  void defineTask("send", () => 1);
  //   ^! Expected 3-4 arguments, but got 2.
  // @ts-expect-error a schema follows Standard Schema
  void defineTask("send", { type: "object" }, () => 1);
  //                        ^! Object literal may only specify known properties, and 'type' does not exist in type 'TaskSchema<unknown, unknown>'.
  // @ts-expect-error the schema makes no such field
  void defineTask("send", schema, (_, { name }) => name);
  //                                    ^! Property 'name' does not exist on type '{ id: number; }'.
  // @ts-expect-error the name of the option is misspelled
  void defineTask("send", schema, () => 1, { maxAttempt: 3 });
  //                                         ^! Object literal may only specify known properties, but 'maxAttempt' does not exist in type 'TaskOptions'. Did you mean to write 'maxAttempts'?
  // @ts-expect-error a key goes along once it is transferable
  void defineTask("send", schema, () => 1, { context: [Trace] });
  //                                                   ^! Type 'ContextKey<string>' is missing the following properties from type 'Transferable': key, schema
  // @ts-expect-error what goes along has a key
  transferable("trace");
  //           ^! Argument of type 'string' is not assignable to parameter of type 'ContextKey<unknown>'.
  // @ts-expect-error its schema is for another value
  transferable(Trace, { schema: numbers });
  //                    ^! Type 'StandardSchema<number>' is not assignable to type 'StandardSchema<string>'.
  //                         Type 'number' is not assignable to type 'string'.
  // @ts-expect-error the input is missing
  scope.spawnDetached(task, { deadline: 5 });
  //                  ^! Argument of type 'DurableTask<{ id: string; }, { id: number; }, number>' is not assignable to parameter of type 'TaskFunction<unknown>'.
  //                       Type 'DurableTask<{ id: string; }, { id: number; }, number>' provides no match for the signature '(scope: TaskScope): unknown'.
  // @ts-expect-error the input has another type
  scope.spawnDetached(task, { id: 1 }, { deadline: 5 });
  //                          ^! Type 'number' is not assignable to type 'string'.
  // @ts-expect-error a field of the input is missing
  scope.spawnDetached(task, {}, { deadline: 5 });
  //                        ^! Argument of type '{}' is not assignable to parameter of type '{ id: string; }'.
  //                             Property 'id' is missing in type '{}' but required in type '{ id: string; }'.
  // @ts-expect-error the deadline is missing
  scope.spawnDetached(task, { id: "1" }, {});
  //                                     ^! Argument of type '{}' is not assignable to parameter of type 'SpawnDurableOptions'.
  //                                          Property 'deadline' is missing in type '{}' but required in type 'SpawnDurableOptions'.
  // @ts-expect-error the options are missing
  scope.handoff(task, { id: "1" });
  //    ^! Expected 3 arguments, but got 2.
  // @ts-expect-error the deadline is missing
  scope.handoff(task, { id: "1" }, {});
  //                               ^! Argument of type '{}' is not assignable to parameter of type 'HandoffOptions'.
  //                                    Property 'deadline' is missing in type '{}' but required in type 'HandoffOptions'.
  // @ts-expect-error a deadline is not a string
  scope.handoff(task, { id: "1" }, { deadline: "1h" });
  //                                 ^! Type 'string' is not assignable to type 'Deadline'.
  // @ts-expect-error only a task of defineTask can be handed off
  scope.handoff(() => 1, { id: "1" }, { deadline: 5 });
  //            ^! Argument of type '() => number' is not assignable to parameter of type 'HandoffTask<unknown, never, unknown, unknown, unknown>'.
  // @ts-expect-error a store of operations is no engine
  handoffTo(memoryStore());
  //        ^! Argument of type 'OperationStore' is not assignable to parameter of type 'Engine'.
  //             Type 'OperationStore' is missing the following properties from type 'Engine': name, enqueue
  // @ts-expect-error tasks come first
  worker(inProcessEngine(), [task]);
  //     ^! Argument of type 'InProcessEngine' is not assignable to parameter of type 'readonly AnyDurableTask[]'.
  //          Type 'InProcessEngine' is missing the following properties from type 'readonly AnyDurableTask[]': length, concat, join, slice, and 26 more.
  // @ts-expect-error a worker runs tasks of defineTask
  worker([() => 1], inProcessEngine());
  //      ^! Type '() => number' is not assignable to type 'AnyDurableTask'.
  // @ts-expect-error a worker takes from an engine
  worker([task], memoryStore());
  //             ^! Argument of type 'OperationStore' is not assignable to parameter of type 'Engine'.
  //                  Type 'OperationStore' is missing the following properties from type 'Engine': name, enqueue
  // @ts-expect-error the name of the option is misspelled
  worker([task], inProcessEngine(), { concurency: 4 });
  //                                  ^! Object literal may only specify known properties, but 'concurency' does not exist in type 'WorkerOptions'. Did you mean to write 'concurrency'?
  // @ts-expect-error the name of the option is misspelled
  void cancelTask(inProcessEngine(), "id", { resaon: "changed" });
  //                                         ^! Object literal may only specify known properties, but 'resaon' does not exist in type 'CancelTaskOptions'. Did you mean to write 'reason'?
}
