/** What must not compile: each expected error fails this file when it goes away. */
import { contextKey, type Deadline, hedge, map, race, type Task, TaskScope } from "@taskscope/taskscope";

export function wrongUse(scope: TaskScope): void {
  // @ts-expect-error a detached task needs a deadline
  scope.spawnDetached(() => 1);
  // @ts-expect-error a detached task needs a deadline
  scope.spawnDetached(() => 1, {});
  // @ts-expect-error a detached task needs a deadline
  scope.spawnDetached(() => 1, { name: "audit" });
  // @ts-expect-error a deadline is not a string
  scope.spawnDetached(() => 1, { deadline: "10 minutes" });
  // @ts-expect-error a shield needs a deadline
  void scope.shield(() => 1);
  // @ts-expect-error a shield needs a deadline
  void scope.shield(() => 1, {});
  // @ts-expect-error there is no such option
  scope.spawn(() => 1, { timeout: 5 });
  // @ts-expect-error there is no such policy
  void TaskScope.run(() => 1, { policy: "failfast" });
  // @ts-expect-error a lifetime has waitUntil
  void TaskScope.run(() => 1, { lifetime: {} });
  // @ts-expect-error a function is needed
  scope.spawn(1);
  // @ts-expect-error the members of a scope are read-only
  scope.signal = new AbortController().signal;
  // @ts-expect-error a duration has no days
  const days: Deadline = { days: 1 };
  // @ts-expect-error hedge needs a delay
  void hedge(scope, () => 1, {});
  // @ts-expect-error handles are made by spawn
  new (null as unknown as typeof Task)();
  // @ts-expect-error the value has the type of the key
  contextKey<string>("trace-id").with(5);
  // @ts-expect-error functions are needed
  void race(scope, [1]);
  // @ts-expect-error 5 is not iterable
  void map(scope, 5, (item) => item);
  void days;
}
