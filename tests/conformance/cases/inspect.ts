import { thrown } from "../refusal.ts";
import { TaskScope } from "@taskscope/taskscope";
import { formatTree, Recorder } from "@taskscope/taskscope/inspect";
import type { Case } from "../case.ts";
import { assert, assertEquals, FakeLifetime, test } from "../assert.ts";

/** Records a request that fails and leaves a detached task, and what of it is shown. */
async function record(recorder: Recorder, watch: <S extends TaskScope>(scope: S) => S): Promise<string> {
  const lifetime = new FakeLifetime();
  const boom = Promise.withResolvers<void>();
  let text = "";
  await TaskScope.run(async (scope) => {
    watch(scope);
    scope.spawnDetached(() => 1, { name: "audit", deadline: 60_000 });
    scope.spawn((task) => task.sleep(60_000), { name: "user" });
    text = formatTree(scope);
    await scope.spawn(() => boom.promise, { name: "posts" });
  }, {
    name: "page",
    lifetime,
    observer: { onStart: ({ name }) => void (name === "posts" && boom.reject(new Error("no rows"))) },
  })
    .catch(() => {});
  recorder.stop();
  return text;
}

export const cases: Case[] = [
  test("inspect: a recorder tells what became of each task", async (watch) => {
    const recorder = new Recorder({ capacity: 100 });
    recorder.start();
    await record(recorder, watch);
    const names = new Map<number, string>();
    const ends: string[] = [];
    for (const event of recorder.events()) {
      if (event.type === "spawn") names.set(event.id, `${event.kind} ${event.name}`);
      if (event.type === "settle") ends.push(`${names.get(event.id)}: ${event.state}`);
      assert(Number.isFinite(event.at) && names.has(event.id));
    }
    assertEquals(ends, [
      "detached audit: succeeded",
      "task posts: failed",
      "task user: canceled",
      "scope page: failed",
    ]);
  }),

  test("inspect: a ring that is too small has the last events", async (watch) => {
    const recorder = new Recorder({ capacity: 2 });
    recorder.start();
    await record(recorder, watch);
    assertEquals(recorder.events().slice(-2).map(({ type }) => type), ["settle", "settle"]);
    assertEquals(recorder.dropped > 5, true);
  }),

  test("inspect: with stacks, a spawn knows where it was called", async (watch) => {
    const recorder = new Recorder({ stacks: true });
    recorder.start();
    await record(recorder, watch);
    for (const event of recorder.events()) {
      if (event.type === "spawn") assert(event.stack === undefined || !/recorder_ring/.test(event.stack));
    }
  }),

  test("inspect: a tree is shown, with color or without", async (watch) => {
    const recorder = new Recorder();
    const text = await record(recorder, watch);
    assert(text.includes("user") && text.includes("2 in all"));
    assertEquals(recorder.events(), []);
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
