import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { stub } from "@std/testing/mock";
import { FakeTime } from "@std/testing/time";
import { map, type Observer, race, TaskScope } from "@taskscope/taskscope";
import { type MisuseKind, type MisuseWarning, watchMisuse } from "../../src/inspect/misuse.ts";
import { liveHeap } from "../native_calls/live_heap.ts";

const lifetime = { waitUntil(): void {} };

/** Collects the warnings of a piece of work; with FakeTime unless it says otherwise. */
async function warningsOf(work: (time: FakeTime) => Promise<unknown>, patience = 1_000): Promise<MisuseWarning[]> {
  const warnings: MisuseWarning[] = [];
  using time = new FakeTime();
  using _console = stub(console, "error", () => {});
  using _watch = watchMisuse({ onWarning: (warning) => warnings.push(warning), patience, enabled: true });
  await work(time);
  return warnings;
}

async function kindsOf(work: (time: FakeTime) => Promise<unknown>, patience?: number): Promise<MisuseKind[]> {
  return (await warningsOf(work, patience)).map(({ kind }) => kind);
}

/** Lets microtasks run. */
async function turns(): Promise<void> {
  for (let i = 0; i < 50; i++) await null;
}

/** Lets time pass, in steps: what a timer sets off comes before the next one. */
async function pass(time: FakeTime, ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    await time.tickAsync(Math.min(left, 100));
    await turns();
  }
}

async function ignore(promise: PromiseLike<unknown>): Promise<void> {
  await promise.then(() => {}, () => {});
}

const fail = () => Promise.reject(new Error("boom"));

// unseen-error

Deno.test("unseen-error: a task fails under supervise, and nobody awaits it", async () => {
  const [warning, ...more] = await warningsOf(() =>
    TaskScope.run((scope) => void scope.spawn(fail, { name: "bad" }), { policy: "supervise", name: "page" })
  );
  assertEquals([warning?.kind, warning?.path, more], ["unseen-error", "page/bad", []]);
  assertMatch(warning?.place ?? "", /misuse_test\.ts:\d+:\d+$/);
  assertStringIncludes(warning?.message ?? "", 'the task "page/bad" failed (Error: boom), nobody awaited it');
  assertStringIncludes(warning?.message ?? "", `Spawned at ${warning?.place}`);
});

Deno.test("unseen-error: a detached task fails, and nobody awaits it", async () => {
  const kinds = await kindsOf(async () => {
    const { task } = await TaskScope.run((scope) => ({ task: scope.spawnDetached(fail, { deadline: 1_000 }) }), {
      lifetime,
    });
    await turns();
    await ignore(task); // too late: it was on the console before
  });
  assertEquals(kinds, ["unseen-error"]);
});

Deno.test("unseen-error: a second failure that comes after the primary one", async () => {
  const warnings = await warningsOf(() =>
    ignore(TaskScope.run((scope) => {
      scope.spawn(fail, { name: "first" });
      scope.spawn(() => Promise.reject(new Error("also")), { name: "second" });
    }, { name: "page" }))
  );
  assertEquals(warnings.map(({ kind, path }) => [kind, path]), [["unseen-error", "page/second"]]);
  assertStringIncludes(warnings[0]?.message ?? "", 'errors: "aggregate"');
});

const harmless: [string, (time: FakeTime) => Promise<unknown>][] = [
  [
    "a failure under supervise whose task is awaited",
    () => TaskScope.run((scope) => ignore(scope.spawn(fail)), { policy: "supervise" }),
  ],
  [
    "a failure under supervise whose outcome is read",
    () => TaskScope.run((scope) => scope.spawn(fail).outcome, { policy: "supervise" }),
  ],
  [
    "a failure under supervise that an observer is told of",
    () => TaskScope.run((scope) => void scope.spawn(fail), { policy: "supervise", observer: { onError() {} } }),
  ],
  ["a failure that its scope fails with", () => ignore(TaskScope.run((scope) => void scope.spawn(fail)))],
  [
    "two failures in an aggregate",
    () => ignore(TaskScope.run((scope) => [1, 2].map(() => scope.spawn(fail)).length, { errors: "aggregate" })),
  ],
  [
    "a function that wraps the failure of a task below it",
    () =>
      ignore(TaskScope.run((scope) => {
        scope.spawn(async (task) => {
          await task.spawn(fail).catch((cause) => {
            throw new Error("wrapped", { cause });
          });
        });
      })),
  ],
  [
    "a detached task that ends well, its handle dropped",
    () => TaskScope.run((scope) => void scope.spawnDetached(() => 1, { deadline: 1_000 }), { lifetime }).then(turns),
  ],
  [
    "a detached task whose handle is awaited",
    () => TaskScope.run((scope) => ignore(scope.spawnDetached(fail, { deadline: 1_000 })), { lifetime }),
  ],
  [
    "a task that is canceled and nobody awaits",
    () => TaskScope.run((scope) => scope.spawn((task) => task.sleep(9)).cancel(), { policy: "supervise" }),
  ],
  [
    "a canceled task that stops at once",
    async (time) => {
      const scope = new TaskScope();
      scope.spawn((task) => task.sleep(60_000));
      await turns();
      scope.cancel();
      await pass(time, 5_000);
      await scope.close();
    },
  ],
  [
    "a canceled task that takes less than the patience",
    async (time) => {
      const scope = new TaskScope();
      scope.spawn(() => new Promise<void>((resolve) => setTimeout(resolve, 900)));
      await turns();
      scope.cancel();
      await pass(time, 5_000);
      await scope.close();
    },
  ],
  [
    "a canceled task that waits for a shield, and one that waits for cleanup",
    async (time) => {
      const scope = new TaskScope();
      const wait = () => new Promise<void>((resolve) => setTimeout(resolve, 3_000));
      scope.spawn(async (task) => {
        await ignore(task.sleep(60_000));
        await task.shield(wait, { deadline: 4_000 });
      });
      scope.spawn((task) => {
        task.defer(wait);
        return ignore(task.sleep(60_000));
      });
      scope.spawn((task) =>
        ignore(task.spawn((inner) => {
          inner.defer(wait);
          return inner.sleep(60_000);
        }))
      );
      await turns();
      scope.cancel();
      await pass(time, 8_000);
      await scope.close();
    },
  ],
  [
    "a task abandoned before the patience is over",
    async (time) => {
      const scope = new TaskScope({ grace: 500 });
      scope.spawn(() => new Promise<void>((resolve) => setTimeout(resolve, 3_000)));
      await turns();
      scope.cancel();
      await pass(time, 5_000);
      await ignore(scope.close());
    },
  ],
  [
    "a full scope whose tasks are slow, all of them awaited by its function",
    async (time) => {
      const run = TaskScope.run(async (scope) => {
        const tasks = [1, 2, 3, 4].map(() => scope.spawn((task) => task.sleep(5_000)));
        await Promise.all(tasks);
      }, { concurrency: 2 });
      await pass(time, 20_000);
      await run;
    },
  ],
  [
    "a task that awaits one queued behind it, while another has a place that gets free",
    async (time) => {
      const run = TaskScope.run((scope) => {
        scope.spawn(async () => await last);
        scope.spawn((task) => task.sleep(3_000));
        const last = scope.spawn(() => 1);
      }, { concurrency: 2 });
      await pass(time, 5_000);
      await run;
    },
  ],
  [
    "a task that waits a moment for one queued behind it",
    async (time) => {
      const run = TaskScope.run((scope) => {
        scope.spawn((task) => Promise.race([last, task.sleep(500)]));
        const last = scope.spawn(() => {});
      }, { concurrency: 1 });
      await pass(time, 5_000);
      await run;
    },
  ],
  [
    "a task that has something done when one queued behind it ends, and works",
    async (time) => {
      const run = TaskScope.run((scope) => {
        scope.spawn(async (task) => {
          last.then(() => {});
          await task.sleep(5_000);
        });
        const last = scope.spawn(() => {});
      }, { concurrency: 1 });
      await pass(time, 10_000);
      await run;
    },
  ],
  [
    "a task of a full scope that awaits one of its own",
    async (time) => {
      const run = TaskScope.run((scope) => {
        scope.spawn(async (task) => await task.spawn((inner) => inner.sleep(5_000)));
        scope.spawn(() => {});
      }, { concurrency: 1 });
      await pass(time, 10_000);
      await run;
    },
  ],
  [
    "a signal read while its scope ran, and used afterwards",
    async () => {
      const signal = await TaskScope.run(({ signal }) => signal);
      AbortSignal.any([signal]);
      signal.throwIfAborted();
    },
  ],
  [
    "the signal of a canceled scope, read afterwards",
    async () => {
      const scope = new TaskScope();
      scope.cancel();
      await scope.close();
      assert(scope.signal.aborted);
    },
  ],
  [
    "the scope of a detached task, when that of its request has ended",
    async (time) => {
      const { task } = await TaskScope.run((scope) => ({
        task: scope.spawnDetached(async (own) => {
          await own.sleep(100);
          await own.abortable(Promise.resolve(own.signal.aborted));
        }, { deadline: 1_000 }),
      }), { lifetime });
      await pass(time, 500);
      await task;
    },
  ],
  [
    "a detached task that fits, though it may be clamped, and a scope that does",
    () =>
      TaskScope.run(async (scope) => {
        await scope.spawnDetached(() => 1, { deadline: 5_000, onExceed: "clamp" });
      }, { deadline: 9_000, lifetime: { ...lifetime, deadline: new Date(Date.now() + 10_000) } }),
  ],
  [
    "a deadline after that of a lifetime that moves with the time",
    async (time) => {
      const moving = {
        ...lifetime,
        get deadline() {
          return new Date(Date.now() + 30_000);
        },
      };
      const run = TaskScope.run(async (scope) => {
        await scope.sleep(100);
        await scope.spawn(() => 1);
      }, { deadline: 60_000, lifetime: moving });
      await pass(time, 200);
      await run;
    },
  ],
];

for (const [name, work] of harmless) {
  Deno.test(`no warning: ${name}`, async () => {
    assertEquals((await warningsOf(work)).map(({ message }) => message), []);
  });
}

Deno.test("no warning: a failure that a subscriber of the channel hears of", async () => {
  const heard: unknown[] = [];
  const listener = (message: unknown) => heard.push(message);
  subscribe("taskscope:onError", listener);
  try {
    const work = () => TaskScope.run((scope) => void scope.spawn(fail), { policy: "supervise" });
    assertEquals([await kindsOf(work), heard.length], [[], 1]);
  } finally {
    unsubscribe("taskscope:onError", listener);
  }
});

Deno.test("unseen-error: an error that cannot be shown is none the less told of", async () => {
  const revoked = Proxy.revocable(new Error(), {});
  revoked.revoke();
  const [warning] = await warningsOf(() =>
    TaskScope.run((scope) => void scope.spawn(() => Promise.reject(revoked.proxy)), { policy: "supervise" })
  );
  assertStringIncludes(warning?.message ?? "", "failed (a value that cannot be shown)");
});

// cancellation-ignored

Deno.test("cancellation-ignored: a task runs for longer than the patience", async () => {
  const gate = Promise.withResolvers<void>();
  const [warning, ...more] = await warningsOf(async (time) => {
    const scope = new TaskScope({ name: "page" });
    for (const name of ["a", "b"]) scope.spawn(() => gate.promise, { name }); // one place, told once
    scope.spawn((task) => ignore(task.spawn(() => gate.promise, { name: "deep" })), { name: "waits" });
    await turns();
    scope.cancel();
    await pass(time, 999);
    gate.promise.then(() => {});
    await pass(time, 1);
    gate.resolve();
    await scope.close();
  });
  assertEquals([warning?.kind, warning?.path], ["cancellation-ignored", "page/a"]);
  assertEquals(more.map(({ path }) => path), ["page/waits/deep"]);
  assertStringIncludes(warning?.message ?? "", 'still runs 1000 ms after it was canceled (canceled, in "page")');
  assertStringIncludes(warning?.message ?? "", "and has not asked for its signal");
});

Deno.test("cancellation-ignored: the function of a scope, and a detached task after its deadline", async () => {
  const gate = Promise.withResolvers<void>();
  const warnings = await warningsOf(async (time) => {
    const run = ignore(TaskScope.run((scope) => {
      scope.spawnDetached(() => gate.promise, { deadline: 500, name: "audit" });
      return gate.promise;
    }, { deadline: 500, name: "page", lifetime }));
    await pass(time, 1_500);
    gate.resolve();
    await run;
  });
  assertEquals(warnings.map(({ kind, path }) => [kind, path]), [
    ["cancellation-ignored", "page"],
    ["cancellation-ignored", "page/audit"],
  ]);
});

Deno.test("cancellation-ignored: with an endless grace, too, and the timer ends with the scope", async () => {
  const paths = (await warningsOf(async (time) => {
    const gate = Promise.withResolvers<void>();
    const scope = new TaskScope({ grace: Infinity });
    scope.spawn(() => gate.promise, { name: "stuck" });
    await turns();
    scope.cancel();
    await pass(time, 1_000);
    gate.resolve();
    await scope.close();
  })).map(({ path }) => path);
  assertEquals(paths, ["scope/stuck"]);
  using _watch = watchMisuse({ onWarning: () => {} });
  const gate = Promise.withResolvers<void>();
  const scope = new TaskScope({ grace: Infinity });
  scope.spawn(() => gate.promise);
  await turns();
  scope.cancel();
  await turns();
  gate.resolve();
  await scope.close(); // what is left of a timer fails this test
});

// queue-deadlock

Deno.test("queue-deadlock: every place is taken by a task that awaits one queued behind it", async () => {
  for (
    const wait of [
      async (task: PromiseLike<unknown>) => await task,
      (task: PromiseLike<unknown>) => Promise.all([task]),
      (task: PromiseLike<unknown>) => (task as unknown as { outcome: Promise<unknown> }).outcome,
    ]
  ) {
    const [warning, ...more] = await warningsOf(async (time) => {
      const run = ignore(TaskScope.run((scope) => {
        scope.spawn(() => wait(last), { name: "a" });
        scope.spawn((task) => task.spawn(() => wait(last)), { name: "b" });
        const last = scope.spawn(() => 1, { name: "last" });
      }, { concurrency: 2, name: "page", deadline: 5_000 }));
      await pass(time, 6_000);
      await run;
    });
    assertEquals([warning?.kind, warning?.path, more], ["queue-deadlock", "page/a", []]);
    assertStringIncludes(warning?.message ?? "", "each of the 2 places has been taken for 1000 ms");
    assertStringIncludes(warning?.message ?? "", 'as "a" for "last"');
  }
});

// scope-not-closed

Deno.test("scope-not-closed: a scope is collected, and nobody has closed it", async () => {
  const warnings: MisuseWarning[] = [];
  using _watch = watchMisuse({ onWarning: (warning) => warnings.push(warning) });
  const never = Promise.withResolvers<void>();
  async function closed(): Promise<void> {
    await using scope = new TaskScope({ name: "closed" });
    scope.spawn(() => 1);
  }
  function hanging(): void {
    const scope = new TaskScope({ name: "hanging", grace: Infinity });
    scope.spawn(() => never.promise);
    scope.close().catch(() => {});
  }
  async function forgotten(): Promise<void> {
    const scope = new TaskScope({ name: "forgotten" });
    await scope.spawn(() => 1);
  }
  async function run(): Promise<void> {
    await TaskScope.run((scope) => scope.spawn(() => 1), { name: "run" });
  }
  for (const work of [closed, hanging, forgotten, run]) await work();
  for (let i = 0; i < 5; i++) await liveHeap();
  assertEquals(warnings.map(({ kind, path }) => [kind, path]), [["scope-not-closed", "forgotten"]]);
  assertStringIncludes(warnings[0]?.message ?? "", "misuse_test.ts");
  never.resolve();
});

// closed-scope-used

Deno.test("closed-scope-used: the signal of a request's scope in detached work", async () => {
  const warnings = await warningsOf(async (time) => {
    const { task } = await TaskScope.run((scope) => ({
      task: scope.spawnDetached(async (own) => {
        await own.sleep(100);
        assertEquals(scope.signal.aborted, false);
        scope.timeoutSignal(1_000);
        await scope.abortable(Promise.resolve());
      }, { deadline: 1_000 }),
    }), { lifetime, name: "page" });
    await pass(time, 500);
    await task;
  });
  assertEquals(warnings.map(({ kind, path }) => [kind, path]), Array(3).fill(["closed-scope-used", "page"]));
  assertEquals(new Set(warnings.map(({ place }) => place)).size, 3);
  assertStringIncludes(warnings[0]?.message ?? "", 'signal of the scope "page" was used after the scope had ended');
});

// deadline-too-long

Deno.test("deadline-too-long: a clamped task, with both numbers", async () => {
  const [warning, ...more] = await warningsOf(() =>
    TaskScope.run(async (scope) => {
      await scope.spawnDetached(() => 1, { deadline: { minutes: 10 }, onExceed: "clamp", name: "audit" });
    }, { lifetime: { ...lifetime, deadline: new Date(Date.now() + 30_000) }, name: "page" })
  );
  assertEquals([warning?.kind, warning?.path, more], ["deadline-too-long", "page/audit", []]);
  assertStringIncludes(warning?.message ?? "", "asked for 600000 ms and was clamped to 29000 ms");
  assertStringIncludes(warning?.message ?? "", "misuse_test.ts");
});

Deno.test("deadline-too-long: a scope that may go on after the end of its lifetime", async () => {
  const [warning, ...more] = await warningsOf(async (time) => {
    const run = TaskScope.run((scope) => scope.sleep(10), {
      lifetime: { ...lifetime, deadline: new Date(Date.now() + 30_000) },
      deadline: 60_000,
      name: "page",
    });
    await pass(time, 10);
    await run;
  });
  assertEquals([warning?.kind, warning?.path, more], ["deadline-too-long", "page", []]);
  assertStringIncludes(warning?.message ?? "", "a deadline of 60000 ms, but its lifetime ends after 30000 ms");
});

// What holds for all

Deno.test("watchMisuse() tells each kind once a place", async () => {
  const paths = (await warningsOf(async () => {
    for (let i = 0; i < 3; i++) {
      await TaskScope.run((scope) => {
        scope.spawn(fail, { name: `a${i}` });
        scope.spawn(fail, { name: `b${i}` });
      }, { policy: "supervise" });
    }
  })).map(({ path }) => path);
  assertEquals(paths, ["warnings/a0", "warnings/b0"].map((path) => path.replace("warnings", "scope")));
});

Deno.test("the place of what a combinator spawns is where the combinator was called", async () => {
  const gate = Promise.withResolvers<void>();
  const line = (error: Error) => Number(/misuse_test\.ts:(\d+)/.exec(error.stack ?? "")?.[1]);
  let lines: number[] = [];
  const warnings = await warningsOf(async (time) => {
    const scope = new TaskScope();
    lines = [line(new Error()) + 1, line(new Error()) + 2];
    const both = [ignore(map(scope, [1, 2], () => gate.promise))];
    both.push(ignore(race(scope, [() => gate.promise])));
    await turns();
    scope.cancel();
    await pass(time, 1_000);
    gate.resolve();
    await Promise.all(both);
    await scope.close();
  });
  assertEquals(warnings.map(({ place }) => line({ stack: place } as Error)), lines);
});

Deno.test("watchMisuse() writes to console.warn by default", async () => {
  using error = stub(console, "error", () => {});
  using warn = stub(console, "warn", () => {});
  using _watch = watchMisuse();
  await TaskScope.run((scope) => void scope.spawn(fail), { policy: "supervise" });
  assertEquals(warn.calls.length, 1);
  assertEquals(error.calls.length, 1);
  assertMatch(String(warn.calls[0]?.args[0]), /^TaskScope: Misuse \(unseen-error\): [^\n]+$/);
});

Deno.test("names and errors are inert in warnings", async () => {
  const evil = '\u001b[31m<b>\r\n"x"\u202e\ud800\u2028';
  const warnings = await warningsOf(() =>
    TaskScope.run(
      (scope) => void scope.spawn(() => Promise.reject(new Error(evil + "x".repeat(100_000))), { name: evil }),
      { policy: "supervise", name: evil.repeat(1_000) },
    )
  );
  assertEquals(warnings.length, 1);
  const { message = "", path = "" } = warnings[0] ?? {};
  for (const text of [message, path]) {
    // deno-lint-ignore no-control-regex
    assertEquals(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]|\p{Surrogate}/u.test(text), false);
    assert(text.length < 2_000, `${text.length}`);
  }
});

Deno.test("a receiver that throws or rejects is told of once and does not disturb the work", async () => {
  const boom = new Error("receiver");
  const throwing = () => {
    throw boom;
  };
  for (const onWarning of [throwing, () => Promise.reject(boom) as unknown as void]) {
    using error = stub(console, "error", () => {});
    using _watch = watchMisuse({ onWarning });
    await TaskScope.run((scope) => {
      scope.spawn(fail);
      scope.spawn(fail);
    }, { policy: "supervise" });
    assertEquals(error.calls.filter(({ args }) => args[1] === boom).length, 1);
    assertEquals(error.calls.length, 3);
  }
});

Deno.test("watchMisuse() refuses what it does not know", () => {
  assertThrows(() => watchMisuse({ other: 1 } as never), TypeError, "Cannot watch for misuse");
  assertThrows(() => watchMisuse({ onWarning: 1 } as never), TypeError, "a function is needed");
  assertThrows(() => watchMisuse({ patience: -1 }), RangeError, "patience");
  assertThrows(() => watchMisuse({ enabled: "yes" } as never), TypeError, "enabled");
});

Deno.test("watchMisuse() leaves nothing behind, also when several end in any order", async () => {
  const prototypes = [TaskScope.prototype, Object.getPrototypeOf(new (class extends Probe {})().task)];
  const look = () => prototypes.map((each) => Object.getOwnPropertyDescriptors(each));
  const before = look();
  const warnings: string[] = [];
  const watches = ["a", "b", "c"].map((name) => watchMisuse({ onWarning: () => warnings.push(name) }));
  watches[0]?.[Symbol.dispose]();
  watches[0]?.[Symbol.dispose]();
  {
    using _console = stub(console, "error", () => {});
    await TaskScope.run((scope) => void scope.spawn(fail), { policy: "supervise" });
  }
  assertEquals(warnings, ["b", "c"]);
  watches[2]?.[Symbol.dispose]();
  watches[1]?.[Symbol.dispose]();
  assertEquals(look(), before);
});

class Probe {
  readonly task = (() => {
    const scope = new TaskScope();
    const task = scope.spawn(() => 1);
    void scope.close();
    return task;
  })();
}

Deno.test("watchMisuse() does nothing in production", async () => {
  for (const name of ["NODE_ENV", "DENO_ENV"]) {
    const before = Deno.env.get(name);
    Deno.env.set(name, "production");
    try {
      const warnings: unknown[] = [];
      const then = Object.getPrototypeOf(new Probe().task).then;
      using _console = stub(console, "error", () => {});
      using _watch = watchMisuse({ onWarning: (warning) => warnings.push(warning) });
      await TaskScope.run((scope) => void scope.spawn(fail), { policy: "supervise" });
      assertEquals(warnings, []);
      assertEquals(Object.getPrototypeOf(new Probe().task).then, then);
    } finally {
      if (before === undefined) Deno.env.delete(name);
      else Deno.env.set(name, before);
    }
  }
});

Deno.test("watchMisuse() keeps no scope and no task", async () => {
  using _watch = watchMisuse({ onWarning: () => {} });
  const observer: Observer = { onError() {} };
  const round = async () => {
    for (let i = 0; i < 300; i++) {
      await TaskScope.run(async (scope) => {
        const big = new Array(1_000).fill(i);
        const first = scope.spawn(() => ignore(Promise.race([last, Promise.resolve()])), { name: `n${i}` });
        const last = scope.spawn(() => big);
        scope.spawn((task) => task.sleep(60_000)).cancel();
        await first;
      }, { concurrency: 2, lifetime, observer });
    }
  };
  await round();
  const before = await liveHeap();
  await round();
  await round();
  const kept = (await liveHeap() - before) / 600;
  assert(kept < 1_500, `${kept} bytes a scope, of which each has 8 000`);
});
