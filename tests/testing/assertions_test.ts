import { assertEquals, assertThrows } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { assertConserved, AssertionError, assertNothingPending, SimulatedHost } from "@taskscope/taskscope/testing";

const { promise: gate, resolve: open } = Promise.withResolvers<void>();

Deno.test("assertConserved() holds at every moment of a scope: queued, running, ended, canceled", async () => {
  await using scope = new TaskScope({ concurrency: 1, policy: "supervise", observer: { onError() {} } });
  assertConserved(scope);
  scope.spawn(() => gate);
  scope.spawn(() => Promise.reject(new Error("boom")));
  void scope.shield(() => gate, { deadline: 1_000 });
  assertConserved(scope);
  await Promise.resolve();
  assertConserved(scope);
  open();
  await scope.join();
  assertConserved(scope);
});

Deno.test("assertConserved() says what does not add up, and names the live tasks", () => {
  const counters = { spawned: 3, succeeded: 1, failed: 0, canceled: 0, abandoned: 0, running: 1, queued: 0 };
  const child = { name: "audit", path: "page/audit", state: "running", age: 5, remaining: null, children: [] } as const;
  const tree = () => ({ ...child, path: "page", children: [child] });
  const error = assertThrows(() => assertConserved({ counters, path: "page", tree }), AssertionError);
  assertEquals(
    error.message,
    'The tasks of the scope "page" are not conserved: 3 spawned, but 2 accounted for: 1 succeeded, 0 failed, 0 canceled, ' +
      "0 abandoned, 1 running, 0 queued; live: page/audit (running)",
  );
  const lost = { counters: { ...counters, spawned: 2 }, path: "page", tree: () => ({ ...child, children: [] }) };
  assertThrows(() => assertConserved(lost), AssertionError, "1 running and 0 queued, but live: none");
});

Deno.test("assertNothingPending() names tasks, held promises, tracked ones and open responses", async () => {
  using host = new SimulatedHost("cloudflare");
  const { promise, resolve } = Promise.withResolvers<void>();
  const call = host.fetch((_request: Request, _env: unknown, ctx: { waitUntil(work: Promise<unknown>): void }) =>
    TaskScope.run(async (scope) => {
      scope.spawnDetached(() => promise, { name: "audit", deadline: 1_000 });
      void host.track("loose", promise);
      await promise;
      return new Response();
    }, { name: "page", lifetime: ctx, observer: host.observer })
  );
  const error = assertThrows(() => assertNothingPending(host), AssertionError);
  assertEquals(error.message.split("\n  "), [
    "4 pending on the simulated cloudflare:",
    "GET /: its response is not over",
    "GET /: page/audit (waitUntil, pending)",
    "GET /: page/audit (task, pending)",
    "GET /: loose (tracked, pending)",
  ]);
  assertThrows(() => host.track("elsewhere", promise), TypeError, "call it in a handler");
  resolve();
  await call.response;
  await host.settled();
  assertNothingPending(host);
});
