/**
 * What Web Platform Tests say of `AbortSignal.timeout`, of `scope.timeoutSignal` in its place. After
 * dom/abort/AbortSignal.any.js and the timeouts of dom/abort/resources/abort-signal-any-tests.js, whose titles are cited;
 * the checks are our own.
 */
import { TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
  fail,
  test,
  turn,
} from "../assert.ts";
import { withFolds } from "../folded.ts";

/** A case with an open scope, which is closed at the end. */
function open(name: string, run: (scope: TaskScope) => void | Promise<void>): Case {
  return test(`WPT abort/timeout: ${name}`, async (watch) => {
    const scope = watch(new TaskScope());
    await run(scope);
    await scope.close();
  });
}

/** The event of a signal that is not aborted yet. */
function aborted(signal: AbortSignal): Promise<Event> {
  return new Promise((resolve) => signal.onabort = resolve);
}

export const cases: Case[] = [
  open("returns a non-aborted signal", (scope) => {
    for (const ms of [0, 5]) {
      const signal = scope.timeoutSignal(ms);
      assert(signal instanceof AbortSignal);
      assertEquals([signal.aborted, signal.reason], [false, undefined]);
    }
  }),

  open("each call returns a signal of its own", (scope) => {
    const [first, second] = [scope.timeoutSignal(5), scope.timeoutSignal(5)];
    assertEquals([first === second, first === scope.signal], [false, false]);
  }),

  open("signal times out", async (scope) => {
    const signal = scope.timeoutSignal(5);
    const event = await aborted(signal);
    assertStrictEquals(event.target, signal);
    assertEquals([event.type, event.bubbles, event.isTrusted, signal.aborted], ["abort", false, true, true]);
    assertInstanceOf(signal.reason, DOMException);
    assertEquals(signal.reason.name, "TimeoutError");
    assertStrictEquals(signal.reason, signal.reason);
    assertEquals([scope.state, scope.signal.aborted], ["open", false]); // only this one call is over
  }),

  open("timeouts fire in order", async (scope) => {
    let order = "";
    const signals = ["1", "2", "3", "4"].map((name) => {
      const signal = scope.timeoutSignal(5);
      signal.addEventListener("abort", () => order += name);
      return aborted(signal);
    });
    await Promise.all(signals);
    assertEquals(order, "1234");
  }),

  open("should not fire an abort event if it was aborted from the start", async (scope) => {
    scope.cancel("over");
    const signal = scope.timeoutSignal(1);
    signal.onabort = () => fail("an event on a signal that was made aborted");
    assertEquals([signal.aborted, signal.reason], [true, "over"]);
    await turn(5);
    assertEquals(signal.reason, "over");
  }),

  open("follows its scope, with the very reason, once, and before the time", async (scope) => {
    const signal = scope.timeoutSignal(10);
    let count = 0;
    signal.onabort = () => count++;
    const reason = new Error("the reason");
    scope.cancel(reason);
    assertEquals(signal.aborted, true);
    assertStrictEquals(signal.reason, reason);
    await turn(15);
    assertEquals(count, 1);
    assertStrictEquals(signal.reason, reason);
  }),

  open("throwIfAborted() throws the reason of the timeout", async (scope) => {
    const signal = scope.timeoutSignal(1);
    signal.throwIfAborted();
    await aborted(signal);
    assertEquals(assertThrows(() => signal.throwIfAborted(), DOMException).name, "TimeoutError");
  }),

  open("AbortSignal.any() works with it", async (scope) => {
    const signal = AbortSignal.any([new AbortController().signal, scope.timeoutSignal(5)]);
    await aborted(signal);
    assertEquals(signal.reason.name, "TimeoutError");
  }),

  test("WPT abort/timeout: another scope may take it", (watch) =>
    withFolds(watch, async (fold) => {
      const scope = watch(new TaskScope());
      const source = scope.timeoutSignal(5);
      const signal = fold([source]);
      await aborted(signal);
      assertStrictEquals(signal.reason, source.reason);
      await scope.close();
    })),
];
