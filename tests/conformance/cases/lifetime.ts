import {
  CancelReason,
  type DetachedTask,
  LifetimeUnavailableError,
  processLifetime,
  TaskScope,
} from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertLess,
  assertStrictEquals,
  assertThrows,
  consoleErrors,
  isSettled,
  isWorkerd,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";

const deadline = 10_000;
const lifetime = processLifetime();
const report = { completed: 0, canceled: 0, pending: 0 };

function detach<T>(fn: (task: TaskScope) => T | PromiseLike<T>, grace = 5_000): Promise<{ task: DetachedTask<T> }> {
  return TaskScope.run((scope) => ({ task: scope.spawnDetached(fn, { deadline, name: "work" }) }), {
    lifetime,
    grace,
    observer: new Recorder(),
    name: "page",
  });
}

export const cases: Case[] = [
  test("lifetime: without one spawnDetached uses the process, or throws where there is none", async (watch) => {
    await TaskScope.run(async (scope) => {
      let ran = false;
      const spawn = () => watch(scope).spawnDetached(() => void (ran = true), { deadline });
      if (isWorkerd) {
        assertThrows(spawn, LifetimeUnavailableError);
        await ticks();
        assertFalse(ran);
        return;
      }
      const before = processLifetime().pending;
      const task = spawn();
      assertEquals(processLifetime().pending, before + 1);
      await task;
      assertEquals(processLifetime().pending, before);
    });
  }),

  test("lifetime: there is one lifetime of the process", () => {
    assertStrictEquals(processLifetime(), lifetime);
    assertThrows(() => processLifetime({ signal: ["SIGTERM"] } as object), TypeError);
    assertThrows(() => processLifetime({ signals: ["SIGKILL" as "SIGTERM"] }), TypeError);
    assertThrows(() => processLifetime({ drain: NaN }), RangeError);
  }),

  test("lifetime: drain of nothing is over at once", async () => {
    assertEquals(await lifetime.drain({ deadline }), report);
  }),

  test("lifetime: drain needs a deadline", async () => {
    assertInstanceOf(await rejection(lifetime.drain(undefined as unknown as { deadline: number })), TypeError);
    assertInstanceOf(await rejection(lifetime.drain({} as { deadline: number })), TypeError);
    assertInstanceOf(await rejection(lifetime.drain({ deadline: NaN })), RangeError);
    assertInstanceOf(await rejection(lifetime.drain({ deadline, margin: -1 })), RangeError);
  }),

  test("lifetime: drain waits for what is pending", async () => {
    const gate = Promise.withResolvers<void>();
    await detach(() => gate.promise);
    await detach(() => 1);
    await ticks();
    const drain = lifetime.drain({ deadline });
    assertFalse(await isSettled(drain));
    assertEquals(lifetime.pending, 1);
    gate.resolve();
    assertEquals(await drain, { completed: 1, canceled: 0, pending: 0 });
    assertEquals(lifetime.pending, 0);
  }),

  test("lifetime: drain also waits for tasks added while it drains", async () => {
    const gate = Promise.withResolvers<void>();
    const order: string[] = [];
    await detach((task) =>
      gate.promise.then(() => {
        task.spawnDetached(() => ticks().then(() => void order.push("added")), { deadline });
      })
    );
    const drain = lifetime.drain({ deadline });
    await ticks();
    gate.resolve();
    const { completed, pending } = await drain;
    assertEquals([order, completed, pending], [["added"], 2, 0]);
  }),

  test("lifetime: drain cancels what does not fit, for the reason shutdown, before its deadline", async () => {
    const { task } = await detach((own) => own.sleep(60_000));
    const start = Date.now();
    const result = await lifetime.drain({ deadline: 40, margin: 30 });
    const reason = await rejection(task);
    assertInstanceOf(reason, CancelReason);
    assertEquals(reason.kind, "shutdown");
    assertEquals(result, { completed: 0, canceled: 1, pending: 0 });
    assertLess(Date.now() - start, 10_000);
  }),

  test("lifetime: drain is bounded, and says what has not ended", async () => {
    const stuck = Promise.withResolvers<void>();
    const { task } = await detach(() => stuck.promise, 60_000);
    const result = await lifetime.drain({ deadline: 20, margin: 10 });
    assertEquals([result.completed, result.canceled], [0, 1]);
    stuck.resolve();
    await task.outcome;
    await ticks();
    assertEquals(lifetime.pending, 0);
  }),

  test("lifetime: a task that uses its last moments is kept", async () => {
    const { task } = await detach(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return "saved";
    });
    await lifetime.drain({ deadline: 200, margin: 190 });
    assertEquals([await task, task.late], ["saved", true]);
  }),

  test("lifetime: it can be used again after a drain", async () => {
    await lifetime.drain({ deadline: 5 });
    await detach((own) => own.sleep(60_000));
    await lifetime.drain({ deadline: 20, margin: 15 });
    assertFalse(lifetime.closing.aborted);
    assertEquals(lifetime.deadline, undefined);
    const { task } = await detach(() => "again");
    assertEquals(await task, "again");
    await ticks();
    assertEquals(lifetime.pending, 0);
  }),

  test("lifetime: two drains at once both end", async () => {
    const gate = Promise.withResolvers<void>();
    await detach(() => gate.promise);
    const drains = [lifetime.drain({ deadline }), lifetime.drain({ deadline })];
    await ticks();
    gate.resolve();
    for (const drain of drains) assertEquals((await drain).pending, 0);
  }),

  test("lifetime: its owner lists what is detached", async () => {
    const gate = Promise.withResolvers<void>();
    await detach((task) => {
      task.spawn(() => gate.promise, { name: "child" });
    });
    await ticks();
    const trees = JSON.parse(JSON.stringify(lifetime.tree())) as ReturnType<typeof lifetime.tree>;
    assertEquals(trees.map(({ path, detached, children }) => [path, detached, children.length]), [[
      "page/work",
      true,
      1,
    ]]);
    assert((trees[0]?.remaining ?? 0) > 0);
    gate.resolve();
    await lifetime.drain({ deadline });
    assertEquals(lifetime.tree(), []);
  }),

  test("lifetime: its owner cancels what is detached, with a reason", async () => {
    const tasks = [await detach((own) => own.sleep(60_000)), await detach((own) => own.sleep(60_000))];
    await ticks();
    const reason = new Error("owner says so");
    lifetime.cancel(reason);
    for (const { task } of tasks) assertStrictEquals(await rejection(task), reason);
    await lifetime.drain({ deadline });
  }),

  test("lifetime: waitUntil of a rejected promise is reported, not an unhandled rejection", async () => {
    const boom = new Error("boom");
    const lines = await consoleErrors(async () => {
      lifetime.waitUntil(Promise.reject(boom));
      assertEquals(lifetime.pending, 1);
      await lifetime.drain({ deadline });
      await turn();
    });
    assertEquals([lines.length, lifetime.pending], [1, 0]);
    assert(lines[0]?.includes(boom));
    assertThrows(() => lifetime.waitUntil(undefined as unknown as Promise<void>), TypeError);
  }),

  test("lifetime: a drain leaves attached work alone", async (watch) => {
    const value = await TaskScope.run(async (scope) => {
      const task = watch(scope).spawn((own) => turn(15).then(() => own.signal.aborted));
      await detach((own) => own.sleep(60_000));
      await lifetime.drain({ deadline: 8, margin: 6 });
      return await task;
    }, { lifetime });
    assertEquals(value, false);
  }),
];
