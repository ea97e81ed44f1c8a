import { DeadlineExceededError, retry, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import { assertEquals, assertInstanceOf, assertLess, assertStrictEquals, rejection, test, ticks } from "../assert.ts";
import { canceled } from "../losers.ts";

const fast = { minTimeout: 1, maxTimeout: 1, jitter: 0 };

const boom = new Error("boom");

export const cases: Case[] = [
  test("retry: tries until it succeeds, and failed attempts are no failure of the scope", async (watch) => {
    let attempts = 0;
    const value = await TaskScope.run(async (scope) => {
      const value = await retry(
        watch(scope),
        () => ++attempts < 3 ? Promise.reject(new Error("busy")) : "done",
        fast,
      );
      assertEquals(scope.state, "open");
      return value;
    });
    assertEquals([value, attempts], ["done", 3]);
  }),

  test("retry: throws the error of the last attempt, itself", async (watch) => {
    const errors = [new Error("1"), new Error("2"), new Error("3")];
    let attempts = 0;
    await TaskScope.run(async (scope) => {
      const error = await rejection(
        retry(watch(scope), () => Promise.reject(errors[attempts++]), { ...fast, maxAttempts: 3 }),
      );
      assertStrictEquals(error, errors[2]);
      assertEquals(attempts, 3);
    });
  }),

  test("retry: the last error is itself, whatever it is", async (watch) => {
    for (const thrown of [undefined, null, "text", 0, Object.assign(new Error("x"), { cause: new Error("y") })]) {
      await TaskScope.run(async (scope) => {
        const result = await retry(watch(scope), () => Promise.reject(thrown), { ...fast, maxAttempts: 2 })
          .then(() => "resolved", (error) => ({ error }));
        assertStrictEquals((result as { error: unknown }).error, thrown);
      });
    }
  }),

  test("retry: one attempt is one attempt", async (watch) => {
    const boom = new Error("boom");
    let attempts = 0;
    await TaskScope.run(async (scope) => {
      const error = await rejection(retry(watch(scope), () => {
        attempts++;
        throw boom;
      }, { maxAttempts: 1 }));
      assertStrictEquals(error, boom);
      assertEquals(attempts, 1);
    });
  }),

  test("retry: an error that is not worth it is thrown at once, itself", async (watch) => {
    const [busy, gone] = [new Error("busy"), new Error("gone")];
    const asked: unknown[] = [];
    let attempts = 0;
    await TaskScope.run(async (scope) => {
      const error = await rejection(
        retry(watch(scope), () => Promise.reject(++attempts === 1 ? busy : gone), {
          ...fast,
          isRetriable: (error) => {
            asked.push(error);
            return error === busy;
          },
        }),
      );
      assertStrictEquals(error, gone);
      assertEquals([attempts, asked], [2, [busy, gone]]);
    });
  }),

  test("retry: an AbortError out of the blue is worth another attempt (G6)", async (watch) => {
    let attempts = 0;
    const value = await TaskScope.run((scope) =>
      retry(watch(scope), () => {
        if (++attempts < 3) throw new DOMException("timed out", attempts === 1 ? "TimeoutError" : "AbortError");
        return "done";
      }, fast)
    );
    assertEquals([value, attempts], ["done", 3]);
  }),

  test("retry: an attempt has fully ended before the next begins", async (watch) => {
    const log: string[] = [];
    let attempts = 0;
    await TaskScope.run((scope) =>
      retry(watch(scope), async (task) => {
        const attempt = ++attempts;
        log.push(`begin ${attempt}`);
        task.defer(() => ticks().then(() => void log.push(`end ${attempt}`)));
        task.spawn((child) => child.sleep(60_000));
        if (attempt < 3) throw new Error("busy");
        await ticks();
        task.cancel();
      }, fast)
    ).catch(() => {});
    assertEquals(log.slice(0, 5), ["begin 1", "end 1", "begin 2", "end 2", "begin 3"]);
  }),

  test("retry: cancellation ends the waiting at once, and no further attempt starts", async (watch) => {
    let attempts = 0;
    const start = Date.now();
    await canceled(watch, (scope) =>
      retry(scope, () => {
        attempts++;
        throw new Error("busy");
      }, { minTimeout: 60_000, maxTimeout: 60_000, jitter: 0 }));
    assertEquals(attempts, 1);
    assertLess(Date.now() - start, 30_000);
  }),

  test("retry: a canceled attempt is not retried", async (watch) => {
    let attempts = 0;
    await canceled(watch, (scope) =>
      retry(scope, (task) => {
        attempts++;
        return task.sleep(60_000);
      }, fast));
    assertEquals(attempts, 1);
  }),

  test("retry: the deadline of the scope ends it", async (watch) => {
    const error = await rejection(TaskScope.run(
      (scope) => retry(watch(scope), () => Promise.reject(new Error("busy")), { minTimeout: 60_000, jitter: 0 }),
      { deadline: 5 },
    ));
    assertInstanceOf(error, DeadlineExceededError);
  }),

  test("retry: no wait at all is fine for ever", async () => {
    let attempts = 0;
    const error = await rejection(TaskScope.run((scope) =>
      retry(scope, () => {
        attempts++;
        throw boom;
      }, { minTimeout: 0, maxAttempts: 1_100 })
    ));
    assertStrictEquals(error, boom);
    assertEquals(attempts, 1_100);
  }),
];
