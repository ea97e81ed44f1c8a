/** What a second review found: each was a bug. */
import {
  CancelReason,
  contextKey,
  hedge,
  map,
  ScopeCanceledError,
  ScopeClosedError,
  TaskScope,
} from "@taskscope/taskscope";
import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  consoleErrors,
  FakeLifetime,
  isSettled,
  Recorder,
  rejection,
  test,
  ticks,
  turn,
} from "../assert.ts";
import type { Case } from "../case.ts";
import { thrown } from "../refusal.ts";

const hour = { hours: 1 };

export const cases: Case[] = [
  test("G9: the host is held until deadline and grace, not for one grace a stuck cleanup", async () => {
    const lifetime = new FakeLifetime();
    const gate = Promise.withResolvers<void>();
    const scope = new TaskScope({ lifetime, grace: 15 });
    const task = scope.spawnDetached((task) => {
      for (let i = 0; i < 40; i++) task.defer(() => gate.promise);
    }, { deadline: 10 });
    const outcome = task.outcome;
    await lifetime.held[0];
    assertEquals(task.state, "running"); // its cleanup is not over by far
    gate.resolve();
    assertEquals((await outcome).state, "failed");
    await scope.close();
  }),

  test("G9: the host is held until deadline and grace, not for a shield", async () => {
    const lifetime = new FakeLifetime();
    const gate = Promise.withResolvers<void>();
    const scope = new TaskScope({ lifetime, grace: 5 });
    const task = scope.spawnDetached((task) => task.shield(() => gate.promise, { deadline: hour }), { deadline: 5 });
    const outcome = task.outcome;
    await lifetime.held[0];
    assertEquals(task.state, "running");
    gate.resolve();
    assertEquals((await outcome).state, "succeeded");
    await scope.close();
  }),

  test("G9: a task canceled before its deadline keeps the host for its shield", async () => {
    const lifetime = new FakeLifetime();
    const gate = Promise.withResolvers<void>();
    const scope = new TaskScope({ lifetime, grace: 1 });
    const task = scope.spawnDetached((task) => task.shield(() => gate.promise, { deadline: hour }), { deadline: hour });
    await ticks();
    task.cancel();
    await turn(10);
    assertFalse(await isSettled(lifetime.held[0] as Promise<unknown>));
    gate.resolve();
    await task.outcome;
    await lifetime.ended();
    await scope.close();
  }),

  test("detached: what ends the host within waitUntil cancels the task", async () => {
    const closing = new AbortController();
    class Ending extends FakeLifetime {
      override waitUntil(work: Promise<unknown>): void {
        super.waitUntil(work);
        closing.abort();
      }
    }
    const lifetime = new Ending({ closing: closing.signal });
    let ran = false;
    const scope = new TaskScope({ lifetime });
    const outcome = await scope.spawnDetached(() => void (ran = true), { deadline: hour }).outcome;
    assertEquals([outcome.state, outcome.state === "canceled" && outcome.kind, ran], ["canceled", "lifetime", false]);
    await lifetime.ended();
    await scope.close();
  }),

  test("G7: when the host ends, every detached task is canceled before any callback runs", async () => {
    const closing = new AbortController();
    const lifetime = new FakeLifetime({ closing: closing.signal });
    const scope = new TaskScope({ lifetime });
    const seen: unknown[] = [];
    const wait = (own: TaskScope): Promise<void> => {
      own.signal.addEventListener("abort", () => seen.push(second.signal.aborted, third.state));
      return own.sleep(3_600_000);
    };
    let second = scope;
    let third = scope;
    const tasks = [
      scope.spawnDetached(wait, { deadline: hour }),
      scope.spawnDetached((own) => wait(second = own), { deadline: hour }),
      scope.spawnDetached((own) => (third = own).sleep(3_600_000), { deadline: hour }),
    ];
    const outcomes = Promise.all(tasks.map((task) => task.outcome));
    await ticks();
    closing.abort();
    await outcomes;
    assertEquals([seen[1], seen[3]], ["canceling", "canceling"]);
    await scope.close();
  }),

  test("detached: a task cut off by its host is reported, whatever the reason says", async () => {
    const closing = new AbortController();
    const lifetime = new FakeLifetime({ closing: closing.signal });
    const observer = new Recorder();
    const scope = new TaskScope({ lifetime, observer });
    const reason = new CancelReason("disconnected", "host", "The host has other plans");
    scope.spawnDetached((task) => task.sleep(3_600_000), { deadline: hour, name: "audit" });
    await ticks();
    closing.abort(reason);
    await lifetime.ended();
    assertEquals(observer.errors.map(({ name, error }) => [name, error]), [["audit", reason]]);
    await scope.close();
  }),

  test("detached: a task canceled through its handle is not reported, whatever the reason says", async () => {
    const lifetime = new FakeLifetime();
    const observer = new Recorder();
    const scope = new TaskScope({ lifetime, observer });
    const task = scope.spawnDetached((task) => task.sleep(3_600_000), { deadline: hour });
    task.cancel(new CancelReason("shutdown", "page", "Enough"));
    await lifetime.ended();
    assertEquals(observer.errors, []);
    await scope.close();
  }),

  test("G13: a chain of detached tasks keeps one value a key", async () => {
    const [Hop, Trace] = [contextKey<number>("hop"), contextKey<string>("trace")];
    const lifetime = new FakeLifetime();
    const scope = new TaskScope({ lifetime, context: [Trace.with("abc"), Hop.with(0)] });
    let ends: TaskScope | undefined;
    const hop = (left: number) => (task: TaskScope): void => {
      if (left === 0) ends = task;
      else task.spawnDetached(hop(left - 1), { deadline: hour, context: [Hop.with(left)] });
    };
    scope.spawnDetached(hop(20_000), { deadline: hour });
    for (let at = 0; at < lifetime.held.length; at++) await lifetime.held[at];
    // Keys nobody bound are looked for in all of them.
    const started = Date.now();
    for (let i = 0; i < 2_000; i++) ends?.get(contextKey("nobody"));
    assert(Date.now() - started < 5_000, "values that nobody can read are kept");
    assertEquals([ends?.get(Hop), ends?.get(Trace)], [1, "abc"]);
    await scope.close();
  }),

  test("G10: a getter among the options that closes or cancels the scope is found out", async () => {
    let ran = false;
    const options = (end: () => void) => ({
      get name(): string {
        end();
        return "late";
      },
      deadline: 1_000,
    });
    const closing = new TaskScope({ lifetime: new FakeLifetime() });
    assertInstanceOf(
      thrown(() => closing.spawn(() => void (ran = true), options(() => closing.close()))),
      ScopeClosedError,
    );
    const detaching = new TaskScope({ lifetime: new FakeLifetime() });
    const detach = () => detaching.spawnDetached(() => void (ran = true), options(() => detaching.close()));
    assertInstanceOf(thrown(detach), ScopeClosedError);
    const canceling = new TaskScope();
    const spawn = () => canceling.spawn(() => void (ran = true), options(() => canceling.cancel()));
    assertInstanceOf(thrown(spawn), ScopeCanceledError);
    await turn();
    assertEquals([closing.counters.spawned, canceling.counters.spawned, ran], [0, 0, false]);
    await canceling.close();
  }),

  test("G5: without an observer, a late error behind abortable goes to the console", async () => {
    const late = Promise.withResolvers<void>();
    const boom = new Error("boom");
    const lines = await consoleErrors(async () => {
      await rejection(TaskScope.run((scope) => {
        queueMicrotask(() => scope.cancel());
        return scope.abortable(late.promise);
      }));
      late.reject(boom);
      await ticks();
    });
    assertEquals(lines.map((line) => line.includes(boom)), [true]);
  }),

  test("G5: a cleanup that fails after grace is told as after-abandon, and kept", async () => {
    const late = Promise.withResolvers<void>();
    const boom = new Error("boom");
    const observer = new Recorder();
    const scope = new TaskScope({ grace: 1, observer });
    scope.defer(() => late.promise);
    assert(await rejection(scope.close()) instanceof Error);
    late.reject(boom);
    await ticks();
    assertEquals(observer.errors.map(({ error, phase }) => [error, phase]), [[boom, "after-abandon"]]);
    assertEquals(scope.suppressed, [boom]);
  }),

  test("G4: a failure of undefined counts as read, like any other", async () => {
    const scope = new TaskScope();
    const task = scope.spawn(() => Promise.reject(undefined));
    assertStrictEquals(await rejection(task), undefined);
    await scope.close(); // does not throw again
  }),

  test("G8: a promise that settles twice settles its task once", async () => {
    class Twice<T> extends Promise<T> {
      static override get [Symbol.species](): PromiseConstructor {
        return Promise;
      }
      override then<A = T, B = never>(
        onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
        onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
      ): Promise<A | B> {
        onFulfilled?.("first" as T);
        onRejected?.(new Error("second"));
        return super.then(onFulfilled, onRejected);
      }
    }
    await TaskScope.run(async (scope) => {
      const task = scope.spawn(() => new Twice<string>((resolve) => resolve("third")));
      assertEquals(await task, "first");
      assertEquals(scope.counters.succeeded, 1);
    });
  }),

  test("G13: reading the outcome of a pending task again and again makes one promise", async () => {
    await TaskScope.run(async (scope) => {
      const task = scope.spawn(() => 1);
      assertStrictEquals(task.outcome, task.outcome);
      await task.outcome;
      assertStrictEquals(task.outcome, task.outcome);
    });
  }),

  test("map: a source whose next throws or rejects is not asked to return", async () => {
    const boom = new Error("boom");
    let returned = 0;
    const source = (next: () => never | Promise<never>, key: symbol) => ({
      [key]: () => ({ next, return: () => void returned++ }),
    });
    const throws = () => {
      throw boom;
    };
    const sources = [
      source(throws, Symbol.iterator),
      source(throws, Symbol.asyncIterator),
      source(() => Promise.reject(boom), Symbol.asyncIterator),
    ];
    for (const each of sources) {
      assertStrictEquals(
        await rejection(TaskScope.run((scope) => map(scope, each as unknown as Iterable<number>, () => {}))),
        boom,
      );
    }
    assertEquals(returned, 0);
  }),

  test("hedge: attempts cost nothing until they start", async () => {
    const value = await TaskScope.run((scope) =>
      hedge(scope, () => "at once", { delay: 60_000, attempts: Number.MAX_SAFE_INTEGER })
    );
    assertEquals(value, "at once");
  }),

  test("tree: a note is shown in the tree, and is a non-empty text", async () => {
    const scope = new TaskScope({ note: "cannot know of a disconnect" });
    scope.spawn((task) => task.sleep(1));
    const { note, children } = scope.tree();
    assertEquals([note, children[0]?.note], ["cannot know of a disconnect", undefined]);
    await scope.join();
    for (const bad of ["", 5, null]) {
      const error = thrown(() => new TaskScope({ note: bad as string }));
      assert(error instanceof TypeError && error.message.includes("a note must be a non-empty string"));
    }
  }),
];
