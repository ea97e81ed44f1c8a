import { assertEquals, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { assertSignal, composeSignals, follow, onceEvent } from "../src/signals.ts";
import { TaskScope } from "@taskscope/taskscope";

/** Runs without `AbortSignal.any`, as in npm's edge-runtime. */
function withoutAny(run: () => void): void {
  const { any } = AbortSignal;
  Reflect.deleteProperty(AbortSignal, "any");
  try {
    run();
  } finally {
    AbortSignal.any = any;
  }
}

/** Counts the listeners of a signal. */
function counted(signal: AbortSignal): { listeners: number } {
  const count = { listeners: 0 };
  const { addEventListener, removeEventListener } = signal;
  Object.assign(signal, {
    addEventListener(...args: Parameters<typeof addEventListener>) {
      count.listeners++;
      addEventListener.apply(signal, args);
    },
    removeEventListener(...args: Parameters<typeof removeEventListener>) {
      count.listeners--;
      removeEventListener.apply(signal, args);
    },
  });
  return count;
}

Deno.test("follow() without AbortSignal.any adds one listener for all, and removes it with the last", () => {
  withoutAny(() => {
    const controller = new AbortController();
    const count = counted(controller.signal);
    const ends = [1, 2, 3].map(() => follow(controller.signal, () => {}));
    assertEquals(count.listeners, 1);
    ends.forEach((end) => end());
    ends.forEach((end) => end()); // a second time changes nothing
    assertEquals(count.listeners, 0);
  });
});

Deno.test("follow() without AbortSignal.any ignores forged events (G14)", () => {
  withoutAny(() => {
    const controller = new AbortController();
    const told: unknown[] = [];
    follow(controller.signal, ({ reason }) => void told.push(reason));
    controller.signal.dispatchEvent(new Event("abort"));
    assertEquals(told, []);
    controller.abort("real");
    controller.abort("again");
    controller.signal.dispatchEvent(new Event("abort"));
    assertEquals(told, ["real"]);
  });
});

Deno.test("follow() takes a signal that no native composition takes", () => {
  const target = new EventTarget();
  const polyfilled = Object.assign(target, { aborted: false, reason: undefined as unknown }) as unknown as AbortSignal;
  const told: unknown[] = [];
  follow(polyfilled, ({ reason }) => void told.push(reason));
  Object.assign(target, { aborted: true, reason: "gone" });
  target.dispatchEvent(new Event("abort"));
  assertEquals(told, ["gone"]);
});

Deno.test("follow() calls what followers return when all have been called", () => {
  const controller = new AbortController();
  const order: string[] = [];
  for (const name of ["a", "b"]) {
    follow(controller.signal, () => {
      order.push(`mark ${name}`);
      return () => void order.push(`run ${name}`);
    });
  }
  controller.abort();
  assertEquals(order, ["mark a", "mark b", "run a", "run b"]);
});

Deno.test("composeSignals() without AbortSignal.any aborts with the first, for its reason", () => {
  withoutAny(() => {
    const [a, b] = [new AbortController(), new AbortController()];
    const composed = composeSignals(a.signal, b.signal);
    assertEquals(composed.aborted, false);
    b.abort("b");
    a.abort("a");
    assertEquals([composed.aborted, composed.reason], [true, "b"]);
    assertEquals(composeSignals(a.signal, new AbortController().signal).reason, "a");
  });
});

Deno.test("assertSignal() names what is not a signal", () => {
  for (const value of [undefined, null, {}, "signal", new AbortController(), { aborted: false }, new EventTarget()]) {
    assertThrows(() => assertSignal(value, "Cannot"), TypeError, "Cannot: signal must be an AbortSignal, got ");
  }
  assertSignal(AbortSignal.abort(), "Cannot");
});

Deno.test("timeoutSignal() aborts above 2^31-1 ms only with its scope (G8)", async () => {
  const scope = new TaskScope();
  const signal = scope.timeoutSignal(2 ** 31);
  const idle = scope.spawn((task) => task.sleep(60_000));
  assertEquals(signal.aborted, false);
  scope.cancel("enough");
  assertEquals(signal.reason, "enough");
  await idle.outcome;
  await scope.close();
  assertEquals(scope.timeoutSignal(2 ** 31).reason, "enough");
});

Deno.test("timeoutSignal() aborts above 2^31-1 ms for a TimeoutError, when it is time (G8)", async () => {
  using time = new FakeTime();
  const scope = new TaskScope();
  const signal = scope.timeoutSignal(2 ** 31 + 5);
  await time.tickAsync(2 ** 31 + 4);
  assertEquals(signal.aborted, false);
  await time.tickAsync(1);
  assertEquals([signal.aborted, signal.reason?.name, scope.signal.aborted], [true, "TimeoutError", false]);
  await scope.close();
});

Deno.test("onceEvent() listens once, and can be ended before", () => {
  const target = new EventTarget();
  let told = 0;
  onceEvent(target, "end", () => told++);
  onceEvent(target, "end", () => told++)();
  target.dispatchEvent(new Event("end"));
  target.dispatchEvent(new Event("end"));
  assertEquals(told, 1);
});
