/** A recorder that starts in the middle, and what is told of a task after its end. */
import { assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { TaskScope } from "@taskscope/taskscope";
import { type LifecycleEvent, Recorder } from "@taskscope/taskscope/inspect";

const quiet = { onError() {} };

/** Events as short lines, with names in place of numbers. */
function lines(events: readonly LifecycleEvent[]): string[] {
  const names = new Map(events.filter((event) => event.type === "spawn").map(({ id, name }) => [id, name]));
  return events.map(({ type, id }) => `${type} ${names.get(id) ?? "?"}`);
}

/** Something that runs before the recorder starts. */
function openTree(name: string, depth: number): { gate: PromiseWithResolvers<void>; done: Promise<void> } {
  const gate = Promise.withResolvers<void>();
  const below = (scope: TaskScope, level: number): Promise<void> | void => {
    if (level > depth) return gate.promise;
    return void scope.spawn((task) => below(task, level + 1), { name: `${name}-${level}` });
  };
  return { gate, done: TaskScope.run((scope) => below(scope, 1), { name }) };
}

Deno.test("Recorder: started in the middle of several trees, it introduces every ancestor of what it meets", async () => {
  const trees = [openTree("a", 3), openTree("b", 3)];
  for (let i = 0; i < 10; i++) await null;
  using recorder = new Recorder();
  recorder.start();
  await TaskScope.run(() => {}, { name: "new" });
  for (const { gate } of trees) gate.resolve();
  await Promise.all(trees.map(({ done }) => done));
  const events = recorder.events();
  assertEquals(lines(events).slice(0, 2), ["spawn new", "settle new"]);
  for (const name of ["a", "b"]) {
    const own = ["", "-1", "-2", "-3"].map((suffix) => name + suffix);
    const told = lines(events).filter((line) => line.includes(` ${name}`));
    assertEquals(told, [...own.map((each) => `spawn ${each}`), ...own.reverse().map((each) => `settle ${each}`)]);
  }
  const spawns = events.filter((event) => event.type === "spawn");
  const ids = new Set(spawns.map(({ id }) => id));
  assertEquals([ids.size, spawns.every(({ parent }) => parent === null || ids.has(parent))], [9, true]);
  assertEquals(spawns.every(({ id }) => Number.isInteger(id) && id > 0), true);
});

Deno.test("Recorder: an error that is told after the end does not make the task appear again", async () => {
  const gate = Promise.withResolvers<void>();
  const done = TaskScope.run((scope) => {
    scope.spawn(() => gate.promise, { name: "old" });
  }, { name: "page", policy: "supervise", observer: quiet });
  await null;
  using recorder = new Recorder();
  recorder.start();
  gate.reject(new Error("boom"));
  await done;
  assertEquals(lines(recorder.events()), ["spawn page", "spawn old", "settle old", "error old", "settle page"]);
});

Deno.test("Recorder: started after a task was abandoned, it tells its end, once, and of no scope that has ended", async () => {
  using time = new FakeTime();
  const gate = Promise.withResolvers<void>();
  const done = TaskScope.run((scope) => {
    scope.spawn(() => gate.promise, { name: "stuck" });
  }, { name: "page", deadline: 10, grace: 10, observer: quiet }).catch(() => {});
  await time.tickAsync(10);
  await time.tickAsync(10);
  await done;
  using recorder = new Recorder();
  recorder.start();
  gate.reject(new Error("too late"));
  await time.tickAsync(0);
  assertEquals(lines(recorder.events()), ["spawn stuck", "late-settle stuck", "error stuck"]);
});

Deno.test("Recorder: an error of what a canceled wait left behind is no scope of its own", async () => {
  using recorder = new Recorder();
  recorder.start();
  const left = Promise.withResolvers<void>();
  await TaskScope.run(async (scope) => {
    const task = scope.spawn((task) => task.abortable(left.promise), { name: "waits" });
    await null;
    task.cancel();
    await task.outcome;
    left.reject(new Error("too late"));
    await left.promise.catch(() => {});
  }, { name: "page", observer: quiet });
  const told = recorder.events();
  assertEquals(told.filter(({ type }) => type === "spawn").length, 2, lines(told).join("\n"));
  assertEquals(told.filter((event) => event.type === "error").map(({ phase, message }) => [phase, message]), [
    ["after-abandon", "too late"],
  ]);
});

Deno.test("Recorder: a detached task that fails unseen is introduced before its error", async () => {
  using time = new FakeTime();
  const gate = Promise.withResolvers<void>();
  await TaskScope.run((scope) => {
    scope.spawnDetached(() => gate.promise, { name: "audit", deadline: 1_000 });
  }, { lifetime: { waitUntil() {} }, observer: quiet });
  await time.tickAsync(0);
  using recorder = new Recorder();
  recorder.start();
  gate.reject(new Error("boom"));
  await time.tickAsync(0);
  assertEquals(lines(recorder.events()), ["spawn audit", "error audit", "settle audit"]);
});

Deno.test("Recorder: a listener that another one takes away hears no more", async () => {
  using recorder = new Recorder();
  recorder.start();
  const heard: string[] = [];
  recorder.subscribe(() => end());
  const end = recorder.subscribe(({ type }) => heard.push(type));
  await TaskScope.run(() => {});
  assertEquals(heard, []);
});
