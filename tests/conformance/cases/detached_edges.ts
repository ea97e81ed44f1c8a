import { DeadlineExceededError, LifetimeLimitError, LifetimeUnavailableError, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assertEquals,
  assertInstanceOf,
  assertLess,
  assertStrictEquals,
  assertThrows,
  FakeLifetime,
  Recorder,
  rejection,
  storage,
  test,
  ticks,
  turn,
} from "../assert.ts";
import { detach } from "../detach.ts";

/** A lifetime that is about to end when `end` is called. */
function ending(): { lifetime: FakeLifetime; end: () => void } {
  const controller = new AbortController();
  return { lifetime: new FakeLifetime({ closing: controller.signal }), end: () => controller.abort() };
}

export const cases: Case[] = [
  test("detached: whose deadline it was: the task's own, or the scope's that it inherited (G8)", async () => {
    const lifetime = new FakeLifetime();
    const origins = await TaskScope.run(async (page) => {
      const inherited = page.spawn((child) => ({
        task: child.spawnDetached((task) => task.sleep(60_000), { deadline: 60_000, inheritDeadline: true }),
      }));
      const middle = page.spawn((child) => ({
        task: child.spawnDetached((task) => task.sleep(60_000), { deadline: 60_000, inheritDeadline: true }),
      }), { deadline: 250, name: "middle" });
      const own = page.spawnDetached((task) => task.sleep(60_000), { deadline: 5, inheritDeadline: true, name: "own" });
      const bare = page.spawnDetached((task) => task.sleep(60_000), { deadline: 5, name: "bare" });
      const errors = await Promise.all([(await inherited).task, (await middle).task, own, bare].map(rejection));
      return { origins: errors.map((error) => error instanceof DeadlineExceededError && error.origin) };
    }, { deadline: 500, name: "page", lifetime }).catch(() => undefined);
    assertEquals(origins?.origins, ["page", "page/middle", "page/own", "page/bare"]);
  }),

  test("detached: a deadline that was made shorter is the task's own", async () => {
    const lifetime = new FakeLifetime({ deadline: new Date(Date.now() + 200) });
    const error = await TaskScope.run(async (page) => {
      const options = { deadline: 60_000, inheritDeadline: true, onExceed: "clamp", margin: 0, name: "audit" } as const;
      const task = page.spawnDetached((own) => own.sleep(60_000), options);
      return { error: await rejection(task) };
    }, { deadline: 30_000, name: "page", lifetime });
    assertInstanceOf(error.error, DeadlineExceededError);
    assertEquals(error.error.origin, "page/audit");
  }),

  test("detached: a waitUntil that rejects later ends nothing", async () => {
    const lifetime = { waitUntil: () => Promise.reject(new Error("the host is gone")) };
    assertEquals(await TaskScope.run((scope) => scope.spawnDetached(() => 1, { deadline: 10_000 }), { lifetime }), 1);
    const thenable = { waitUntil: () => ({ then() {} }) };
    const options = { lifetime: thenable };
    assertEquals(await TaskScope.run((scope) => scope.spawnDetached(() => 2, { deadline: 10_000 }), options), 2);
    await turn(); // and no rejection was unhandled
  }),

  test("detached: a host that is about to end refuses, with its reason as the cause", () => {
    const { lifetime, end } = ending();
    end();
    const scope = new TaskScope({ lifetime });
    const error = assertThrows(
      () => scope.spawnDetached(() => 1, { deadline: 10_000 }),
      LifetimeUnavailableError,
      "the host is about to end",
    );
    assertStrictEquals(error.cause, lifetime.closing?.reason);
  }),

  test("detached: what does not fit is told in figures", () => {
    const scope = new TaskScope({ lifetime: new FakeLifetime({ deadline: new Date(Date.now() - 60_000) }) });
    const error = assertThrows(() => scope.spawnDetached(() => 1, { deadline: 30_000 }), LifetimeLimitError);
    assertEquals([error.requested, error.available, error.source], [30_000, 0, "the lifetime"]);
    assertEquals(
      error.message,
      "Cannot spawn a detached task: it asks for 30000 ms, the lifetime leaves 0 ms. Ask for less, or hand off a task of defineTask",
    );
  }),

  test("detached: canceled by hand and then cut off by the host, or ended well: nobody is told of an error", async () => {
    const { lifetime, end } = ending();
    const observer = new Recorder();
    const slow = (value: boolean) => async (task: TaskScope) => {
      const reason = await rejection(task.sleep(60_000));
      await turn(5);
      if (!value) throw reason;
    };
    const canceled = await detach(slow(false), { lifetime, observer });
    const good = await detach(slow(true), { lifetime, observer });
    await ticks();
    canceled.task.cancel();
    end();
    await lifetime.ended();
    assertEquals([canceled.task.state, good.task.state, observer.errors], ["canceled", "succeeded", []]);
  }),

  test("detached: cut off by the host: nobody asked for it, so it is an error", async () => {
    const { lifetime, end } = ending();
    const observer = new Recorder();
    const { task } = await detach((own) => own.sleep(60_000), { lifetime, observer });
    await ticks();
    end();
    await lifetime.ended();
    assertEquals([task.state, observer.errors.map(({ name }) => name)], ["canceled", ["audit"]]);
  }),

  test("detached: its observer sees the store of its spawn, whoever cancels it (G3)", async () => {
    const local = storage();
    if (!local) return;
    const seen: (string | undefined)[] = [];
    const lifetime = new FakeLifetime();
    const observer = { onCancel: () => void seen.push(local.getStore()) };
    const { task } = await local.run("spawn", () => detach((own) => own.sleep(60_000), { lifetime, observer }));
    await ticks();
    local.run("cancel", () => task.cancel());
    await lifetime.ended();
    assertEquals(seen, ["spawn"]);
  }),

  test("detached: tasks that spawn the next one have paths that do not grow for ever (G13)", async () => {
    const lifetime = new FakeLifetime();
    let path = "";
    const next = (left: number) => (task: TaskScope): void => {
      path = task.path;
      if (left > 0) task.spawnDetached(next(left - 1), { deadline: 10_000, name: "a-long-name" });
    };
    await detach(next(100), { lifetime });
    for (let i = 0; i <= 100; i++) await lifetime.ended();
    assertEquals(lifetime.held.length, 101);
    assertLess(path.length, 250);
  }),
];
