/**
 * Vercel. Its bridge is closed source; what is real here is `@vercel/functions`, which reads the same request context.
 * The stand-in of the bridge is as theirs: a holder under a registered symbol whose `get()` is of the request that runs
 * now, with `waitUntil` and an ISO `deadline`, and nothing outside of a request.
 */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { getDeadline, waitUntil } from "npm:@vercel/functions@3.9.9";
import { type CancelReason, LifetimeLimitError, LifetimeUnavailableError, TaskScope } from "@taskscope/taskscope";
import { vercelLifetime } from "@taskscope/taskscope/vercel";

interface Context {
  readonly waitUntil: (work: Promise<unknown>) => void;
  readonly deadline?: string;
}

const requests = new AsyncLocalStorage<Context>();

function onVercel<T>(milliseconds: number | undefined, handler: () => T): { answer: T; held: Promise<unknown>[] } {
  const held: Promise<unknown>[] = [];
  const deadline = milliseconds === undefined ? {} : { deadline: new Date(Date.now() + milliseconds).toISOString() };
  const symbol = Symbol.for("@vercel/request-context");
  Object.assign(globalThis, { [symbol]: { get: () => requests.getStore() } });
  const context = { waitUntil: (work: Promise<unknown>) => void held.push(work), ...deadline };
  return { answer: requests.run(context, handler), held };
}

Deno.test("vercelLifetime() has the deadline that getDeadline() has, and holds where waitUntil() holds", () => {
  const { answer, held } = onVercel(60_000, () => {
    waitUntil(Promise.resolve());
    const lifetime = vercelLifetime();
    lifetime.waitUntil(Promise.resolve());
    return [lifetime.deadline, getDeadline()];
  });
  assertEquals(answer[0], answer[1]);
  assertInstanceOf(answer[0], Date);
  assertEquals(held.length, 2);
});

Deno.test("vercelLifetime() reads the context for each call: requests that run at once have their own", async () => {
  const { promise: gate, resolve: open } = Promise.withResolvers<void>();
  const first = onVercel(50_000, () => gate.then(() => vercelLifetime()));
  const second = onVercel(90_000, () => gate.then(() => vercelLifetime()));
  open();
  const [one, two] = await Promise.all([first.answer, second.answer]);
  assert(Number(one.deadline) + 30_000 < Number(two.deadline));
  two.waitUntil(Promise.resolve());
  assertEquals([first.held.length, second.held.length], [0, 1]);
});

Deno.test("a task on Vercel is refused, or canceled, a margin before the deadline that is told", async () => {
  const { answer } = onVercel(1_300, () =>
    TaskScope.run((scope) => {
      const error = assertThrows(() => scope.spawnDetached(() => {}, { deadline: 1_200 }), LifetimeLimitError);
      assert(error.available <= 300 && error.source.includes("getDeadline()"), error.message);
      return { task: scope.spawnDetached((task) => task.sleep(60_000), { deadline: 60_000, onExceed: "clamp" }) };
    }, { lifetime: vercelLifetime() }));
  const { task } = await answer;
  const outcome = await task.outcome as { error?: CancelReason; reason?: CancelReason };
  assert(task.clamped && Number(task.deadline) < Date.now() + 1_000);
  assertEquals((outcome.error ?? outcome.reason)?.name, "TimeoutError");
});

Deno.test("outside of a request Vercel's own waitUntil() does nothing; vercelLifetime() is an error", () => {
  onVercel(undefined, () => {});
  waitUntil(Promise.resolve());
  assertThrows(() => vercelLifetime(), LifetimeUnavailableError, "call vercelLifetime() in the handler");
});
