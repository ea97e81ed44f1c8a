/**
 * A test of a handler on a simulated Cloudflare: the client leaves, the limit comes, and the test sees what is lost.
 */
import { assertEquals } from "@std/assert";
import { scoped } from "@taskscope/taskscope/http";
import { assertNothingPending, SimulatedHost } from "@taskscope/taskscope/testing";

interface Ctx {
  waitUntil(work: Promise<unknown>): void;
}

const host = new SimulatedHost("cloudflare");
try {
  // A task that is detached survives the client; the answer it was for does not.
  const transfer = scoped(async (_request, scope) => {
    scope.spawnDetached((task) => task.sleep(20), { name: "audit", deadline: { milliseconds: 500 } });
    await scope.sleep(60_000);
    return new Response("done");
  }, { observer: host.observer });
  const left = host.fetch(transfer, "http://localhost/transfer");
  left.disconnect();
  await left.ended;
  const { disconnected, completed } = left.report();
  console.log(`the client left ${disconnected}, completed: ${completed.join(", ")}`);
  assertEquals(completed, ["waitUntil 1", "GET /transfer/audit"]); // 1: the request itself

  // Work that is held by hand is cut off at the limit, and none of its `finally` runs.
  let tidied = false;
  const byHand = (_request: Request, _env: unknown, ctx: Ctx) => {
    const work = new Promise((resolve) => setTimeout(resolve, 60_000)).finally(() => tidied = true);
    ctx.waitUntil(work);
    return new Response("started");
  };
  const cut = host.fetch(byHand, "http://localhost/by-hand");
  await cut.response;
  host.reachLimit(); // with FakeTime, 30 seconds later
  const [work] = cut.report().work;
  console.log(`${work?.name} of ${cut.name}: ${work?.state} by the ${work?.by}`);
  assertEquals([work?.state, work?.by, tidied], ["cut-off", "limit", false]);

  assertNothingPending(host);
} finally {
  host.close();
}
