/** Fastly and service workers, on a stand-in: workerd_test.ts has the real engine, which accepts late calls. */
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { LifetimeUnavailableError, TaskScope } from "@taskscope/taskscope";
import { fastlyLifetime } from "@taskscope/taskscope/fastly";
import { serviceWorkerLifetime } from "@taskscope/taskscope/service-worker";
import { ExtendableEvent } from "./extendable_event.ts";

const hosts = {
  fastly: () => [ExtendableEvent.fastly(), fastlyLifetime] as const,
  "service-worker": () => [ExtendableEvent.serviceWorker(), serviceWorkerLifetime] as const,
};

for (const [name, make] of Object.entries(hosts)) {
  Deno.test(`${name}: a task spawned in the dispatch, or while the answer is pending, keeps the event active`, async () => {
    const [event, lifetimeOf] = make();
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    const log: string[] = [];
    let answer: Promise<unknown> = Promise.resolve();
    event.dispatch((event) => {
      answer = TaskScope.run(async (scope) => {
        await Promise.resolve(); // out of the dispatch
        scope.spawnDetached(() => gate.then(() => log.push("audited")), { deadline: { seconds: 20 } });
        return new Response("started");
      }, { lifetime: lifetimeOf(event) });
      event.respondWith(answer);
    });
    await answer;
    assertEquals([event.isActive, log], [true, []]);
    open();
    await until(() => !event.isActive);
    assertEquals(log, ["audited"]);
  });

  Deno.test(`${name}: a task may spawn the next one while it runs`, async () => {
    const [event, lifetimeOf] = make();
    const log: string[] = [];
    event.dispatch((event) => {
      const scope = new TaskScope({ lifetime: lifetimeOf(event) });
      scope.spawnDetached((task) => {
        log.push("first");
        task.spawnDetached(() => void log.push("second"), { deadline: { seconds: 20 } });
      }, { deadline: { seconds: 20 } });
    });
    await until(() => !event.isActive);
    assertEquals(log, ["first", "second"]);
  });

  Deno.test(`${name}: a late spawn is refused, fn is not called, and the error says what to do`, async () => {
    const [event, lifetimeOf] = make();
    let lifetime = lifetimeOf(event);
    event.dispatch((event) => lifetime = lifetimeOf(event));
    await using scope = new TaskScope({ lifetime });
    let called = false;
    const error = assertThrows(
      () => scope.spawnDetached(() => called = true, { deadline: { seconds: 20 } }),
      LifetimeUnavailableError,
      "spawn it earlier",
    );
    assertInstanceOf(error.cause, LifetimeUnavailableError);
    const message = `Cannot wait on ${name}: its waitUntil threw; call it while the handler runs or other work is held`;
    assertEquals(error.cause.message, message);
    assertInstanceOf(error.cause.cause, Error);
    assert(/active/.test(error.cause.cause.message));
    assertEquals(called, false);
  });
}

Deno.test("serviceWorkerLifetime() has no limit of its own, and takes yours", () => {
  const event = ExtendableEvent.serviceWorker();
  assertEquals(serviceWorkerLifetime(event).deadline, undefined);
  assertThrows(() => serviceWorkerLifetime(event, { limits: { http: 0 } }), RangeError, "limits.http");
  assertThrows(() => serviceWorkerLifetime(event, { limit: 5 } as never), TypeError, "the options are limits");
});

Deno.test("fastlyLifetime() says that nobody tells of a disconnect", () => {
  assertEquals(fastlyLifetime(ExtendableEvent.fastly()).disconnects, "not told");
});

/** The event's count has no promise to wait for; a macrotask is enough for what only waits on microtasks. */
async function until(is: () => boolean): Promise<void> {
  for (let turns = 0; turns < 1_000 && !is(); turns++) await new Promise((resolve) => setTimeout(resolve));
  assert(is());
}
