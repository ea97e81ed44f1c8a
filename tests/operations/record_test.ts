/** A record never goes backwards, whoever writes it in whatever order. */
import { assert, assertEquals } from "@std/assert";
import { isEnded, memoryStore, type OperationState } from "@taskscope/taskscope/operations";
import fc from "fast-check";
import {
  cancelAsked,
  ended,
  type Ending,
  lost,
  newRecord,
  type OperationRecord,
  progressed,
  renewed,
  started,
  toOperation,
} from "../../src/http/operations/record.ts";

type Change = (record: OperationRecord, now: number) => OperationRecord | undefined;

const STATES: readonly Ending["state"][] = [
  "succeeded",
  "failed",
  "canceled",
  "deadline-exceeded",
  "abandoned",
  "lost",
];
const CHANGES: readonly (readonly [string, Change])[] = [
  ["start", started],
  ["progress", (record, now) => progressed(record, { fraction: now % 1 }, now)],
  ["cancel", cancelAsked],
  ["renew", (record, now) => renewed(record, now)],
  ["lose", (record, now) => ended(record, lost(record), now, 1_000)],
  ...STATES.map((state): [string, Change] => [state, (record, now) => ended(record, { state }, now, 1_000)]),
];
const rank = (state: OperationState) => state === "queued" ? 0 : state === "running" ? 1 : 2;
const fresh = () => newRecord({ id: "1", name: "n", owner: "", createdAt: 0, deadline: 1, leaseUntil: 1 });

Deno.test("a record never goes backwards, and once it has ended never changes", () => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...CHANGES), { maxLength: 20 }), (changes) => {
    let record = fresh();
    for (const [index, [name, change]] of changes.entries()) {
      const next = change(record, index);
      if (isEnded(record.state)) assertEquals(next, undefined, name);
      if (!next) continue;
      assert(rank(next.state) >= rank(record.state));
      const isSeen = JSON.stringify(toOperation({ ...next, revision: 0 }, "")) !==
        JSON.stringify(toOperation({ ...record, revision: 0 }, ""));
      if (name === "renew") assertEquals([isSeen, next.revision], [false, record.revision]);
      else assertEquals(next.revision, record.revision + 1);
      record = next;
    }
  }));
});

Deno.test("of many writers with compare-and-set, every reader sees states go forwards only, and one end", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.constantFrom(...CHANGES), { maxLength: 6 }), { maxLength: 5 }),
      fc.scheduler(),
      async (writers, scheduler) => {
        const store = memoryStore();
        const written: [number, OperationState][] = [];
        await store.create("op-1", { value: fresh(), expiresAt: Date.now() + 60_000 });
        const write = async (changes: typeof CHANGES[number][]) => {
          for (const [, change] of changes) {
            for (;;) {
              const found = await scheduler.schedule(store.get("op-1"));
              const next = change(found?.value as OperationRecord, 1);
              if (!next) break;
              const entry = { value: next, expiresAt: Date.now() + 60_000 };
              const version = await scheduler.schedule(store.compareAndSet("op-1", found?.version ?? "", entry));
              if (version !== undefined) {
                written.push([Number(version), next.state]);
                break;
              }
            }
          }
        };
        const all = Promise.all(writers.map(write));
        await scheduler.waitFor(all);
        const states = written.toSorted(([a], [b]) => a - b).map(([, state]) => rank(state));
        assertEquals(states, states.toSorted());
        assert(states.filter((state) => state === 2).length <= 1);
      },
    ),
    { numRuns: 50 },
  );
});
