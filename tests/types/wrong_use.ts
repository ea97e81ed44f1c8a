/**
 * What must not compile, and what the compiler says of it: each line is wrong in one way, and its message is written
 * below its place, as `tools/editor/marks.ts` says.
 */
import {
  asCompleted,
  contextKey,
  type Deadline,
  hedge,
  map,
  processLifetime,
  race,
  type Task,
  TaskScope,
} from "@taskscope/taskscope";

declare const address: URL;

export function wrongUse(scope: TaskScope): void {
  // @ts-expect-error a detached task needs a deadline
  scope.spawnDetached(() => 1);
  //                  ^! Argument of type '() => number' is not assignable to parameter of type 'TaskFunction<number> & "the deadline is missing: spawnDetached(fn, { deadline })"'.
  //                       Type '() => number' is not assignable to type '"the deadline is missing: spawnDetached(fn, { deadline })"'.
  // @ts-expect-error its other parameters are known all the same
  scope.spawnDetached(({ signal }) => fetch(address, { signal }));
  //                  ^! Argument of type '({ signal }: TaskScope) => Promise<Response>' is not assignable to parameter of type 'TaskFunction<unknown> & "the deadline is missing: spawnDetached(fn, { deadline })"'.
  //                       Type '({ signal }: TaskScope) => Promise<Response>' is not assignable to type '"the deadline is missing: spawnDetached(fn, { deadline })"'.
  // @ts-expect-error a detached task needs a deadline
  scope.spawnDetached(() => 1, {});
  //                           ^! Argument of type '{}' is not assignable to parameter of type 'DetachedOptions'.
  //                                Property 'deadline' is missing in type '{}' but required in type 'DetachedOptions'.
  // @ts-expect-error a detached task needs a deadline
  scope.spawnDetached(() => 1, { name: "audit" });
  //                           ^! Argument of type '{ name: string; }' is not assignable to parameter of type 'DetachedOptions'.
  //                                Property 'deadline' is missing in type '{ name: string; }' but required in type 'DetachedOptions'.
  // @ts-expect-error an option that may be missing is not a deadline
  scope.spawnDetached(() => 1, { deadline: undefined });
  //                             ^! Type 'undefined' is not assignable to type 'Deadline'.
  // @ts-expect-error a deadline is not a string
  scope.spawnDetached(() => 1, { deadline: "10 minutes" });
  //                             ^! Type 'string' is not assignable to type 'Deadline'.
  // @ts-expect-error minutes are many
  scope.spawnDetached(() => 1, { deadline: { minute: 10 } });
  //                                         ^! Object literal may only specify known properties, and 'minute' does not exist in type 'Pick<Date, "getTime"> | DurationParts | InstantLike | TemporalDurationLike'.
  // @ts-expect-error the name of the option is misspelled
  scope.spawnDetached(() => 1, { dedline: 5 });
  //                             ^! Object literal may only specify known properties, but 'dedline' does not exist in type 'DetachedOptions'. Did you mean to write 'deadline'?
  // @ts-expect-error only a task of defineTask can be handed off
  scope.spawnDetached(() => 1, { deadline: 5, onExceed: "handoff" });
  //                                          ^! Type '"handoff"' is not assignable to type '"reject" | "clamp" | undefined'.
  // @ts-expect-error a function is needed, not its promise
  scope.spawnDetached(fetch(address), { deadline: 5 });
  //                  ^! Argument of type 'Promise<Response>' is not assignable to parameter of type 'TaskFunction<unknown>'.
  //                       Type 'Promise<Response>' provides no match for the signature '(scope: TaskScope): unknown'.
  // @ts-expect-error a shield needs a deadline
  void scope.shield(() => 1);
  //                ^! Argument of type '() => number' is not assignable to parameter of type 'TaskFunction<number> & "the deadline is missing: shield(fn, { deadline })"'.
  //                     Type '() => number' is not assignable to type '"the deadline is missing: shield(fn, { deadline })"'.
  // @ts-expect-error a shield needs a deadline
  void scope.shield(() => 1, {});
  //                         ^! Argument of type '{}' is not assignable to parameter of type 'ShieldOptions'.
  //                              Property 'deadline' is missing in type '{}' but required in type 'ShieldOptions'.
  // @ts-expect-error null is no deadline
  void scope.shield(() => 1, { deadline: null });
  //                           ^! Type 'null' is not assignable to type 'Deadline'.
  // @ts-expect-error there is no such option
  scope.spawn(() => 1, { timeout: 5 });
  //                     ^! Object literal may only specify known properties, and 'timeout' does not exist in type 'SpawnOptions'.
  // @ts-expect-error a function is needed
  scope.spawn(1);
  //          ^! Argument of type 'number' is not assignable to parameter of type 'TaskFunction<unknown>'.
  // @ts-expect-error a function receives its scope
  scope.spawn((id: string) => id);
  //          ^! Argument of type '(id: string) => string' is not assignable to parameter of type 'TaskFunction<string>'.
  //               Types of parameters 'id' and 'scope' are incompatible.
  //                 Type 'TaskScope' is not assignable to type 'string'.
  // @ts-expect-error values are bound to keys
  scope.spawn(() => 1, { context: [1] });
  //                               ^! Type 'number' is not assignable to type 'ContextBinding'.
  // @ts-expect-error the value has the type of the key
  contextKey<string>("trace-id").with(5);
  //                                  ^! Argument of type 'number' is not assignable to parameter of type 'string'.
  // @ts-expect-error a key is needed, not its name
  scope.get("trace-id");
  //        ^! Argument of type 'string' is not assignable to parameter of type 'ContextKey<unknown>'.
  // @ts-expect-error there is no such policy
  void TaskScope.run(() => 1, { policy: "failfast" });
  //                            ^! Type '"failfast"' is not assignable to type '"failFast" | "supervise" | undefined'. Did you mean '"failFast"'?
  // @ts-expect-error a lifetime has waitUntil
  void TaskScope.run(() => 1, { lifetime: {} });
  //                            ^! Property 'waitUntil' is missing in type '{}' but required in type 'Lifetime'.
  // @ts-expect-error the signal is needed, not its controller
  void TaskScope.run(() => 1, { signal: new AbortController() });
  //                            ^! Type 'AbortController' is not assignable to type 'AbortSignal | readonly AbortSignal[] | undefined'.
  // @ts-expect-error the name of the hook is misspelled
  void TaskScope.run(() => 1, { observer: { onSpwan() {} } });
  //                                        ^! Object literal may only specify known properties, but 'onSpwan' does not exist in type 'Observer'. Did you mean to write 'onSpawn'?
  // @ts-expect-error a grace is a number of milliseconds
  void TaskScope.run(() => 1, { grace: { seconds: 1 } });
  //                            ^! Type '{ seconds: number; }' is not assignable to type 'number'.
  // @ts-expect-error a sleep is a number of milliseconds
  void scope.sleep({ seconds: 1 });
  //               ^! Argument of type '{ seconds: number; }' is not assignable to parameter of type 'number'.
  // @ts-expect-error a promise is needed
  void scope.abortable(() => 1);
  //                   ^! Argument of type '() => number' is not assignable to parameter of type 'PromiseLike<unknown>'.
  // @ts-expect-error it can be disposed of
  scope.use({});
  //        ^! Argument of type '{}' is not assignable to parameter of type 'Disposable | AsyncDisposable | null | undefined'.
  // @ts-expect-error the members of a scope are read-only
  scope.signal = new AbortController().signal;
  //    ^! Cannot assign to 'signal' because it is a read-only property.
  // @ts-expect-error a task is not its value
  const value: number = scope.spawn(() => 1);
  //    ^! Type 'Task<number>' is not assignable to type 'number'.
  // @ts-expect-error a duration has no days
  const days: Deadline = { days: 1 };
  //                       ^! Object literal may only specify known properties, and 'days' does not exist in type 'Pick<Date, "getTime"> | DurationParts | InstantLike | TemporalDurationLike'.
  // @ts-expect-error hedge needs a delay
  void hedge(scope, () => 1, {});
  //                         ^! Argument of type '{}' is not assignable to parameter of type 'HedgeOptions'.
  //                              Property 'delay' is missing in type '{}' but required in type 'HedgeOptions'.
  // @ts-expect-error handles are made by spawn
  void new (null as unknown as typeof Task)();
  //   ^! Constructor of class 'Task<T>' is protected and only accessible within the class declaration.
  // @ts-expect-error functions are needed
  void race(scope, [1]);
  //                ^! Type 'number' is not assignable to type 'TaskFunction<unknown>'.
  // @ts-expect-error the scope comes first
  void race([() => 1]);
  //   ^! Expected 2 arguments, but got 1.
  // @ts-expect-error 5 is not iterable
  void map(scope, 5, (item) => item);
  //              ^! Argument of type 'number' is not assignable to parameter of type 'Iterable<unknown> | AsyncIterable<unknown>'.
  // @ts-expect-error the name of the option is misspelled
  void map(scope, [1], (item) => item, { concurency: 4 });
  //                                     ^! Object literal may only specify known properties, but 'concurency' does not exist in type 'MapOptions'. Did you mean to write 'concurrency'?
  // @ts-expect-error tasks are needed, not functions
  asCompleted([() => 1]);
  //           ^! Type '() => number' is not assignable to type 'Task<unknown>'.
  // @ts-expect-error a drain needs a deadline
  void processLifetime().drain({});
  //                           ^! Argument of type '{}' is not assignable to parameter of type 'DrainOptions'.
  //                                Property 'deadline' is missing in type '{}' but required in type 'DrainOptions'.
  // @ts-expect-error scopes are closed asynchronously
  using closed = scope;
  //             ^! The initializer of a 'using' declaration must be either an object with a '[Symbol.dispose]()' method, or be 'null' or 'undefined'.
  //                  Property '[Symbol.dispose]' is missing in type 'TaskScope' but required in type 'Disposable'.
  void [value, days, closed];
}
