import { TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import { assertEquals, assertFalse, assertInstanceOf, FakeLifetime, rejection, test, ticks } from "../assert.ts";
import { thrown } from "../refusal.ts";

export const cases: Case[] = [
  test("detached input: bad options of spawnDetached are refused, nothing starts", async (watch) => {
    const lifetime = new FakeLifetime();
    let ran = false;
    await TaskScope.run(async (scope) => {
      const refuse = (options: object, kind: typeof TypeError | typeof RangeError) =>
        assertInstanceOf(
          thrown(() => watch(scope).spawnDetached(() => void (ran = true), { deadline: 5_000, ...options })),
          kind,
          JSON.stringify(options),
        );
      refuse({ margin: -1 }, RangeError);
      refuse({ margin: NaN }, RangeError);
      refuse({ margin: Infinity }, RangeError);
      refuse({ margin: "1" }, TypeError);
      refuse({ onExceed: "shorten" }, TypeError);
      refuse({ onExceed: true }, TypeError);
      refuse({ context: [5] }, TypeError);
      refuse({ context: null }, TypeError);
      await ticks();
      assertEquals([ran, lifetime.held.length], [false, 0]);
    }, { lifetime });
  }),

  test("detached input: a deadline that is missing is asked for, whatever else is there", async () => {
    const lifetime = new FakeLifetime();
    await TaskScope.run((scope) => {
      const spawn = (...rest: unknown[]) => () => scope.spawnDetached(() => 1, ...rest as [{ deadline: number }]);
      for (const attempt of [spawn(), spawn(undefined), spawn({}), spawn({ name: "audit" })]) {
        const error = thrown(attempt);
        assertInstanceOf(error, TypeError);
        assertEquals(error.message.includes("a deadline is needed"), true, error.message);
      }
    }, { lifetime });
    assertEquals(lifetime.held.length, 0);
  }),

  test("detached input: an inheritDeadline that is no boolean is refused, not ignored", async (watch) => {
    const lifetime = new FakeLifetime();
    await TaskScope.run((scope) => {
      const options = { deadline: 5_000, inheritDeadline: "yes" as unknown as boolean };
      assertInstanceOf(thrown(() => watch(scope).spawnDetached(() => 1, options)), TypeError);
    }, { lifetime });
    await lifetime.ended();
  }),

  test("detached input: a closing that is no signal is refused, nothing starts", async (watch) => {
    const held: unknown[] = [];
    const lifetime = { waitUntil: (work: unknown) => void held.push(work), closing: {} as AbortSignal };
    await TaskScope.run((scope) => {
      assertInstanceOf(thrown(() => watch(scope).spawnDetached(() => 1, { deadline: 5_000 })), TypeError);
    }, { lifetime });
    assertEquals(held, []);
  }),

  test("detached input: a lifetime's deadline that is no date is refused at once, not when the scope is canceled", async () => {
    for (const deadline of ["tomorrow", 5, {}]) {
      const lifetime = { waitUntil() {}, deadline: deadline as unknown as Date };
      let ran = false;
      const error = await rejection(TaskScope.run((scope) => {
        ran = true;
        scope.cancel();
        return scope.sleep(1);
      }, { lifetime }));
      assertInstanceOf(error, TypeError);
      assertFalse(ran);
    }
  }),

  test("detached input: a lifetime whose deadline is null has none", async (watch) => {
    const held: Promise<unknown>[] = [];
    const lifetime = { waitUntil: (work: Promise<unknown>) => void held.push(work), deadline: null, closing: null };
    const reason = new Error("enough");
    const error = await rejection(TaskScope.run((scope) => {
      watch(scope).spawnDetached(() => 1, { deadline: 1_000 });
      scope.cancel(reason);
      return scope.sleep(1);
    }, { lifetime: lifetime as unknown as FakeLifetime }));
    assertEquals(error, reason);
    await Promise.all(held);
  }),
];
