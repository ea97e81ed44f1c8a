/**
 * At most so many at once. `map` asks an async source for the next item only when there is a place for it, so a slow
 * consumer holds back a fast producer. Go: `errgroup.SetLimit` and a channel, Kotlin: `flatMapMerge(concurrency)`, Trio:
 * a `CapacityLimiter` and a memory channel.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { map, TaskScope } from "@taskscope/taskscope";

let produced = 0;
let working = 0;
let most = 0;
let furthestAhead = 0;
let closed = 0;

async function* rows(count: number): AsyncGenerator<number> {
  try {
    while (produced < count) yield await Promise.resolve(++produced);
  } finally {
    closed++;
  }
}

async function work(row: number, task: TaskScope): Promise<number> {
  most = Math.max(most, ++working);
  furthestAhead = Math.max(furthestAhead, produced - row);
  await task.sleep(row % 2 === 0 ? 5 : 10);
  working--;
  return row * row;
}

const squares = await TaskScope.run((scope) => map(scope, rows(30), work, { concurrency: 3 }));
console.log(`${squares.length} rows in their order, at most ${most} at once, ${furthestAhead} read ahead at most`);
assertEquals(squares.slice(0, 4), [1, 4, 9, 16]);
assert(most === 3 && furthestAhead <= 3);

// A failure ends the source: nothing more is read, and its cleanup runs.
produced = working = 0;
const failing = (row: number, task: TaskScope) => row === 5 ? Promise.reject(new Error("row 5")) : work(row, task);
await assertRejects(
  () => TaskScope.run((scope) => map(scope, rows(1_000), failing, { concurrency: 3 })),
  Error,
  "row 5",
);
console.log(`after the failure of row 5: ${produced} of 1000 rows read, source closed`);
assert(produced < 10);
assertEquals(closed, 2);

// The same limit on a scope of its own: what has no place waits, first in, first out; trySpawn does not wait.
await TaskScope.run((scope) => {
  for (let each = 0; each < 5; each++) scope.spawn((task) => task.sleep(5));
  const { running, queued } = scope.counters;
  console.log(`${running} running, ${queued} queued, one more: ${scope.trySpawn(() => {})}`);
  assertEquals([running, queued], [2, 3]);
}, { concurrency: 2 });
