/** When the clock of a host's limit starts: at the disconnect or the end of the body, whatever still runs. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { LifetimeLimitError, type TaskScope } from "@taskscope/taskscope";
import { scoped } from "@taskscope/taskscope/http";
import { SimulatedHost } from "@taskscope/taskscope/testing";

/** Waits 20 s after the clock should have started, then asks for 25 s of the 30 s. */
async function askLate(scope: TaskScope, errors: unknown[]): Promise<void> {
  await scope.sleep(20_000);
  try {
    scope.spawnDetached((task) => task.sleep(24_000), { name: "audit", deadline: { seconds: 25 } });
  } catch (error) {
    errors.push(error);
  }
}

/** At most 10 s are left of 30 s. */
function assertRefused(errors: readonly unknown[]): void {
  assertEquals(errors.length, 1);
  const [error] = errors;
  assertInstanceOf(error, LifetimeLimitError);
  assert(error.available > 8_000 && error.available <= 10_000, `${error.available}`);
}

Deno.test("cloudflare: what does not fit into 30 s from the disconnect is refused, not cut off", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("cloudflare");
  const errors: unknown[] = [];
  const handler = scoped(async (_request, scope) => {
    await scope.shield((shield) => askLate(shield, errors), { deadline: { seconds: 29 } });
    return new Response("ok");
  }, { observer: host.observer });
  const call = host.fetch(handler, "http://localhost/transfer");
  call.response.catch(() => {});
  await time.tickAsync(100);
  call.disconnect();
  for (let second = 0; second < 60; second++) await time.tickAsync(1_000);
  await host.settled();
  assertRefused(errors);
  assertEquals(call.report().cutOff, []);
});

Deno.test("cloudflare: what does not fit into 30 s from the end of a streamed body is refused, not cut off", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("cloudflare");
  const errors: unknown[] = [];
  const handler = scoped((_request, scope) => {
    scope.spawn((task) => askLate(task, errors));
    const pull = async (controller: ReadableStreamDefaultController) => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      controller.enqueue(new Uint8Array(3));
      controller.close();
    };
    return new Response(new ReadableStream({ pull }));
  }, { observer: host.observer });
  const call = host.fetch(handler, "http://localhost/report");
  const length = call.response.then((response) => response.arrayBuffer()).then(({ byteLength }) => byteLength);
  await time.tickAsync(100); // it has seen that the body is not complete
  for (let second = 0; second < 60; second++) await time.tickAsync(1_000);
  await host.settled();
  assertEquals(await length, 3);
  assertRefused(errors);
  assertEquals(call.report().cutOff, []);
});

/** A lifetime that writes down what it is told. */
function recording() {
  const told: string[] = [];
  const lifetime = {
    waitUntil() {},
    responseEnded: () => void told.push("responseEnded"),
    disconnected: () => void told.push("disconnected"),
  };
  return { told, lifetime };
}

Deno.test("a lifetime is told once: of the disconnect at once, else of the end of the body", async () => {
  const { told, lifetime } = recording();
  const gate = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const client = new AbortController();
  const handler = scoped((request, scope) => {
    scope.spawn(() => gate.promise);
    scope.defer(() => ended.resolve());
    if (request.url.endsWith("wait")) return new Promise(() => {});
    const pull = async (controller: ReadableStreamDefaultController) => {
      await scope.sleep(1);
      if (request.url.endsWith("broken")) throw new Error("broken");
      controller.close();
    };
    return new Response(new ReadableStream({ pull }));
  }, { lifetime, grace: 5, onError() {} });
  const left = handler(new Request("http://localhost/wait", { signal: client.signal }));
  client.abort();
  assertEquals(told.splice(0), ["disconnected"]); // while its task still runs
  await (await handler(new Request("http://localhost/stream"))).text();
  assertEquals(told.splice(0), ["responseEnded"]);
  await (await handler(new Request("http://localhost/broken"))).text().catch(() => {});
  await Promise.resolve();
  assertEquals(told.splice(0), ["responseEnded"]);
  gate.resolve();
  await Promise.all([left, ended.promise]);
  assertEquals(told, []);
});
