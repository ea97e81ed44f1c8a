/** What the compiler must know without being told. */
import {
  any,
  asCompleted,
  contextKey,
  type DetachedTask,
  hedge,
  map,
  type Outcome,
  race,
  retry,
  type Task,
  TaskScope,
} from "@taskscope/taskscope";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;

function expectType<Expected>() {
  return <Actual>(_value: Actual, ..._same: Same<Actual, Expected> extends true ? [] : [never]): void => {};
}

export async function inference(scope: TaskScope): Promise<void> {
  const task = scope.spawn(() => Promise.resolve(1));
  expectType<Task<number>>()(task);
  expectType<number>()(await task);
  expectType<Outcome<number>>()(await task.outcome);
  expectType<Task<string> | undefined>()(scope.trySpawn(() => "a"));
  expectType<DetachedTask<boolean>>()(scope.spawnDetached(() => true, { deadline: { seconds: 1 } }));
  expectType<string>()(await scope.shield(() => "a", { deadline: 5 }));
  expectType<string>()(await TaskScope.run(() => "a"));
  expectType<number>()(await TaskScope.run((scope) => scope.spawn(() => 1)));
  expectType<number[]>()(await map(scope, ["a"], (word) => word.length));
  expectType<number>()(await race(scope, [() => 1]));
  expectType<number>()(await any(scope, [() => 1]));
  expectType<number>()(await retry(scope, () => 1));
  expectType<number>()(await hedge(scope, () => 1, { delay: 5 }));
  for await (const { task, outcome } of asCompleted([scope.spawn(() => 1)])) {
    expectType<Task<number>>()(task);
    expectType<Outcome<number>>()(outcome);
  }
  expectType<string | undefined>()(scope.get(contextKey<string>("trace-id")));
  const { signal, deadline, name } = scope;
  expectType<AbortSignal>()(signal);
  expectType<Date | undefined>()(deadline);
  expectType<string>()(name);
  const resource = { [Symbol.dispose]() {}, id: 1 };
  expectType<number>()(scope.use(resource).id);
}

/** Lists of different types are as for `Promise.race`. */
export async function mixed(scope: TaskScope): Promise<void> {
  expectType<string | number>()(await race(scope, [() => 1, () => Promise.resolve("a")]));
  expectType<string | number>()(await any(scope, [(task) => task.sleep(1).then(() => 1), () => "a"]));
  const number = scope.spawn(() => 1);
  const text = scope.spawn(() => "a");
  for await (const { outcome } of asCompleted([number, text])) {
    if (outcome.state === "succeeded") expectType<string | number>()(outcome.value);
  }
}

/** `undefined` means not given, also under `exactOptionalPropertyTypes`. */
export function undefinedOptions(scope: TaskScope): void {
  const none: { concurrency: number | undefined } = { concurrency: undefined };
  void map(scope, [1], (item) => item, none);
  void hedge(scope, () => 1, { delay: 5, attempts: undefined });
  void retry(scope, () => 1, { jitter: undefined, isRetriable: undefined });
  scope.spawnDetached(() => 1, { deadline: 5, onExceed: undefined, margin: undefined, inheritDeadline: undefined });
}
