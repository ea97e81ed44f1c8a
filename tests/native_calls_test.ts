/**
 * What an operation asks of the runtime, exactly: promises, controllers, timers, listeners, looks at the clock. A figure
 * that grows makes everybody's requests slower; one that shrinks is written down here, so that it stays.
 */
import { assert, assertEquals } from "@std/assert";
import { contextKey, map, TaskScope } from "@taskscope/taskscope";
import { countEach } from "./native_calls/count.ts";
import { heapNow, liveHeap } from "./native_calls/live_heap.ts";

const lifetime = { waitUntil(): void {} };

Deno.test("spawn() makes one promise for the start, one to follow the function, and nothing else", async () => {
  const each = await countEach(async (times) => {
    await TaskScope.run((scope) => {
      for (let i = 0; i < times; i++) scope.spawn(() => Promise.resolve(1));
    });
  });
  assertEquals(each, { promises: 2 + 1 }); // and the one of the function itself
});

Deno.test("spawn() makes one promise for a function that returns at once", async () => {
  const each = await countEach(async (times) => {
    await TaskScope.run((scope) => {
      for (let i = 0; i < times; i++) scope.spawn(() => 1);
    });
  });
  assertEquals(each, { promises: 1 });
});

Deno.test("await of a task makes its promise and what any thenable costs", async () => {
  const each = await countEach(async (times) => {
    await TaskScope.run(async (scope) => {
      for (let i = 0; i < times; i++) await scope.spawn(() => 1);
    });
  });
  assertEquals(each, { promises: 5, "Date.now": 1 });
});

Deno.test("spawn() makes a controller only where the signal is read, and never a listener", async () => {
  const each = await countEach(async (times) => {
    await TaskScope.run((scope) => {
      for (let i = 0; i < times; i++) scope.spawn(({ signal }) => signal.aborted);
    });
  });
  assertEquals(each, { promises: 1, AbortController: 1 });
});

Deno.test("spawn() with a deadline shares the timer of its scope", async () => {
  const each = await countEach(async (times) => {
    await TaskScope.run((scope) => {
      for (let i = 0; i < times; i++) scope.spawn(() => 1, { deadline: 60_000 });
    }, { deadline: 30_000 });
  });
  assertEquals(each, { promises: 1, "Date.now": 2 });
});

Deno.test("spawnDetached() makes no controller, and shares the timer of its scope", async () => {
  const each = await countEach(async (times) => {
    const tasks = await TaskScope.run((scope) => {
      const tasks = [];
      for (let i = 0; i < times; i++) tasks.push(scope.spawnDetached(() => 1, { deadline: 600_000 }));
      return tasks;
    }, { deadline: 30_000, lifetime });
    for (const task of tasks) if (task.state === "running") await task;
  });
  assertEquals(each, { promises: 3, "Date.now": 2 });
});

Deno.test("a request makes one timer and one listener, clears both, and composes no signal", async () => {
  const { signal } = new AbortController();
  const each = await countEach(async (times) => {
    for (let i = 0; i < times; i++) {
      const { audit } = await TaskScope.run(async (scope) => {
        const user = scope.spawn(() => 1);
        const posts = scope.spawn(() => 2);
        const audit = scope.spawnDetached(() => 3, { deadline: 600_000 });
        await user;
        await posts;
        return { audit };
      }, { signal, deadline: 30_000, lifetime });
      await audit;
    }
  });
  assertEquals(each, {
    promises: 21,
    setTimeout: 1,
    clearTimeout: 1,
    addEventListener: 1,
    removeEventListener: 1,
    "Date.now": 7,
  });
});

Deno.test("map() makes four promises an item", async () => {
  const each = await countEach(async (times) => {
    const items = Array.from({ length: times }, (_, index) => index);
    await TaskScope.run((scope) => map(scope, items, () => 1, { concurrency: 4 }));
  });
  assertEquals(each, { promises: 4, "Date.now": 0.2 });
});

Deno.test("cancel() of sleeping tasks calls nothing native for each of them", async () => {
  const { promise: never } = Promise.withResolvers<void>();
  const each = await countEach(async (times) => {
    const scope = new TaskScope();
    for (let i = 0; i < times; i++) scope.spawn((task) => task.abortable(never));
    await null;
    scope.cancel();
    await scope.close();
  });
  assertEquals(each, { promises: 5 });
});

Deno.test("spawn() makes objects of less than 460 bytes, and none until its end", async () => {
  const TASKS = 500; // few enough to be no reason to collect garbage
  const one = () => 1;
  const scope = new TaskScope();
  const round = async () => {
    const before = heapNow();
    for (let i = 0; i < TASKS; i++) scope.spawn(one);
    const spawned = heapNow();
    await null;
    return [(spawned - before) / TASKS, (heapNow() - spawned) / TASKS] as const;
  };
  for (let i = 0; i < 50; i++) await round(); // until it is compiled
  const rounds: (readonly [number, number])[] = [];
  for (let i = 0; i < 5; i++) {
    await liveHeap();
    rounds.push(await round());
  }
  await scope.close();
  const least = (of: 0 | 1) => Math.min(...rounds.map((each) => each[of]));
  assert(least(0) < 460, `${least(0)} bytes a spawn`);
  assert(least(1) < 40, `${least(1)} bytes from its start to its end`);
});

Deno.test("a pending task keeps less than 510 bytes, a finished one none", async () => {
  const TASKS = 20_000;
  const never = Promise.withResolvers<void>();
  const scope = new TaskScope();
  const round = async (fn: () => Promise<void> | number) => {
    for (let i = 0; i < TASKS; i++) scope.spawn<unknown>(fn);
    await null;
  };
  await round(() => 1);
  const before = await liveHeap();
  await round(() => 1);
  const finished = (await liveHeap() - before) / TASKS;
  await round(() => never.promise);
  const pending = (await liveHeap() - before) / TASKS;
  never.resolve();
  await scope.join();
  assert(finished < 8, `${finished} bytes a finished task`);
  assert(pending < 510, `${pending} bytes a pending task`);
});

Deno.test("a task that waits does not keep its function, and all that it sees (G13)", async () => {
  const TASKS = 1_000;
  const never = Promise.withResolvers<void>();
  const scope = new TaskScope();
  const round = async () => {
    for (let i = 0; i < TASKS; i++) {
      const body = new Array(2_000).fill(i);
      scope.spawn<unknown>(() => body.length > 0 && never.promise);
    }
    await null;
  };
  await round();
  const before = await liveHeap();
  await round();
  const kept = (await liveHeap() - before) / TASKS;
  never.resolve();
  await scope.join();
  assert(kept < 2_000, `${kept} bytes a task, whose function sees 16 000`);
});

Deno.test("a promise that never settles does not keep the scopes that waited for it (G13)", async () => {
  const SCOPES = 1_000;
  const never = new Promise<void>(() => {});
  const Body = contextKey<number[]>("body");
  const round = async () => {
    for (let i = 0; i < SCOPES; i++) {
      await TaskScope.run((scope) => {
        queueMicrotask(() => scope.cancel());
        return scope.abortable(never);
      }, { context: [Body.with(new Array(2_000).fill(i))] }).catch(() => {});
    }
  };
  await round();
  const before = await liveHeap();
  await round();
  const kept = (await liveHeap() - before) / SCOPES;
  assert(kept < 2_000, `${kept} bytes a scope, of which each has 16 000 in its context`);
});
