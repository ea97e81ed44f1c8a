import { runInNewContext } from "node:vm";
import { assertEquals, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import fc from "fast-check";
import { DeadlineHeap, parseDeadline } from "../src/deadline.ts";

const NOW = 1_000_000;

Deno.test("parseDeadline() takes milliseconds, moments and durations", () => {
  const cases: [unknown, number][] = [
    [5, NOW + 5],
    [0, NOW],
    [-5, NOW - 5],
    [0.5, NOW + 0.5],
    [2 ** 31, NOW + 2 ** 31],
    [new Date(NOW + 7), NOW + 7],
    [{ minutes: 1 }, NOW + 60_000],
    [{ hours: 1, seconds: 1, milliseconds: 1 }, NOW + 3_601_001],
    [{ hours: undefined, seconds: 2 }, NOW + 2_000],
    [{ epochMilliseconds: 42 }, 42],
    [{ total: ({ unit }: { unit: string }) => unit === "milliseconds" ? 9 : NaN }, NOW + 9],
  ];
  for (const [deadline, at] of cases) assertEquals(parseDeadline(deadline, NOW, "Cannot"), at);
});

Deno.test("parseDeadline() takes Temporal where the runtime has it", () => {
  const { Temporal } = globalThis as { Temporal?: { Duration: { from(text: string): unknown } } };
  if (Temporal === undefined) return;
  assertEquals(parseDeadline(Temporal.Duration.from("PT1M"), NOW, "Cannot"), NOW + 60_000);
});

Deno.test("parseDeadline() refuses other shapes with a TypeError that names the value", () => {
  const cases: [unknown, string][] = [
    ["10 minutes", '"10 minutes"'],
    [true, "true"],
    [10n, "10"],
    [null, "null"],
    [undefined, "undefined"],
    [{}, "{"],
    [{ seconds: undefined }, "{"],
    [{ days: 1 }, '"days"'],
    [{ toString: 1 }, '"toString"'],
    [{ seconds: "5" }, '"5"'],
    [() => 1, "the function"],
    [new Map(), "an instance of Map"],
  ];
  for (const [deadline, name] of cases) {
    const error = assertThrows(() => parseDeadline(deadline, NOW, "Cannot spawn"), TypeError);
    assertEquals(
      [error.message.startsWith("Cannot spawn: "), error.message.includes(name)],
      [true, true],
      error.message,
    );
  }
});

Deno.test("parseDeadline() refuses what is not finite with a RangeError that names the value", () => {
  for (const deadline of [NaN, Infinity, -Infinity, 1e300, new Date(NaN), { hours: Infinity }, { seconds: NaN }]) {
    assertThrows(() => parseDeadline(deadline, NOW, "Cannot spawn"), RangeError, "Cannot spawn: ");
  }
});

Deno.test("DeadlineHeap tells its entries in the order of time, and clears its timer", () => {
  fc.assert(fc.property(fc.array(fc.tuple(fc.nat(50), fc.boolean())), (plan) => {
    using time = new FakeTime();
    const heap = new DeadlineHeap();
    const told: number[] = [];
    const entries = plan.map(([delay]) => heap.add(Date.now() + delay, () => told.push(delay)));
    plan.forEach(([_, remove], index) => {
      const entry = entries[index];
      if (remove && entry) {
        heap.remove(entry);
        heap.remove(entry); // a second time changes nothing
      }
    });
    time.tick(50);
    assertEquals(told, plan.filter(([_, remove]) => !remove).map(([delay]) => delay).sort((a, b) => a - b));
    assertEquals(time.next(), false); // no timer is left
  }));
});

Deno.test("DeadlineHeap keeps the order of time, whatever is added and removed in turn", () => {
  const add = fc.record({ add: fc.nat(500) });
  const remove = fc.record({ remove: fc.nat(500) });
  fc.assert(fc.property(fc.array(fc.oneof(add, add, remove), { minLength: 100, maxLength: 200 }), (plan) => {
    using time = new FakeTime();
    const heap = new DeadlineHeap();
    const entries: ReturnType<DeadlineHeap["add"]>[] = [];
    const told: number[] = [];
    const start = Date.now();
    for (const step of plan) {
      if ("add" in step) {
        const at = start + step.add;
        entries.push(heap.add(at, () => told.push(at)));
      } else heap.remove(entries.splice(step.remove % (entries.length || 1), 1)[0]);
    }
    time.tick(500);
    assertEquals(told, entries.map(({ at }) => at).sort((a, b) => a - b));
  }));
});

Deno.test("DeadlineHeap tells all that is due in the order of time when its one timer is late", () => {
  using time = new FakeTime();
  const heap = new DeadlineHeap();
  const told: number[] = [];
  const { setTimeout } = globalThis;
  let timers = 0;
  globalThis.setTimeout = ((call: () => void) => {
    timers++;
    return setTimeout(call, 10);
  }) as typeof setTimeout;
  try {
    for (const delay of [1, 2, 3, 4]) heap.add(Date.now() + delay, () => told.push(delay));
    time.tick(10);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assertEquals([told, timers], [[1, 2, 3, 4], 1]);
});

Deno.test("DeadlineHeap goes beyond 2^31-1 ms in pieces", () => {
  using time = new FakeTime();
  const heap = new DeadlineHeap();
  let told = false;
  heap.add(Date.now() + 2 ** 31 + 5, () => told = true);
  time.tick(2 ** 31 - 1);
  assertEquals(told, false);
  time.tick(5);
  assertEquals(told, false);
  time.tick(1);
  assertEquals(told, true);
});

Deno.test("DeadlineHeap believes the clock, not a timer that fires early", () => {
  using time = new FakeTime();
  const heap = new DeadlineHeap();
  const { setTimeout } = globalThis;
  const delays: number[] = [];
  globalThis.setTimeout = ((call: () => void, delay: number) => {
    delays.push(delay);
    return setTimeout(call, delay === 10 ? 9 : delay);
  }) as typeof setTimeout;
  let told = 0;
  try {
    heap.add(Date.now() + 10, () => told++);
    time.tick(9);
    assertEquals(told, 0);
    time.tick(1);
  } finally {
    globalThis.setTimeout = setTimeout;
  }
  assertEquals([told, delays], [1, [10, 1]]);
});

Deno.test("DeadlineHeap takes entries that are added while it tells others", () => {
  using time = new FakeTime();
  const heap = new DeadlineHeap();
  const told: string[] = [];
  heap.add(Date.now() + 5, () => {
    told.push("first");
    heap.add(Date.now(), () => told.push("at once"));
    heap.add(Date.now() + 5, () => told.push("later"));
  });
  time.tick(5);
  assertEquals(told, ["first", "at once"]);
  time.tick(5);
  assertEquals(told, ["first", "at once", "later"]);
});

Deno.test("DeadlineHeap keeps one timer when setting it changes the heap, as Deno's first timer may", () => {
  using time = new FakeTime();
  const heap = new DeadlineHeap();
  const entry = { current: undefined as ReturnType<DeadlineHeap["add"]> | undefined };
  const { setTimeout } = globalThis;
  globalThis.setTimeout = ((call: () => void, delay: number) => {
    globalThis.setTimeout = setTimeout;
    heap.add(Date.now() + 1, () => {}); // runs inside the outer add, before that has its timer
    return setTimeout(call, delay);
  }) as typeof setTimeout;
  let told = 0;
  entry.current = heap.add(Date.now() + 10, () => told++);
  time.tick(10);
  assertEquals([told, time.next()], [1, false]);
});

Deno.test("parseDeadline() goes to the end of what a Date holds, and takes a moment from another kind of number", () => {
  assertEquals(parseDeadline(new Date(8.64e15), 0, "Cannot"), 8.64e15);
  assertThrows(() => parseDeadline(8.64e15 + 1, 0, "Cannot"), RangeError, "Cannot: a deadline must be finite");
  assertEquals(parseDeadline({ epochMilliseconds: "1000" }, 0, "Cannot"), 1_000);
  assertThrows(() => parseDeadline({ total: 5 }, 0, "Cannot"), TypeError, "a duration has hours");
});

Deno.test("DeadlineHeap asks for delays that every runtime takes", () => {
  using _ = new FakeTime();
  const { setTimeout } = globalThis;
  const delays: number[] = [];
  globalThis.setTimeout = ((call: () => void, delay: number) => {
    delays.push(delay);
    return setTimeout(call, delay);
  }) as typeof setTimeout;
  const heap = new DeadlineHeap();
  const entries = [2 ** 40, -5].map((delay) => heap.add(Date.now() + delay, () => {}));
  globalThis.setTimeout = setTimeout;
  for (const entry of entries) heap.remove(entry);
  assertEquals(delays, [2 ** 31 - 1, 0]);
});

Deno.test("DeadlineHeap keeps no timer that it has not set, whatever happens while it is set", () => {
  for (const add of [false, true]) {
    using time = new FakeTime();
    const heap = new DeadlineHeap();
    const { setTimeout, clearTimeout } = globalThis;
    const at = Date.now() + 10;
    let told = 0;
    const first = heap.add(Date.now() + 20, () => {});
    globalThis.setTimeout = ((call: () => void, delay: number) => {
      globalThis.setTimeout = setTimeout;
      const entry = heap.add(at - 1, () => {}); // changes the timer
      heap.remove(entry);
      heap.remove(first);
      if (add) heap.remove(heap.add(at - 2, () => {}));
      return setTimeout(call, delay);
    }) as typeof setTimeout;
    heap.add(at, () => told++);
    globalThis.clearTimeout = clearTimeout;
    time.tick(10);
    assertEquals([told, time.next()], [1, false]);
  }
});

Deno.test("DeadlineHeap forgets no timer when setting one changes the heap", () => {
  using time = new FakeTime();
  const heap = new DeadlineHeap();
  const { setTimeout } = globalThis;
  const inner: ReturnType<DeadlineHeap["add"]>[] = [];
  globalThis.setTimeout = ((call: () => void, delay: number) => {
    globalThis.setTimeout = setTimeout;
    inner.push(heap.add(Date.now() + 5, () => {}));
    return setTimeout(call, delay);
  }) as typeof setTimeout;
  const outer = heap.add(Date.now() + 10, () => {});
  for (const entry of [...inner, outer]) heap.remove(entry);
  assertEquals([inner.length, time.next()], [1, false]);
});

Deno.test("DeadlineHeap goes on after one that throws", () => {
  using time = new FakeTime();
  const heap = new DeadlineHeap();
  const told: string[] = [];
  heap.add(Date.now() + 5, () => {
    throw new Error("boom");
  });
  heap.add(Date.now() + 5, () => told.push("at the same time"));
  heap.add(Date.now() + 9, () => told.push("later"));
  assertThrows(() => time.tick(5), Error, "boom");
  time.tick(9);
  assertEquals([told, time.next()], [["at the same time", "later"], false]);
});

Deno.test("parseDeadline() takes a Date of another realm", () => {
  const date: Date = runInNewContext("new Date(5_000)");
  assertEquals([date instanceof Date, parseDeadline(date, 0, "Cannot test")], [false, 5_000]);
});
