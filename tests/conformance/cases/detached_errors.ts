import { AbandonedTasksError, DeadlineExceededError, type DetachedTask, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  consoleErrors,
  FakeLifetime,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";
import { detach } from "../detach.ts";

const deadline = 10_000;

export const cases: Case[] = [
  test("detached: an unobserved error goes to onError exactly once, and a later await still rejects", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const boom = new Error("boom");
    let task: DetachedTask<never> | undefined;
    const lines = await consoleErrors(async () => {
      ({ task } = await detach(() => Promise.reject(boom), { lifetime, observer }));
      await lifetime.ended();
      await turn();
    });
    assertEquals(observer.errors, [{ error: boom, name: "audit", phase: "body" }]);
    assertEquals(lines, []);
    assertStrictEquals(await rejection(task as DetachedTask<never>), boom);
    assertEquals(observer.errors.length, 1);
  }),

  test("detached: without an observer it goes to console.error once, with name, path and cause", async () => {
    const lifetime = new FakeLifetime();
    const boom = new Error("boom");
    const lines = await consoleErrors(async () => {
      await detach(() => Promise.reject(boom), { lifetime });
      await lifetime.ended();
      await turn();
    });
    assertEquals(lines.length, 1);
    assert(lines[0]?.includes(boom));
    const text = lines[0]?.map(String).join(" ") ?? "";
    assert(text.includes("audit") && text.includes("page/audit"), text);
  }),

  test("detached: an observer without onError is not the end of an error", async () => {
    const lifetime = new FakeLifetime();
    const boom = new Error("boom");
    const lines = await consoleErrors(async () => {
      await detach(() => Promise.reject(boom), { lifetime, observer: { onStart() {} } });
      await lifetime.ended();
    });
    assertEquals(lines.length, 1);
  }),

  test("detached: an error goes to whoever awaits the handle, and nowhere else", async (watch) => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const boom = new Error("boom");
    const fail = () => ticks().then(() => Promise.reject(boom));
    const lines = await consoleErrors(async () => {
      await TaskScope.run(async (scope) => {
        assertStrictEquals(await rejection(watch(scope).spawnDetached(fail, { deadline })), boom);
        const caught: unknown[] = [];
        scope.spawnDetached(fail, { deadline }).catch((error) => void caught.push(error));
        scope.spawnDetached(fail, { deadline }).then(undefined, (error) => void caught.push(error));
        assertEquals(await scope.spawnDetached(fail, { deadline }).outcome, { state: "failed", error: boom });
        await lifetime.ended();
        await ticks();
        assertEquals(caught, [boom, boom]);
      }, { lifetime, observer });
    });
    assertEquals([observer.errors, lines], [[], []]);
  }),

  test("detached: an error thrown synchronously reaches whoever awaits the handle at once", async (watch) => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const boom = new Error("boom");
    const lines = await consoleErrors(async () => {
      const error = await rejection(TaskScope.run(async (scope) => {
        await watch(scope).spawnDetached(() => {
          throw boom;
        }, { deadline });
      }, { lifetime, observer }));
      assertStrictEquals(error, boom);
    });
    await lifetime.ended();
    assertEquals([observer.errors, lines], [[], []]);
  }),

  test("detached: its expired deadline is an error that somebody hears of", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const { task } = await detach((own) => own.sleep(60_000), { lifetime, observer }, { deadline: 5, name: "audit" });
    await lifetime.ended();
    assertEquals([task.state, observer.errors.length], ["failed", 1]);
    assertInstanceOf(observer.errors[0]?.error, DeadlineExceededError);
    assertEquals(observer.errors[0]?.name, "audit");
  }),

  test("detached: canceled by hand is no error", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const lines = await consoleErrors(async () => {
      const { task } = await detach((own) => own.sleep(60_000), { lifetime, observer });
      await ticks();
      task.cancel();
      await lifetime.ended();
      assertEquals(task.state, "canceled");
    });
    assertEquals([observer.errors, lines], [[], []]);
  }),

  test("detached: the error of its cleanup is heard of exactly once, with the phase cleanup", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const cleanup = new Error("cleanup");
    await detach((task) => task.defer(() => Promise.reject(cleanup)), { lifetime, observer });
    await lifetime.ended();
    assertEquals(observer.errors, [{ error: cleanup, name: "audit", phase: "cleanup" }]);
  }),

  test("detached: two errors of a detached task are both heard of, once each", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const [boom, cleanup] = [new Error("boom"), new Error("cleanup")];
    await detach((task) => {
      task.defer(() => Promise.reject(cleanup));
      throw boom;
    }, { lifetime, observer });
    await lifetime.ended();
    const told = observer.errors.map(({ error, phase }) => [error, phase]);
    assertEquals(told.length, 2);
    assert(told.some(([error, phase]) => error === boom && phase === "body"));
    assert(told.some(([error, phase]) => error === cleanup && phase === "cleanup"));
  }),

  test("detached: the late error of an abandoned detached task is never silent", async () => {
    const lifetime = new FakeLifetime();
    const stuck = Promise.withResolvers<void>();
    const late = new Error("late");
    const lines = await consoleErrors(async () => {
      await detach(() => stuck.promise, { lifetime, grace: 5 }, { deadline: 5 });
      await lifetime.ended();
      stuck.reject(late);
      await turn();
    });
    assert(lines.some((line) => line.includes(late)), "console.error was not told");
  }),

  test("detached: an abandoned detached task is reported by name", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const stuck = Promise.withResolvers<void>();
    await detach(() => stuck.promise, { lifetime, observer, grace: 5 }, { deadline: 5, name: "stuck" });
    await lifetime.ended();
    assertEquals(observer.abandoned.map(({ name }) => name), ["stuck"]);
    assertInstanceOf(observer.abandoned[0]?.error, AbandonedTasksError);
    assertEquals(observer.errors.filter(({ error }) => error instanceof DeadlineExceededError).length, 1);
    stuck.resolve();
    await ticks();
    assertEquals(observer.of("settle"), ["settle stuck succeeded"]);
  }),
];
