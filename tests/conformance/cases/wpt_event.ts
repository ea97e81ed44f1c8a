/**
 * What Web Platform Tests say of an AbortController and its signal, of a scope in its place. After
 * dom/abort/event.any.js, whose titles are cited; the checks are our own.
 */
import { CancelReason, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import { assert, assertEquals, assertInstanceOf, assertStrictEquals, fail, test, turn } from "../assert.ts";

/** A case with an open scope, which is closed at the end. */
function open(name: string, run: (scope: TaskScope) => void | Promise<void>): Case {
  return test(`WPT abort/event: ${name}`, async (watch) => {
    const scope = watch(new TaskScope());
    await run(scope);
    await scope.close();
  });
}

/** What a call throws, be it an error or not. */
function thrownBy(call: () => void): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  fail("It threw nothing");
}

export const cases: Case[] = [
  open("abort() should fire event synchronously", (scope) => {
    const { signal } = scope;
    let state = "begin";
    signal.addEventListener("abort", () => state += signal.aborted ? ", aborted" : ", not yet");
    scope.cancel();
    assertEquals([state, signal.aborted], ["begin, aborted", true]);
    scope.cancel();
    assertEquals(state, "begin, aborted");
  }),

  open("signal should always return the same object", (scope) => {
    const { signal } = scope;
    assertStrictEquals(scope.signal, signal);
    scope.cancel();
    assertStrictEquals(scope.signal, signal);
  }),

  open("abort() should do nothing the second time it is called", (scope) => {
    let count = 0;
    scope.signal.onabort = () => count++;
    scope.cancel("first");
    scope.cancel("second");
    assertEquals([count, scope.signal.aborted, scope.signal.reason], [1, true, "first"]);
  }),

  open("event handler should not be called if added after abort()", async (scope) => {
    const { signal } = scope;
    scope.cancel();
    signal.onabort = () => fail("a handler that came too late was called");
    signal.addEventListener("abort", () => fail("a listener that came too late was called"));
    await turn();
  }),

  // The signal is made when it is first read: one that is made aborted has no event either, as of AbortSignal.abort().
  open("a signal first read after abort() is aborted, and fires no event", async (scope) => {
    scope.cancel("early");
    scope.signal.onabort = () => fail("an event on a signal that was made aborted");
    assertEquals([scope.signal.aborted, scope.signal.reason], [true, "early"]);
    await turn();
  }),

  open("the abort event should have the right properties", (scope) => {
    const { signal } = scope;
    let seen: Event | undefined;
    signal.onabort = (event) => {
      seen = event;
      assertStrictEquals(event.target, signal);
    };
    scope.cancel();
    assertEquals([seen?.type, seen?.bubbles, seen?.cancelable, seen?.isTrusted], ["abort", false, false, true]);
  }),

  open("abort(reason) should set signal.reason", (scope) => {
    const { signal } = scope;
    assertEquals(["reason" in signal, signal.reason], [true, undefined]);
    const reason = new Error("hello");
    scope.cancel(reason);
    assertStrictEquals(signal.reason, reason);
  }),

  // With the platform it is a DOMException. Ours has the same name, and says what was canceled and by whom (G7).
  open("aborting without reason creates an AbortError, the same at each read", (scope) => {
    const { signal } = scope;
    scope.cancel();
    assertInstanceOf(signal.reason, CancelReason);
    assertEquals([signal.reason.name, signal.reason.kind], ["AbortError", "canceled"]);
    assertStrictEquals(signal.reason, scope.signal.reason);
  }),

  open("abort(undefined) creates an AbortError", (scope) => {
    scope.cancel(undefined);
    assertEquals([scope.signal.aborted, scope.signal.reason.name], [true, "AbortError"]);
  }),

  open("abort(null) should set signal.reason", (scope) => {
    scope.cancel(null);
    assertEquals([scope.signal.aborted, scope.signal.reason], [true, null]);
  }),

  ...[new Error("boom"), "hello"].map((reason) =>
    open(
      `throwIfAborted() should throw ${typeof reason === "string" ? "primitive " : ""}reason if aborted`,
      (scope) => {
        scope.cancel(reason);
        assertStrictEquals(thrownBy(() => scope.signal.throwIfAborted()), reason);
      },
    )
  ),

  open("throwIfAborted() should not throw if signal not aborted", ({ signal }) => {
    signal.throwIfAborted();
  }),

  open("AbortSignal should perform brand checks: a scope's signal is a real one", ({ signal }) => {
    const { get } = Object.getOwnPropertyDescriptor(AbortSignal.prototype, "aborted") ?? {};
    assertEquals(get?.call(signal), false);
    assert(signal instanceof AbortSignal);
  }),
];
