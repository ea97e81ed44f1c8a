import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { AbandonedTasksError, TaskScope } from "@taskscope/taskscope";

const deadline = { minutes: 10 };

Deno.test("cleanup with a shield has the time until the next look after grace (G9)", async () => {
  using time = new FakeTime();
  const ran = TaskScope.run((scope) => {
    scope.defer(async () => {
      await scope.shield((shield) => shield.sleep(220), { deadline });
      await new Promise((resolve) => setTimeout(resolve, 100));
    });
  }, { grace: 200 });
  await time.tickAsync(220);
  await time.tickAsync(100);
  await ran;
  assertEquals(time.next(), false); // no timer is left
});

Deno.test("cleanup that is stuck after its shield is abandoned (G9)", async () => {
  using time = new FakeTime();
  const scope = new TaskScope({ grace: 200, name: "page" });
  scope.defer(async () => {
    await scope.shield((shield) => shield.sleep(220), { deadline });
    await new Promise(() => {});
  });
  const joined = assertRejects(() => scope.join(), AbandonedTasksError);
  await time.tickAsync(399);
  assertEquals(scope.state, "open");
  await time.tickAsync(1);
  assertInstanceOf(await joined, AbandonedTasksError);
});

Deno.test("the host of a stuck detached task with cleanup is let go at its deadline plus grace, not before (G9)", async () => {
  using time = new FakeTime();
  let isHeld = true;
  const waitUntil = (work: Promise<unknown>) => void work.then(() => isHeld = false);
  const scope = new TaskScope({ lifetime: { waitUntil }, grace: 300, observer: { onError() {} } });
  const task = scope.spawnDetached((task) => {
    task.defer(() => task.shield((shield) => shield.sleep(5_000), { deadline }));
    return new Promise(() => {});
  }, { deadline: 1_000 });
  await time.tickAsync(0);
  task.cancel();
  for (let i = 0; i < 12; i++) await time.tickAsync(100);
  await time.tickAsync(99);
  assertEquals(isHeld, true);
  await time.tickAsync(1);
  await time.runMicrotasks();
  assertEquals(isHeld, false);
  for (let i = 0; i < 50; i++) await time.tickAsync(100);
  await scope.close();
  assertEquals(time.next(), false);
});
