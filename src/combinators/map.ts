/**
 * A function for each item, with a limit and backpressure.
 *
 * @module
 */
import { callChild, type TaskScope } from "../task_scope.ts";
import { assertCount, assertFunction, assertOptions, wrong } from "../validate.ts";
import { assertScope } from "./group.ts";

/** What {@linkcode map} calls for each item. */
export type Mapper<T, R> = (item: T, scope: TaskScope, index: number) => R | PromiseLike<R>;

/** Options of {@linkcode map}. */
export interface MapOptions {
  /**
   * How many items are worked on at once. The source is only asked for the next item when there is a place.
   *
   * @default Infinity
   */
  readonly concurrency?: number | undefined;
}

/**
 * Calls a function for each item, and returns the results in the order of the source. The first failure cancels and
 * awaits the others, ends the source and is thrown. Its tasks are `task-1`, `task-2` and so on below a task `map`.
 *
 * @param scope The scope to run in.
 * @param source A sync or async iterable; an async one is asked for one item at a time.
 * @param fn Receives the item, a scope of its own, and the index.
 * @param options See {@linkcode MapOptions}.
 * @returns The results in the order of the source.
 * @throws {TypeError} If `scope` is none, `source` is not iterable or `fn` not a function; at the call.
 * @throws {RangeError} If `concurrency` is not a whole number of at least 1, or Infinity; at the call.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { map, TaskScope } from "@taskscope/taskscope";
 *
 * const lengths = await TaskScope.run((scope) =>
 *   map(scope, ["a", "bb", "ccc"], (word) => Promise.resolve(word.length), { concurrency: 2 })
 * );
 * assertEquals(lengths, [1, 2, 3]);
 * ```
 */
export function map<T, R>(
  scope: TaskScope,
  source: Iterable<T> | AsyncIterable<T>,
  fn: Mapper<T, R>,
  options: MapOptions = {},
): Promise<R[]> {
  const what = "Cannot map";
  assertScope(scope, what);
  assertFunction(fn, what);
  assertOptions(options, ["concurrency"], what);
  const { concurrency = Infinity } = options;
  assertCount(concurrency, "concurrency", what);
  const { [Symbol.asyncIterator]: async, [Symbol.iterator]: sync } = Object(source);
  if ((async ?? sync) === undefined) throw wrong(what, "the source must be an iterable", source);
  return callChild(
    scope,
    (group) => {
      const iterator = (async ?? sync).call(source) as Iterator<T> | AsyncIterator<T>;
      return mapAll(group, iterator, async !== undefined, fn, concurrency);
    },
    "map",
    what,
  );
}

async function mapAll<T, R>(
  group: TaskScope,
  iterator: Iterator<T> | AsyncIterator<T>,
  isAsync: boolean,
  fn: Mapper<T, R>,
  concurrency: number,
): Promise<R[]> {
  const results: R[] = [];
  let running = 0;
  let free: (() => void) | undefined;
  const ended = () => {
    running--;
    free?.();
  };
  let isAsked = false; // and has not answered
  let isDone: boolean | undefined = false;
  const answered = (next: unknown) =>
    Promise.resolve(next as IteratorResult<T>).catch((error) => {
      isDone = true;
      throw error;
    });
  try {
    for (let index = 0;; index++) {
      isAsked = isDone = true; // a source that throws is done
      const next = iterator.next();
      isDone = false;
      const result = isAsync ? await group.abortable(answered(next)) : next as IteratorResult<T>;
      isAsked = false;
      isDone = result.done;
      if (result.done === true) break;
      running++;
      const task = group.spawn((task) => fn(result.value, task, index));
      task.then((value) => {
        results[index] = value;
        ended();
      }, ended); // the group has the failure
      if (running >= concurrency) await group.abortable(new Promise<void>((resolve) => free = resolve));
    }
    await group.join();
    return results;
  } finally {
    if (isDone !== true) group.defer(() => end(group, iterator, isAsked)); // what it throws never replaces the cause
  }
}

/** Tells a source that it is not needed any more. */
async function end(
  group: TaskScope,
  iterator: Iterator<unknown> | AsyncIterator<unknown>,
  isAsked: boolean,
): Promise<void> {
  const returned = Promise.resolve(iterator.return?.());
  // A generator that hangs in `next` hangs in `return`, too; what it throws later is still told.
  if (isAsked) void group.abortable(returned);
  else await returned;
}
