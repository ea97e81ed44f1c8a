/** How simulated hosts end. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { scoped } from "@taskscope/taskscope/http";
import { SimulatedHost } from "@taskscope/taskscope/testing";
import { tick, wait } from "./fake_time.ts";

Deno.test("process: SIGTERM drains what is detached, and cuts off the rest, with the signal's exit code", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("process");
  const call = host.fetch(scoped((_request, scope) => {
    void host.track("bare", wait(60_000));
    scope.spawnDetached((task) => task.sleep(5_000), { name: "fits", deadline: { minutes: 1 } });
    scope.spawnDetached((task) => task.sleep(60_000), { name: "long", deadline: { minutes: 2 } });
    return new Response();
  }, { observer: { ...host.observer, onError: () => {} } }));
  await call.response;
  const over = host.shutdown();
  await tick(time, 10_000);
  await over;
  const states = call.report().work.map(({ name, state, by }) => [name, by ?? state]);
  assertEquals(states, [["bare", "shutdown"], ["GET //fits", "completed"], ["GET //long", "canceled"]]);
  assertEquals(host.report().exitCode, 143);
  await tick(time, 60_000); // JavaScript goes on, a process would not
  assertEquals(call.report().work[0]?.lost, true);
});

Deno.test("process: a rejection that nobody handles ends the process; the next request starts another", async () => {
  using host = new SimulatedHost("process");
  const slow = host.fetch(() => new Promise<Response>(() => {}));
  const call = host.fetch(() => {
    host.track("bare", Promise.reject(new Error("boom"))).catch(() => {});
    return new Response();
  });
  await call.ended;
  await assertRejects(() => slow.response, Error, "process-exit");
  assertEquals((await host.fetch(() => new Response()).response).status, 200);
  assertEquals([host.report().exitCode, host.report().instances], [1, 2]);
});

Deno.test("reachLimit() ends what runs, whatever the clock says", async () => {
  using host = new SimulatedHost("netlify");
  const call = host.fetch(() => new Promise<Response>(() => {}));
  host.reachLimit();
  assertEquals((await call.response).status, 504);
  assertEquals(call.state, "cut-off");
});

Deno.test("shutdown: beforeunload reaches tasks as lifetime, with its reason; who ignores it is cut off at the end", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("supabase");
  const reasons: string[] = [];
  const call = host.fetch(scoped((_request, scope) => {
    const polite = scope.spawnDetached((task) => task.sleep(60_000), { name: "polite", deadline: { seconds: 90 } });
    polite.outcome.then((outcome) => reasons.push(outcome.state === "canceled" ? String(outcome.reason) : "?"));
    const stubborn = () => new Promise<void>((resolve) => setTimeout(resolve, 60_000));
    scope.spawnDetached(stubborn, { name: "stubborn", deadline: { seconds: 90 } });
    return new Response();
  }, { grace: Infinity, observer: { ...host.observer, onError: () => {} } }));
  await call.response;
  const over = host.shutdown("memory");
  await tick(time, 20_000, 1_000);
  await over;
  assertEquals(reasons.map((reason) => reason.includes("memory")), [true]);
  const { work, cutOff } = call.report();
  assertEquals(work.find(({ name, kind }) => name === "GET //polite" && kind === "task")?.state, "canceled");
  assert(cutOff.includes("GET //stubborn"));
  assertEquals(host.report().exitCode, undefined);
});

Deno.test("shutdown: Vercel gives half a second, Deno Deploy five after SIGINT, Fastly nothing", async () => {
  using time = new FakeTime();
  for (
    const [name, ms, code] of [["vercel", 500, 143], ["denoDeploy", 5_000, 130], ["fastly", 0, undefined]] as const
  ) {
    using host = new SimulatedHost(name);
    const started = Date.now();
    const call = host.fetch(scoped(async (_request, scope) => {
      scope.spawnDetached((task) => task.sleep(20_000), { deadline: { seconds: 30 } });
      return await new Promise<Response>(() => {});
    }, { grace: 0, observer: { onError: () => {} } }));
    let ended = 0;
    const over = host.shutdown().then(() => ended = Date.now() - started);
    await tick(time, 6_000, 100);
    await over;
    assert(ended <= ms, `${name}: ${ended}`);
    assertEquals(host.report().exitCode, code);
    if (name === "denoDeploy") { // tells its end: the request has its answer in time
      assertEquals([call.state, (await call.response).status], ["ended", 503]);
    } else {
      assertEquals(call.state, "cut-off");
      await assertRejects(() => call.response, Error, "shutdown");
    }
  }
  await tick(time, 60_000, 10_000); // what goes on in the process of the test
});
