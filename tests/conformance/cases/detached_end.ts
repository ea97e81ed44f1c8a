/** How a detached task ends with its host, its process or its own deadline. */
import { assert, assertEquals, FakeLifetime, isWorkerd, Recorder, test, ticks, turn } from "../assert.ts";
import { CancelReason, processLifetime, TaskScope } from "@taskscope/taskscope";
import type { Case } from "../case.ts";

/** Until it is canceled. */
const waiting = (task: TaskScope): Promise<void> => task.sleep(60_000);

export const cases: Case[] = [
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
    const outcome = await scope.spawnDetached(() => void (ran = true), { deadline: { hours: 1 } }).outcome;
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
      scope.spawnDetached(wait, { deadline: { hours: 1 } }),
      scope.spawnDetached((own) => wait(second = own), { deadline: { hours: 1 } }),
      scope.spawnDetached((own) => (third = own).sleep(3_600_000), { deadline: { hours: 1 } }),
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
    scope.spawnDetached((task) => task.sleep(3_600_000), { deadline: { hours: 1 }, name: "audit" });
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
    const task = scope.spawnDetached((task) => task.sleep(3_600_000), { deadline: { hours: 1 } });
    task.cancel(new CancelReason("shutdown", "page", "Enough"));
    await lifetime.ended();
    assertEquals(observer.errors, []);
    await scope.close();
  }),

  test("detached: a clamped task that outlives its deadline does not look at the clock all the time", async () => {
    let reads = 0;
    let end = () => Date.now() + 1_010; // a little more than the margin, however long the spawn takes
    const gate = Promise.withResolvers<void>();
    const lifetime = {
      waitUntil() {},
      get deadline(): Date {
        reads++;
        return new Date(end());
      },
    };
    const scope = new TaskScope({ lifetime, grace: 1 });
    const options = { deadline: 60_000, onExceed: "clamp" } as const;
    const task = scope.spawnDetached((task) => task.shield(() => gate.promise, { deadline: 60_000 }), options);
    const last = task.deadline.getTime() + 1_000;
    end = () => last;
    const outcome = task.outcome;
    await turn(40);
    reads = 0;
    await turn(60);
    assert(reads < 5, `read ${reads} times in 60 ms`);
    gate.resolve();
    await outcome;
    await scope.close();
  }),

  test("detached: the end of the host finds a task that is canceled already, and changes nothing", async () => {
    const gate = Promise.withResolvers<void>();
    const reason = new Error("enough");
    const lifetime = new FakeLifetime({ deadline: new Date(Date.now() + 400) });
    const task = await TaskScope.run((scope) => {
      const options = { deadline: 50, margin: 300 };
      return { handle: scope.spawnDetached((own) => own.sleep(60_000).catch(() => gate.promise), options) };
    }, { lifetime });
    await ticks();
    task.handle.cancel(reason);
    await turn(150); // the lifetime's margin has begun
    gate.resolve();
    const outcome = await task.handle.outcome;
    assertEquals([outcome.state, task.handle.late], ["succeeded", true]);
    await lifetime.ended();
  }),

  test("detached: cancel() of the process cancels what there is, not what is spawned because of it", async () => {
    if (isWorkerd) return; // is no process
    let rows = 0;
    const observer = {
      onCancel: () => {
        if (++rows < 100) scope.spawnDetached(() => {}, { deadline: 1_000 });
      },
    };
    const scope = new TaskScope({ lifetime: processLifetime(), observer });
    const outcome = scope.spawnDetached(waiting, { deadline: 60_000 }).outcome;
    processLifetime().cancel();
    await outcome;
    assertEquals(rows, 1);
    await processLifetime().drain({ deadline: 1_000 });
    await scope.close();
  }),
];
