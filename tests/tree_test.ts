import { assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { TaskScope } from "@taskscope/taskscope";
import { withGlobals } from "./platforms/globals.ts";

Deno.test("tree() tells ages and the time that is left, never below zero", async () => {
  using time = new FakeTime();
  const scope = new TaskScope({ name: "page", deadline: 1_000 });
  time.tick(100);
  const task = scope.spawn((own) => own.sleep(60_000), { name: "user" });
  time.tick(200);
  const user = { name: "user", path: "page/user", state: "running" as const, age: 200, remaining: 700, children: [] };
  const page = { name: "page", path: "page", state: "open" as const, age: 300, remaining: 700, children: [user] };
  assertEquals(scope.tree(), page);
  const now = Date.now();
  const at = (moment: number) => withGlobals({ Date: { now: () => moment } }, () => scope.tree());
  const late = at(now + 5_000); // before the timer of the deadline
  assertEquals([late.remaining, late.children[0]?.remaining], [0, 0]);
  const early = at(now - 5_000); // the clock was set back
  assertEquals([early.age, early.children[0]?.age], [0, 0]);
  scope.cancel(new Error("enough"));
  assertEquals(scope.tree().reason, { kind: "canceled", origin: "page", message: "enough" });
  task.catch(() => {});
  await scope.close();
});

Deno.test("tree() tells the age of a task that is spawned long after its scope was opened", async () => {
  using time = new FakeTime();
  await TaskScope.run(async (scope) => {
    await null;
    time.tick(1_000);
    scope.spawn(() => {});
    const { age, children } = scope.tree();
    assertEquals([age, children[0]?.age], [1_000, 0]);
  });
});

Deno.test("tree() tells the age of a detached task", async () => {
  using time = new FakeTime();
  const lifetime = { waitUntil(): void {} };
  const ages: number[] = [];
  await TaskScope.run((scope) => {
    time.tick(100);
    scope.spawnDetached((own) => {
      time.tick(200);
      ages.push(own.tree().age);
    }, { deadline: 60_000 });
  }, { lifetime });
  await null;
  await time.tickAsync(0);
  assertEquals(ages, [200]);
});

Deno.test("tree() tells the age of a task that waits for its place, however long the one before it takes", async () => {
  using time = new FakeTime();
  const scope = new TaskScope({ concurrency: 1 });
  const tasks = [scope.spawn((own) => own.sleep(60_000))];
  await time.tickAsync(1);
  for (let i = 0; i < 2; i++) {
    tasks.push(scope.spawn(() => {}));
    time.tick(1_000);
  }
  assertEquals(scope.tree().children.map(({ age, state }) => [age, state]), [
    [2_001, "running"],
    [2_000, "queued"],
    [1_000, "queued"],
  ]);
  for (const task of tasks) task.catch(() => {});
  await scope.close();
});
