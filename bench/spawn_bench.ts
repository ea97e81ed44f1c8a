/** Spawning many tasks and waiting for them, against no structure at all. */
import { TaskScope } from "@taskscope/taskscope";

const TASKS = 10_000;

async function work(value: number): Promise<number> {
  await null;
  return value;
}

Deno.bench({
  name: "TaskScope",
  group: "spawn and join 10 000 tasks",
  baseline: true,
  async fn() {
    const scope = new TaskScope();
    for (let i = 0; i < TASKS; i++) scope.spawn(() => work(i));
    await scope.join();
  },
});

Deno.bench({
  name: "Promise.all",
  group: "spawn and join 10 000 tasks",
  async fn() {
    const all: Promise<number>[] = [];
    for (let i = 0; i < TASKS; i++) all.push(work(i));
    await Promise.all(all);
  },
});

Deno.bench({
  name: "TaskScope, signals read",
  group: "spawn and join 10 000 tasks",
  async fn() {
    const scope = new TaskScope();
    for (let i = 0; i < TASKS; i++) scope.spawn(({ signal }) => work(signal.aborted ? 0 : i));
    await scope.join();
  },
});

Deno.bench({
  name: "cancel 10 000 live tasks",
  group: "cancel",
  async fn(bench) {
    const scope = new TaskScope();
    for (let i = 0; i < TASKS; i++) scope.spawn((task) => task.sleep(60_000));
    await Promise.resolve();
    bench.start();
    scope.cancel();
    bench.end();
    await scope.close();
  },
});
