import { assertRejects, assertThrows } from "@std/assert";
import { inProcessEngine } from "../../src/durable/in_process.ts";
import { testEngine } from "./engine_cases.ts";

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
  capabilities: {
    deduplicates: true,
    removes: true,
    extends: true,
    leases: true,
    freeGiveBack: true,
    deadLetters: true,
    records: true,
    atomicRecords: true,
    waited: true,
  },
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
