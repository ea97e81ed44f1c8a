import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { inProcessEngine } from "../../src/durable/in_process.ts";
import { Queue } from "../../src/durable/in_process_queue.ts";
import { EVERYTHING, testEngine } from "./engine_cases.ts";

testEngine("in-process", {
  make() {
    const engine = inProcessEngine({ maxBytes: 2_000_000 });
    let worker = engine.connect();
    const consume: typeof engine.consume = (receive, options) => worker.consume(receive, options);
    return Promise.resolve({
      engine: { ...engine, consume },
      crash() {
        worker.crash();
        worker = engine.connect();
      },
      async close() {},
    });
  },
  capabilities: EVERYTHING,
  timing: { lease: 60, delay: 20 },
});

Deno.test("inProcessEngine() refuses options it does not know, and sizes that are none", () => {
  assertThrows(() => inProcessEngine({ maxByte: 1 } as never), TypeError, "maxByte");
  assertThrows(() => inProcessEngine({ maxBytes: 0 }), RangeError, "maxBytes");
});

Deno.test("a connection that crashed can do nothing more, others can", async () => {
  const engine = inProcessEngine();
  const other = engine.connect();
  engine.crash();
  await assertRejects(() => engine.records.set("a", "b", 1_000), Error, "crashed");
  await other.records.set("a", "b", 1_000);
});

Deno.test("the records of inProcessEngine() do not pile up: what has expired is forgotten, what has not is there", () => {
  using time = new FakeTime();
  const queue = new Queue();
  queue.keep("lasts", "yes", 1e9);
  for (let i = 0; i < 10_000; i++) {
    queue.keep(`key ${i}`, "value", 50);
    if (i % 10 === 0) time.tick(1);
  }
  assert(queue.kept.size <= 1_001, `${queue.kept.size}`);
  assertEquals([queue.get("lasts"), queue.get("key 9999"), queue.get("key 1")], ["yes", "value", undefined]);
});
