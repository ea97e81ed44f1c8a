/**
 * What Web Platform Tests say of `AbortSignal.any`, of a scope with `signal: [...]` in its place. After
 * dom/abort/resources/abort-signal-any-tests.js, whose titles are cited; the checks are our own.
 */
import type { Case } from "../case.ts";
import { TaskScope } from "@taskscope/taskscope";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  test,
  type Watch,
} from "../assert.ts";
import { controllers, type Fold, withFolds } from "../folded.ts";

function folding(name: string, run: (fold: Fold, watch: Watch) => void | Promise<void>): Case {
  return test(`WPT abort-signal-any: ${name}`, (watch) => withFolds(watch, (fold) => run(fold, watch)));
}

/** Counts the events of a signal. */
function events(signal: AbortSignal): Event[] {
  const seen: Event[] = [];
  signal.onabort = (event) => void seen.push(event);
  return seen;
}

export const cases: Case[] = [
  folding("works with an empty array of signals", (fold) => {
    const signal = fold([]);
    assert(signal instanceof AbortSignal);
    assertEquals([signal.aborted, signal.reason], [false, undefined]);
  }),

  folding("follows a single signal", (fold) => {
    const [source] = controllers(1) as [AbortController];
    const signal = fold([source.signal]);
    assert(signal !== source.signal);
    assertEquals([signal.aborted, "reason" in signal, signal.reason], [false, true, undefined]);
    const seen = events(signal);
    source.abort("reason string");
    assertEquals([signal.aborted, signal.reason, seen.length], [true, "reason string", 1]); // within abort()
    assertStrictEquals(seen[0]?.target, signal);
  }),

  folding("follows multiple signals", (fold) => {
    for (const which of [0, 1, 2]) {
      const sources = controllers(3);
      const signal = fold(sources.map((source) => source.signal));
      const seen = events(signal);
      sources[which]?.abort();
      assertEquals([signal.aborted, seen.length], [true, 1]);
      assertInstanceOf(signal.reason, DOMException);
      assertEquals(signal.reason.name, "AbortError");
    }
  }),

  folding("returns an aborted signal if passed an aborted signal", (fold) => {
    const [first, second, third] = controllers(3) as [AbortController, AbortController, AbortController];
    third.abort("reason 2"); // the order of the list counts, not that of the aborts
    second.abort("reason 1");
    const signal = fold([first, second, third].map((source) => source.signal));
    assertEquals([signal.aborted, signal.reason], [true, "reason 1"]);
    const seen = events(signal);
    first.abort("late");
    assertEquals([signal.reason, seen.length], ["reason 1", 0]);
  }),

  folding("can be passed the same signal more than once", (fold) => {
    const [source] = controllers(1) as [AbortController];
    const signal = fold([source.signal, source.signal]);
    const seen = events(signal);
    assertFalse(signal.aborted);
    source.abort("reason");
    assertEquals([signal.aborted, signal.reason, seen.length], [true, "reason", 1]);
  }),

  folding("uses the first instance of a duplicate signal", (fold) => {
    const [first, second] = controllers(2) as [AbortController, AbortController];
    first.abort("reason 1");
    second.abort("reason 2");
    assertEquals(fold([first.signal, second.signal, first.signal]).reason, "reason 1");
    assertEquals(fold([second.signal, first.signal, second.signal]).reason, "reason 2");
  }),

  folding("signals are composable", (fold) => {
    for (const which of [0, 1, 2]) {
      const sources = controllers(3);
      const [first, second, third] = sources.map(({ signal }) => signal) as [AbortSignal, AbortSignal, AbortSignal];
      const signal = fold([fold([first, second]), third]);
      const seen = events(signal);
      sources[which]?.abort();
      assertEquals([signal.aborted, signal.reason.name, seen.length], [true, "AbortError", 1]);
      assertStrictEquals(signal.reason, sources[which]?.signal.reason);
    }
  }),

  folding("works with signals returned by AbortSignal.timeout()", async (fold) => {
    const signal = fold([...controllers(1).map(({ signal }) => signal), AbortSignal.timeout(5)]);
    await new Promise((resolve) => signal.onabort = resolve);
    assertInstanceOf(signal.reason, DOMException);
    assertEquals([signal.aborted, signal.reason.name], [true, "TimeoutError"]);
  }),

  folding("works with intermediate signals", (fold) => {
    const [source] = controllers(1) as [AbortController];
    let { signal } = source;
    for (let depth = 0; depth < 4; depth++) signal = fold([signal]);
    const seen = events(signal);
    assertEquals([signal.aborted, seen.length], [false, 0]);
    source.abort("the reason");
    assertEquals([signal.aborted, signal.reason, seen.length], [true, "the reason", 1]);
  }),

  folding("works beside AbortSignal.any, in either order", (fold) => {
    const [source] = controllers(1) as [AbortController];
    const outside = AbortSignal.any([fold([source.signal])]);
    const inside = fold([AbortSignal.any([source.signal])]);
    const seen = [outside, inside].map(events);
    const reason = new Error("the reason");
    source.abort(reason);
    for (const signal of [outside, inside]) assertStrictEquals(signal.reason, reason);
    assertEquals(seen.map(({ length }) => length), [1, 1]);
  }),

  // With the platform it is 01234: there, all depend on the source itself. A scope that takes the signal of another
  // one hears of it when that one does, as a child hears after its parent.
  folding("events fire in the right order: sources first, then each with what follows it", (fold) => {
    const [source] = controllers(1) as [AbortController];
    const signals = [source.signal];
    for (const from of [0, 0, 0, 1]) signals.push(fold([signals[from] as AbortSignal]));
    let order = "";
    signals.forEach((signal, index) => signal.addEventListener("abort", () => order += index));
    source.abort();
    assertEquals(order, "01423");
  }),

  // With the platform they are marked before any listener runs, those of the source itself among them. A scope hears of
  // it with the first event after these; all scopes that follow one source are marked before the first listener of any.
  folding("dependent signals are marked aborted before their abort events fire", (fold, watch) => {
    const [source] = controllers(1) as [AbortController];
    const states: unknown[] = [];
    source.signal.addEventListener("abort", () => states.push(first.aborted, second.aborted));
    const first = fold([source.signal]);
    first.addEventListener("abort", () => states.push(first.aborted, scope.state, second.aborted));
    const scope = watch(new TaskScope({ signal: source.signal }));
    const second = scope.signal;
    source.abort();
    assertEquals(states.slice(0, 4), [false, false, true, "canceling"]);
    assertEquals(fold([second]).aborted, true);
    return scope.close();
  }),

  // With the platform the reason is that of the abort that began first; here, of the one that ended first.
  folding("dependent signals are aborted correctly for reentrant aborts: once, with one of the reasons", (fold) => {
    const [first, second] = controllers(2) as [AbortController, AbortController];
    const signal = fold([first.signal, second.signal]);
    const seen = events(signal);
    first.signal.addEventListener("abort", () => second.abort("reason 2"));
    first.abort("reason 1");
    assertEquals([signal.aborted, signal.reason, seen.length], [true, "reason 2", 1]);
  }),

  folding("should use the same DOMException from the already aborted source signal", (fold) => {
    const source = AbortSignal.abort();
    const signal = fold([source]);
    assertInstanceOf(source.reason, DOMException);
    assertStrictEquals(signal.reason, source.reason);
  }),

  folding("should use the same DOMException from the source signal being aborted later", (fold) => {
    const [source] = controllers(1) as [AbortController];
    const signal = fold([source.signal]);
    source.abort();
    assertInstanceOf(source.signal.reason, DOMException);
    assertStrictEquals(signal.reason, source.signal.reason);
  }),
];
