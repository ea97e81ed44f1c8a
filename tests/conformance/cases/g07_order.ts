import { CancelReason, ScopeCanceledError, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";
import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
  Recorder,
  rejection,
  test,
  ticks,
} from "../assert.ts";

/** Spawns a chain of scopes, each with a waiting task, and hands out their scopes. */
async function chain(top: TaskScope, depth: number): Promise<TaskScope[]> {
  const scopes: TaskScope[] = [];
  const dive = (scope: TaskScope) => {
    scopes.push(scope);
    if (scopes.length < depth) scope.spawn(dive, { name: `level-${scopes.length}` });
    return scope.sleep(60_000);
  };
  top.spawn(dive, { name: "level-0" });
  await ticks();
  return scopes;
}

export const cases: Case[] = [
  test("G7: one cancel, one reason: the identical object in the whole subtree", async (watch) => {
    const seen = new Set<unknown>();
    const error = await rejection(TaskScope.run(async (scope) => {
      watch(scope);
      const scopes = await chain(scope, 5);
      for (const each of scopes) each.signal.addEventListener("abort", () => void seen.add(each.signal.reason));
      scope.cancel();
      seen.add(scope.signal.reason);
      for (const each of scopes) seen.add(each.signal.reason);
      await scope.sleep(1_000).catch((reason) => {
        seen.add(reason);
        throw reason;
      });
    }));
    seen.add(error);
    assertEquals(seen.size, 1);
    assertInstanceOf(error, CancelReason);
  }),

  test("G7: abort listeners run parents before children", async (watch) => {
    const order: string[] = [];
    await rejection(TaskScope.run(async (scope) => {
      const note = ({ signal, name }: TaskScope) => signal.addEventListener("abort", () => void order.push(name));
      const scopes = await chain(watch(scope), 4);
      for (const each of scopes.toReversed()) note(each);
      note(scope);
      scope.cancel();
    }, { name: "top" }));
    assertEquals(order, ["top", "level-0", "level-1", "level-2", "level-3"]);
  }),

  test("G7: the whole subtree is marked before the first callback runs", async (watch) => {
    await rejection(TaskScope.run(async (scope) => {
      const scopes = await chain(watch(scope), 4);
      let checked = false;
      scope.signal.addEventListener("abort", () => {
        for (const each of scopes) {
          assertEquals(each.state, "canceling");
          assertThrows(() => each.spawn(() => 1), ScopeCanceledError);
          assertStrictEquals(each.signal.reason, scope.signal.reason); // first read: made aborted
        }
        checked = true;
      });
      scope.cancel();
      assert(checked);
    }));
  }),

  test("G7: the observer's onCancel comes before the listeners, and the subtree is marked by then", async (watch) => {
    const order: string[] = [];
    let scopes: TaskScope[] = [];
    await rejection(TaskScope.run(async (scope) => {
      scopes = await chain(watch(scope), 3);
      scope.signal.addEventListener("abort", () => void order.push("listener"));
      scope.cancel();
    }, { observer: { onCancel: () => void order.push(...scopes.map(({ state }) => state)) } }));
    assertEquals(order, ["canceling", "canceling", "canceling", "listener"]);
  }),

  test("G7: one cancellation is one onCancel, whatever its subtree", async (watch) => {
    const recorder = new Recorder();
    const reason = new Error("enough");
    await rejection(TaskScope.run(async (scope) => {
      await chain(watch(scope), 5);
      scope.cancel(reason);
      scope.cancel();
    }, { observer: recorder, name: "page" }));
    assertEquals(recorder.canceled, [{ path: "page", reason, kind: "canceled", origin: "page" }]);
  }),

  test("G7: cancel is synchronous and idempotent, and does not wait", async (watch) => {
    await rejection(TaskScope.run(async (scope) => {
      let aborts = 0;
      watch(scope).signal.addEventListener("abort", () => void aborts++);
      const task = scope.spawn((own) => own.sleep(60_000));
      await ticks();
      assertStrictEquals(scope.cancel(), undefined);
      assertEquals([scope.signal.aborted, scope.state, task.state, aborts], [true, "canceling", "running", 1]);
      scope.cancel();
      assertEquals(aborts, 1);
    }));
  }),

  test("G7: cancel of what has ended changes nothing, and nobody is told", async (watch) => {
    const observer = new Recorder();
    const scope = watch(new TaskScope({ observer }));
    const { promise: given, resolve } = Promise.withResolvers<AbortSignal>();
    const task = scope.spawn(({ signal }) => resolve(signal));
    await task;
    await scope.close();
    task.cancel();
    scope.cancel();
    assertEquals([(await given).aborted, task.state, scope.state], [false, "succeeded", "closed"]);
    assertEquals(observer.canceled, []);
  }),

  test("G7: a cancel from inside an abort listener is a second one, and changes nothing", async (watch) => {
    const first = new Error("first");
    const error = await rejection(TaskScope.run(async (scope) => {
      const [child] = await chain(watch(scope), 2);
      assert(child);
      scope.signal.addEventListener("abort", () => child.cancel(new Error("second")));
      child.signal.addEventListener("abort", () => scope.cancel(new Error("third")));
      scope.cancel(first);
      assertStrictEquals(child.signal.reason, first);
    }));
    assertStrictEquals(error, first);
  }),

  test("G7: tree tells kind and origin, for foreign reasons, too", async (watch) => {
    const controller = new AbortController();
    await rejection(TaskScope.run(async (scope) => {
      const gate = Promise.withResolvers<void>();
      watch(scope).spawn(() => gate.promise, { name: "child" });
      await ticks();
      assertEquals(scope.tree().reason, undefined);
      controller.abort("client left");
      const { reason, children, state } = JSON.parse(JSON.stringify(scope.tree())) as ReturnType<TaskScope["tree"]>;
      assertEquals(state, "canceling");
      assertEquals([reason?.kind, reason?.origin, reason?.message], ["canceled", "page", '"client left"']);
      assertEquals(children[0]?.reason, reason);
      assertEquals([children[0]?.name, children[0]?.path, children[0]?.state], ["child", "page/child", "running"]);
      gate.resolve();
      await rejection(scope.sleep(1));
      scope.signal.throwIfAborted();
    }, { signal: controller.signal, name: "page" }));
  }),

  test("G7: onCancel is told of a signal that had aborted and of a deadline that had passed", async () => {
    const observer = new Recorder();
    await rejection(TaskScope.run(() => 1, { signal: AbortSignal.abort("gone"), name: "aborted", observer }));
    await rejection(TaskScope.run(() => 1, { deadline: 0, name: "late", observer }));
    const manual = new TaskScope({ deadline: 0, name: "manual", observer });
    assertEquals(observer.canceled.map(({ path, kind }) => `${path} ${kind}`), [
      "aborted canceled",
      "late deadline",
      "manual deadline",
    ]);
    await manual.close();
  }),

  test("G7: a foreign signal without a reason gives one reason to all", async () => {
    class Foreign extends EventTarget {
      aborted = false;
    }
    const signal = new Foreign();
    const seen: unknown[] = [];
    const error = await rejection(TaskScope.run(async (scope) => {
      scope.signal.addEventListener("abort", () => seen.push(scope.signal.reason));
      scope.spawn((task) => {
        task.signal.addEventListener("abort", () => seen.push(task.signal.reason));
        return task.sleep(60_000);
      });
      await ticks();
      signal.aborted = true;
      signal.dispatchEvent(new Event("abort"));
      await scope.sleep(60_000);
    }, { signal: signal as unknown as AbortSignal }));
    assertInstanceOf(error, CancelReason);
    assertEquals([seen.length, seen[0] === error, seen[1] === error], [2, true, true]);
  }),
];
