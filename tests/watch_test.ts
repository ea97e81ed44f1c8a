import { assertEquals, assertThrows } from "@std/assert";
import { processLifetime, TaskScope } from "@taskscope/taskscope";
import { endingOf, putAround, type Sight, watch } from "../src/watch.ts";

/** What a watcher saw, as lines: the sight, the name, whose child it is. */
function recorder() {
  const lines: string[] = [];
  const names = new Map<number, string>();
  const end = watch((node, sight: Sight, args, spawner) => {
    names.set(node.mark, node.name);
    const by = sight === "onSpawn" ? ` by ${names.get(spawner)}` : "";
    const outcome = sight === "onSettle" ? ` ${endingOf(node, args).state}` : "";
    lines.push(`${sight} ${node.name}${by}${outcome}`);
  });
  return { lines, end, [Symbol.dispose]: end };
}

Deno.test("a watcher sees roots, tasks and detached tasks, from their beginning to their end", async () => {
  using seen = recorder();
  await TaskScope.run(async (scope) => {
    await scope.spawn((task) => void task.spawn(() => {}, { name: "grandchild" }), { name: "child" });
    await scope.spawnDetached(() => {}, { deadline: 1_000, name: "audit" });
  }, { name: "page" });
  await processLifetime().drain({ deadline: 1_000 });
  assertEquals(seen.lines, [
    "onOpen page",
    "onSpawn child by page",
    "onStart child",
    "onSpawn grandchild by child",
    "onStart grandchild",
    "onSettle grandchild succeeded",
    "onSettle child succeeded",
    "onSpawn audit by page",
    "onStart audit",
    "onSettle audit succeeded",
    "onSettle page succeeded",
  ]);
});

Deno.test("a watcher sees a task that ends after it was abandoned", async () => {
  using seen = recorder();
  const gate = Promise.withResolvers<void>();
  const scope = new TaskScope({ name: "page", grace: 0 });
  scope.spawn(() => gate.promise, { name: "deaf" }).catch(() => {});
  await Promise.resolve();
  await scope.close().catch(() => {});
  gate.resolve();
  await gate.promise;
  await Promise.resolve();
  assertEquals(seen.lines.slice(3), [
    "onCancel page",
    "onAbandon deaf",
    "onSettle page failed",
    "onSettle deaf succeeded",
  ]);
});

Deno.test("a watcher sees the end of a root once, also of one that ends after it was abandoned", async () => {
  using seen = recorder();
  const gate = Promise.withResolvers<void>();
  const deaf = new AbortController();
  const ran = TaskScope.run(() => gate.promise, { name: "page", grace: 0, signal: deaf.signal });
  await Promise.resolve();
  deaf.abort();
  await ran.catch(() => {});
  assertEquals(seen.lines, ["onOpen page", "onCancel page", "onAbandon page"]);
  gate.resolve();
  await gate.promise;
  await Promise.resolve();
  assertEquals(seen.lines.slice(3), ["onSettle page succeeded"]);
});

Deno.test("a watcher that comes late gives a mark to what it meets, and one that has gone sees nothing", async () => {
  const gate = Promise.withResolvers<void>();
  const marks: number[] = [];
  await TaskScope.run(async (scope) => {
    const before = scope.spawn(() => gate.promise, { name: "before" });
    const end = watch((node) => void marks.push(node.mark));
    gate.resolve();
    await before;
    end();
    await scope.spawn(() => {});
  });
  const [first] = marks;
  assertEquals(marks, [first, first]); // its start and its end
  assertEquals(marks[0] !== 0, true);
});

Deno.test("what is put around functions is nested, and can be taken away in any order", async () => {
  const calls: string[] = [];
  const put = (name: string) =>
    putAround((_, call) => {
      calls.push(name);
      return call();
    });
  const one = put("one");
  const two = put("two");
  assertEquals(await TaskScope.run(() => 5), 5); // and its value is passed on
  one();
  await TaskScope.run(() => {});
  two();
  await TaskScope.run(() => {});
  assertEquals(calls, ["two", "one", "two"]);
});

Deno.test("handoff() needs a task that can be handed off", async () => {
  await TaskScope.run((scope) => {
    const task = (() => {}) as never;
    assertThrows(() => scope.handoff(task, {} as never, {} as never), TypeError, "defineTask");
    assertThrows(() => scope.handoff(undefined as never, {} as never, {} as never), TypeError, "defineTask");
    const options = { deadline: 1_000, onExceed: "handoff" } as never;
    assertThrows(() => scope.spawnDetached(() => {}, options), TypeError, "onExceed of a function");
  });
});

Deno.test("spawnDetached() and handoff() give such a task the scope, the input and the options", async () => {
  const task = {
    spawnDetachedIn: (
      scope: TaskScope,
      input: number,
      options: { deadline: number },
    ) => ["spawned", scope, input, options],
    handOffFrom: (scope: TaskScope, input: number, options: { key: string }) => ["handed off", scope, input, options],
  };
  await TaskScope.run((scope) => {
    assertEquals(scope.spawnDetached(task, 1, { deadline: 2 }), ["spawned", scope, 1, { deadline: 2 }]);
    assertEquals(scope.handoff(task, 1, { key: "a" }), ["handed off", scope, 1, { key: "a" }]);
  });
});
