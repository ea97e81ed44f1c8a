import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import fc from "fast-check";
import { type Counters, TaskScope } from "@taskscope/taskscope";
import { type LifecycleEvent, Recorder, type SpawnEvent } from "@taskscope/taskscope/inspect";
import { liveHeap } from "../native_calls/live_heap.ts";

/** Events as short lines, with names in place of numbers. */
function lines(events: readonly LifecycleEvent[]): string[] {
  const names = new Map(events.filter((event) => event.type === "spawn").map(({ id, name }) => [id, name]));
  const nameOf = (id: number | null) => id === null ? "nobody" : names.get(id) ?? "?";
  return events.map((event) => {
    const head = `${event.type} ${nameOf(event.id)}`;
    switch (event.type) {
      case "spawn":
        return `${head} ${event.kind} of ${nameOf(event.parent)} by ${nameOf(event.spawner)}`;
      case "cancel":
        return `${head} ${event.kind} ${event.origin}: ${event.reason}`;
      case "settle":
        return `${head} ${event.state}${event.late ? " late" : ""} by ${nameOf(event.by)}: ${event.message}`;
      case "late-settle":
        return `${head} ${event.state}: ${event.message}`;
      case "abandon":
        return `${head} ${event.message}`;
      case "error":
        return `${head} ${event.phase} ${event.message}`;
      default:
        return head;
    }
  });
}

function spawns(events: readonly LifecycleEvent[]): SpawnEvent[] {
  return events.filter((event) => event.type === "spawn");
}

/** Without the times: each recorder looks at the clock by itself. */
function untimed(events: readonly LifecycleEvent[]): LifecycleEvent[] {
  return events.map((event) => ({ ...event, at: 0 }));
}

const lifetime = { waitUntil() {} };
const quiet = { onError() {} };

Deno.test("Recorder: nothing is watched until it starts, and after it stops", async () => {
  const recorder = new Recorder();
  await TaskScope.run((scope) => void scope.spawn(() => 1));
  assertEquals([recorder.recording, recorder.events(), recorder.dropped], [false, [], 0]);
  recorder.start();
  recorder.start();
  await TaskScope.run(() => {}, { name: "page" });
  assertEquals(lines(recorder.events()), [
    "spawn page scope of nobody by nobody",
    "settle page succeeded by nobody: null",
  ]);
  recorder.stop();
  recorder.stop();
  await TaskScope.run(() => {}, { name: "unseen" });
  assertEquals([recorder.recording, recorder.events().length], [false, 2]);
  recorder.clear();
  assertEquals(recorder.events(), []);
});

Deno.test("Recorder: owners, spawners, detached tasks and shields", async () => {
  using recorder = new Recorder();
  recorder.start();
  await TaskScope.run(async (scope) => {
    await scope.spawn(async (task) => {
      await task.spawnDetached(() => 1, { name: "video", deadline: 1_000 });
      await task.shield(() => 1, { name: "commit", deadline: 1_000 });
    }, { name: "upload" });
  }, { name: "page", lifetime });
  assertEquals(lines(recorder.events()), [
    "spawn page scope of nobody by nobody",
    "spawn upload task of page by page",
    "start upload",
    "spawn video detached of nobody by upload",
    "start video",
    "settle video succeeded by nobody: null",
    "spawn commit shield of upload by upload",
    "start commit",
    "settle commit succeeded by nobody: null",
    "settle upload succeeded by nobody: null",
    "settle page succeeded by nobody: null",
  ]);
});

Deno.test("Recorder: a failure, what it cancels, and the chain of causes", async () => {
  using recorder = new Recorder();
  recorder.start();
  const cause = new Error("socket closed", { cause: "reset by peer" });
  await TaskScope.run((scope) => {
    scope.spawn((task) => task.sleep(60_000), { name: "other" });
    scope.spawn(() => Promise.reject(new Error("no rows", { cause })), { name: "query" });
  }, { name: "page" }).catch(() => {});
  const why = 'The scope "page" was canceled because "page/query" failed ← no rows ← socket closed ← reset by peer';
  assertEquals(lines(recorder.events()).slice(5), [
    "settle query failed by nobody: no rows ← socket closed ← reset by peer",
    `cancel page sibling-failed page: ${why}`,
    `settle other canceled by page: ${why}`,
    "settle page failed by page: no rows ← socket closed ← reset by peer",
  ]);
});

Deno.test("Recorder: a deadline, a task that ignores it, and its end after all", async () => {
  using time = new FakeTime(1_000_000);
  using recorder = new Recorder();
  recorder.start();
  const stuck = Promise.withResolvers<void>();
  const done = TaskScope.run((scope) => {
    scope.spawn(() => stuck.promise, { name: "stuck" });
  }, { name: "page", deadline: 100, grace: 50, observer: quiet }).catch(() => {});
  await time.tickAsync(100);
  await time.tickAsync(50);
  await done;
  await time.tickAsync(1_000);
  stuck.reject(new Error("too late"));
  await time.tickAsync(0);
  const events = recorder.events();
  assertEquals(
    lines(events).map((line) => line.replace(/passed at \S+/, "passed")),
    [
      "spawn page scope of nobody by nobody",
      "spawn stuck task of page by page",
      "start stuck",
      "deadline page",
      'cancel page deadline page: The deadline of "page" passed',
      'error page body 1 still running after grace: "page/stuck". Heed the signal, or raise grace ← The deadline of "page" passed',
      'abandon stuck 1 still running after grace: "page/stuck". Heed the signal, or raise grace ← The deadline of "page" passed',
      'settle page failed by page: The deadline of "page" passed',
      "late-settle stuck failed: too late",
      "error stuck after-abandon too late",
    ].filter((line) => events.some(({ type }) => line.startsWith(type))),
  );
  assertEquals(spawns(events).map(({ deadline }) => deadline), [1_000_100, 1_000_100]);
  assertEquals(events.filter(({ type }) => type === "deadline" || type === "late-settle").map(({ at }) => at), [
    1_000_100,
    1_001_150,
  ]);
});

Deno.test("Recorder: a task that waits for a place is queued, one that ends well after its cancellation is late", async () => {
  using recorder = new Recorder();
  recorder.start();
  await TaskScope.run(async (scope) => {
    const gate = Promise.withResolvers<void>();
    const first = scope.spawn(() => gate.promise, { name: "first" });
    scope.spawn(() => 1, { name: "second" });
    await Promise.resolve();
    first.cancel("enough");
    gate.resolve();
  }, { name: "page", concurrency: 1 });
  const events = recorder.events();
  assertEquals(spawns(events).map(({ queued }) => queued), [false, false, true]);
  assert(lines(events).includes("cancel first canceled page/first: enough"));
  assert(lines(events).includes("settle first succeeded late by first: null"), lines(events).join("\n"));
});

Deno.test("Recorder: what was there before it started appears with its true time", async () => {
  using time = new FakeTime(5_000);
  const gate = Promise.withResolvers<void>();
  using recorder = new Recorder();
  const done = TaskScope.run((scope) => {
    scope.spawn(async (task) => {
      await gate.promise;
      await task.spawn(() => 1, { name: "new" });
    }, { name: "old" });
    scope.spawn(() => gate.promise, { name: "other" });
  }, { name: "page", deadline: 60_000 });
  await time.tickAsync(1_000);
  recorder.start();
  gate.resolve();
  await done;
  const events = recorder.events();
  assertEquals(lines(events), [
    "spawn page scope of nobody by nobody",
    "spawn old task of page by page",
    "spawn new task of old by old",
    "spawn other task of page by page",
    "settle other succeeded by nobody: null",
    "start new",
    "settle new succeeded by nobody: null",
    "settle old succeeded by nobody: null",
    "settle page succeeded by nobody: null",
  ]);
  assertEquals(spawns(events).map(({ at, deadline }) => [at, deadline]), [
    [5_000, 65_000],
    [5_000, 65_000],
    [6_000, 65_000],
    [5_000, 65_000],
  ]);
});

Deno.test("Recorder: several at once, started one after the other, tell the same of the same numbers", async () => {
  const gate = Promise.withResolvers<void>();
  using first = new Recorder();
  using second = new Recorder();
  first.start();
  const done = TaskScope.run(async (scope) => {
    await scope.spawn(() => gate.promise, { name: "old" });
    await scope.spawn(() => 1, { name: "new" });
  }, { name: "page" });
  second.start();
  gate.resolve();
  await done;
  const known = new Set(untimed(first.events()).map((event) => JSON.stringify(event)));
  assertEquals(untimed(second.events()).filter((event) => !known.has(JSON.stringify(event))), []);
  assertEquals(spawns(second.events()).map(({ name }) => name), ["page", "old", "new"]);
});

Deno.test("Recorder: the ring keeps the last events, and the spawns of what still lives", async () => {
  using recorder = new Recorder({ capacity: 10 });
  using all = new Recorder();
  recorder.start();
  all.start();
  const gate = Promise.withResolvers<void>();
  await TaskScope.run(async (scope) => {
    scope.spawn(() => gate.promise, { name: "long" });
    for (let i = 0; i < 100; i++) await scope.spawn(() => i);
    assertEquals(spawns(recorder.events()).slice(0, 2).map(({ name }) => name), ["page", "long"]);
    assertEquals(untimed(recorder.events().slice(2)), untimed(all.events().slice(-10)));
    assertEquals(recorder.events().length + recorder.dropped, all.events().length);
    gate.resolve();
    await Promise.resolve();
    for (let i = 0; i < 100; i++) await scope.spawn(() => i);
    assertEquals(spawns(recorder.events())[1]?.name === "long", false);
  }, { name: "page" });
  assertEquals(recorder.events().length + recorder.dropped, all.events().length);
});

Deno.test("Recorder: clear forgets, and what lives appears again", async () => {
  using recorder = new Recorder();
  recorder.start();
  await TaskScope.run((scope) => {
    recorder.clear();
    scope.spawn(() => 1, { name: "one" });
  }, { name: "page" });
  assertEquals(spawns(recorder.events()).map(({ name }) => name), ["page", "one"]);
});

Deno.test("Recorder: long and hostile texts are cut, and no object is looked at twice", async () => {
  using recorder = new Recorder();
  recorder.start();
  const hostile = {
    get message(): string {
      throw new Error("no");
    },
  };
  const circular = new Error("a");
  circular.cause = circular;
  const name = "😀".repeat(500_000);
  await TaskScope.run(async (scope) => {
    await scope.spawn(() => Promise.reject(hostile), { name }).outcome;
    await scope.spawn(() => Promise.reject(circular)).outcome;
    await scope.spawn(() => Promise.reject(new Error("x".repeat(1_000_000)))).outcome;
    await scope.spawn(() => Promise.reject(Symbol("s"))).outcome;
    await scope.spawn(() => Promise.reject(Object.create(null))).outcome;
  }, { policy: "supervise", observer: quiet });
  const events = recorder.events();
  const longest = Math.max(...events.map((event) => JSON.stringify(event).length));
  assert(longest < 1_300, `${longest}`);
  const cut = spawns(events)[1]?.name ?? "";
  assertEquals([cut.length <= 200, cut.isWellFormed(), cut.endsWith("…")], [true, true, true]);
  const messages = events.flatMap((event) => event.type === "settle" && event.message ? [event.message] : []);
  assertEquals(messages.filter((message) => message.length < 100), [
    "an error that cannot be read",
    "a ← a ← a ← a ← a ← a ← a ← a",
    "Symbol(s)",
    "[object Object]",
  ]);
});

Deno.test("Recorder: with stacks, a spawn says where it was called", async () => {
  using recorder = new Recorder({ stacks: true });
  recorder.start();
  function startUpload(scope: TaskScope): void {
    scope.spawn(() => 1, { name: "upload" });
    scope.spawnDetached(() => 1, { name: "video", deadline: 1_000 });
  }
  await TaskScope.run(startUpload, { name: "page", lifetime });
  const [page, upload, video] = spawns(recorder.events());
  for (const spawn of [page, upload, video]) {
    assertStringIncludes(spawn?.stack?.split("\n")[0] ?? "", "recorder_test.ts");
    assert(!spawn?.name.includes("at "));
  }
  assertStringIncludes(upload?.stack?.split("\n")[0] ?? "", "startUpload");
});

Deno.test("Recorder: listeners hear each event at once, in order; one that throws is reported once", async () => {
  const { error } = console;
  const told: unknown[][] = [];
  console.error = (...args) => void told.push(args);
  try {
    using recorder = new Recorder({ capacity: 3 });
    recorder.start();
    const heard: LifecycleEvent[] = [];
    recorder.subscribe(() => {
      throw new Error("listener");
    });
    recorder.subscribe(() => Promise.reject(new Error("async")) as unknown as void);
    const end = recorder.subscribe((event) => heard.push(event));
    await TaskScope.run((scope) => void scope.spawn(() => 1, { name: "one" }), { name: "page", deadline: 60_000 });
    assertEquals(lines(heard), [
      "spawn page scope of nobody by nobody",
      "spawn one task of page by page",
      "start one",
      "settle one succeeded by nobody: null",
      "settle page succeeded by nobody: null",
    ]);
    assertEquals(typeof spawns(heard)[0]?.deadline, "number");
    end();
    end();
    await TaskScope.run(() => {});
    assertEquals(heard.length, 5);
  } finally {
    console.error = error;
  }
  assertEquals(told.map(([, thrown]) => String(thrown)), ["Error: listener", "Error: async"]);
});

Deno.test("Recorder: what a listener spawns is told after what it was told", async () => {
  using recorder = new Recorder();
  recorder.start();
  const heard: string[] = [];
  let inner: Promise<void> | undefined;
  recorder.subscribe((event) => {
    if (!inner && event.type === "spawn") inner = TaskScope.run(() => {}, { name: "inner" });
    heard.push(event.type === "spawn" ? event.name : event.type);
  });
  await TaskScope.run(() => {}, { name: "outer" });
  await inner;
  assertEquals(heard, ["outer", "settle", "inner", "settle"].sort((a, b) => heard.indexOf(a) - heard.indexOf(b)));
});

Deno.test("Recorder: wrong arguments are refused", () => {
  assertThrows(() => new Recorder({ capacity: 0 }), RangeError, "capacity");
  assertThrows(() => new Recorder({ capacity: 1.5 }), RangeError, "whole number");
  assertThrows(() => new Recorder({ capacity: 1e9 }), RangeError, "capacity");
  assertThrows(() => new Recorder({ stacks: "yes" as unknown as boolean }), TypeError, "stacks");
  assertThrows(() => new Recorder({ size: 1 } as object), TypeError, "size");
  assertThrows(() => new Recorder().subscribe(1 as unknown as () => void), TypeError, "function");
});

Deno.test("Recorder: events of any tree agree with its counters, and a small ring with a large one", async () => {
  interface Plan {
    readonly fate: "return" | "throw" | "cancel" | "wait";
    readonly children: readonly Plan[];
  }
  const { tree } = fc.letrec<{ tree: Plan }>((tie) => ({
    tree: fc.record({
      fate: fc.constantFrom("return" as const, "return" as const, "throw" as const, "cancel" as const, "wait" as const),
      children: fc.oneof({ maxDepth: 4 }, fc.constant([]), fc.array(tie("tree"), { maxLength: 3 })),
    }),
  }));
  await fc.assert(
    fc.asyncProperty(tree, fc.integer({ min: 1, max: 40 }), async (plan, capacity) => {
      using all = new Recorder();
      using few = new Recorder({ capacity });
      all.start();
      few.start();
      const scopes: TaskScope[] = [];
      const play = async (scope: TaskScope, { fate, children }: Plan): Promise<void> => {
        scopes.push(scope);
        for (const child of children) if (scope.state === "open") scope.spawn((task) => play(task, child));
        await Promise.resolve();
        if (fate === "cancel") scope.cancel();
        if (fate === "throw") throw new Error("boom");
        if (fate === "wait") await Promise.resolve();
      };
      const root = new TaskScope({ policy: "supervise", concurrency: 2, observer: quiet });
      await play(root, plan).catch(() => {});
      await root.close().catch(() => {});
      all.stop();
      few.stop();
      check(all.events(), root.counters);
      const last = few.events();
      assertEquals(untimed(last.slice(-capacity)), untimed(all.events().slice(-capacity)));
      assertEquals(last.length + few.dropped, all.events().length);
    }),
    { numRuns: 150 },
  );
});

/** Each settles once, after its spawn and start, and what settled below the root is what the root counts. */
function check(events: readonly LifecycleEvent[], counters: Counters): void {
  const alive = new Map<number, SpawnEvent>();
  const counted = { spawned: 0, succeeded: 0, failed: 0, canceled: 0 };
  const root = events[0]?.id;
  for (const event of events) {
    if (event.type === "spawn") {
      assert(!alive.has(event.id));
      assert(event.parent === null || alive.has(event.parent));
      alive.set(event.id, event);
      if (event.parent === root) counted.spawned++;
    } else if (event.type === "settle") {
      const spawn = alive.get(event.id);
      assert(spawn && alive.delete(event.id) && event.at >= spawn.at);
      if (spawn.parent === root) counted[event.state]++;
      assertEquals(event.state === "canceled" && event.by === null, false);
    } else assert(event.type === "error" || alive.has(event.id), event.type); // an error may be told after the end
  }
  assertEquals(alive.size, 0);
  const { spawned, succeeded, failed, canceled } = counters;
  assertEquals(counted, { spawned, succeeded, failed, canceled });
}

Deno.test("Recorder: keeps nothing of the program alive", async () => {
  const recorder = new Recorder({ stacks: true });
  recorder.start();
  const refs: WeakRef<object>[] = [];
  const stuck: object[] = [];
  await (async () => {
    const error = new Error("boom");
    const value = { big: true };
    const scope = new TaskScope({ policy: "supervise", observer: quiet });
    refs.push(new WeakRef(error), new WeakRef(value), new WeakRef(scope));
    await scope.spawn(() => Promise.reject(error)).outcome;
    await scope.spawn(() => value);
    const canceled = scope.spawn((task) => task.sleep(60_000));
    await Promise.resolve();
    const reason = { why: "enough" };
    refs.push(new WeakRef(reason));
    canceled.cancel(reason);
    await scope.close().catch(() => {});
  })();
  const open = new TaskScope();
  refs.push(new WeakRef(open));
  recorder.stop();
  await gcUntilGone(refs.slice(0, 4));
  assertEquals(refs.slice(0, 4).map((ref) => ref.deref()), [undefined, undefined, undefined, undefined]);
  assert(recorder.events().length > 5 && stuck.length === 0);
  await open.close();
});

async function gcUntilGone(refs: readonly WeakRef<object>[]): Promise<void> {
  for (let i = 0; i < 10 && refs.some((ref) => ref.deref()); i++) await liveHeap();
}

Deno.test("Recorder: memory stays the same, however much happens", async () => {
  using recorder = new Recorder({ capacity: 1_000 });
  recorder.start();
  const message = "x".repeat(5_000);
  const some = async (count: number) => {
    for (let i = 0; i < count; i++) {
      await TaskScope.run((scope) => scope.spawn(() => Promise.reject(new Error(`${i} ${message}`)), { name: `${i}` }))
        .catch(() => {});
    }
  };
  await some(500);
  const before = await liveHeap();
  await some(2_000);
  const grown = await liveHeap() - before;
  assert(grown < 1_000_000, `${grown} bytes`);
  assert(recorder.dropped > 8_000 && recorder.events().length < 1_100);
});

Deno.test("Recorder: a name or message that was cut from a long text does not keep that text", async () => {
  using recorder = new Recorder();
  recorder.start();
  const some = async (count: number) => {
    for (let i = 0; i < count; i++) {
      const body = `${i}${"x".repeat(100_000)}`.split("").join("");
      const boom = () => Promise.reject(new Error(body.slice(0, 30)));
      await TaskScope.run(boom, { name: body.slice(1, 30) }).catch(() => {});
    }
  };
  await some(20);
  const before = await liveHeap();
  await some(40);
  const grown = (await liveHeap() - before) / 40;
  assert(grown < 20_000, `${grown} bytes for each`);
});

Deno.test("Recorder: with stacks, an Error that is frozen or cannot be formatted does not disturb the work", async () => {
  const errors = Error as { prepareStackTrace?: unknown };
  const before = errors.prepareStackTrace;
  using recorder = new Recorder({ stacks: true });
  recorder.start();
  errors.prepareStackTrace = () => {
    throw new Error("no");
  };
  const limit = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit") ?? {};
  Object.defineProperty(Error, "stackTraceLimit", { ...limit, writable: false });
  try {
    await TaskScope.run((scope) => void scope.spawn(() => 1));
  } finally {
    errors.prepareStackTrace = before;
    Object.defineProperty(Error, "stackTraceLimit", limit);
  }
  assertEquals(recorder.events().length, 5);
});

Deno.test("Recorder: the deadline of a root scope is known at its spawn, and is not that of its tasks", async () => {
  using recorder = new Recorder({ capacity: 100 });
  recorder.start();
  const deadline = Date.now() + 60_000;
  const run = (at: number, signal?: AbortSignal) =>
    TaskScope.run((scope) => void scope.spawn(() => {}, { name: "task" }), {
      name: "page",
      deadline: new Date(at),
      signal,
    });
  await run(deadline);
  await run(deadline, AbortSignal.abort("gone")).catch(() => {});
  await run(Date.now() - 1).catch(() => {}); // too late: it ends by its deadline at once
  const spawns = recorder.events().flatMap((event) => event.type === "spawn" ? [[event.name, event.deadline]] : []);
  assertEquals(spawns, [["page", deadline], ["task", deadline], ["page", deadline], ["page", null]]);
  const types = recorder.events().slice(-3).map(({ type }) => type);
  assertEquals(types.filter((type) => type !== "deadline"), ["cancel", "settle"], "after its spawn");
});
