import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { LifetimeLimitError } from "@taskscope/taskscope";
import { scoped } from "@taskscope/taskscope/http";
import { assertNothingPending, SimulatedHost } from "@taskscope/taskscope/testing";
import { type Ctx, tick, wait } from "./fake_time.ts";

Deno.test("requests rot: throws on Deno, nothing on Bun, no body on Cloudflare, unless read before", async () => {
  const look = async (name: "deno" | "bun" | "cloudflare" | "process", readBefore: boolean) => {
    using host = new SimulatedHost(name);
    let request: Request | undefined;
    const init = { method: "POST", body: "hello" };
    const call = host.fetch((given: Request) => {
      request = given;
      if (readBefore) void [given.url, given.headers, given.method];
      return new Response();
    }, new Request("http://localhost/x", init));
    await call.ended;
    const facts = await Promise.all(["url", "headers", "text"].map(async (field) => {
      try {
        const value = Reflect.get(request as Request, field);
        if (typeof value === "function") return await value.call(request);
        return value instanceof Headers ? value.get("content-type")?.slice(0, 4) ?? "none" : value;
      } catch (error) {
        return (error as Error).message.slice(0, 10);
      }
    }));
    return facts;
  };
  assertEquals(await look("deno", false), ["Request cl", "Request cl", "Request cl"]);
  assertEquals(await look("deno", true), ["http://localhost/x", "text", "Request cl"]);
  assertEquals((await look("bun", false)).slice(0, 2), ["", "none"]);
  assertEquals(await look("cloudflare", false), ["http://localhost/x", "text", "Cannot rea"]);
  assertEquals(await look("process", false), ["http://localhost/x", "text", "Cannot rea"]);
});

Deno.test("scoped() finds the lifetime of each host, and its limit", async () => {
  for (const name of ["cloudflare", "vercel", "vercelEdge", "netlify", "supabase", "fastly"] as const) {
    using host = new SimulatedHost(name);
    const errors: unknown[] = [];
    const handler = scoped((_request, scope) => {
      scope.spawnDetached((task) => task.sleep(1), { name: "audit", deadline: { seconds: 5 } });
      scope.spawnDetached(() => {}, { deadline: { hours: 1 } });
      return new Response();
    }, { observer: host.observer, onError: (error) => void errors.push(error) });
    const call = host.fetch(handler);
    assertEquals((await call.response).status, 500);
    assert(errors[0] instanceof LifetimeLimitError && errors[0].source.startsWith(host.profile.platform), name);
    await call.ended;
    assert(call.report().completed.includes("GET //audit"), name);
    assertNothingPending(host);
  }
});

Deno.test("a streamed body: the client leaves in the middle, or reads to the end", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("process");
  let canceled = 0;
  const handler = () => {
    let left = 3;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await wait(10);
          controller.enqueue(new TextEncoder().encode(`${left}`));
          if (--left === 0) controller.close();
        },
        cancel: () => void canceled++,
      }),
    );
  };
  const whole = host.fetch(handler);
  await tick(time, 100);
  assertEquals(await (await whole.response).text(), "321");
  const cut = host.fetch(handler);
  await tick(time, 15);
  assertEquals((await cut.response).status, 200);
  cut.disconnect();
  await tick(time, 100);
  await assertRejects(async () => await (await cut.response).text(), DOMException);
  assertEquals([canceled, cut.report().disconnected, cut.state], [1, "mid-stream", "ended"]);
  const given = host.fetch(handler);
  await tick(time, 15);
  await (await given.response).body?.cancel(); // what fetch() does when a client cancels
  assertEquals(given.report().disconnected, "mid-stream");
});

Deno.test("the signal of the request that a test passes is the client's", async () => {
  using host = new SimulatedHost("process");
  const client = new AbortController();
  const handler = (request: Request) =>
    new Promise<Response>((resolve) => request.signal.addEventListener("abort", () => resolve(new Response())));
  const call = host.fetch(handler, new Request("http://localhost/", { signal: client.signal }));
  client.abort();
  await call.ended;
  const gone = host.fetch(handler, new Request("http://localhost/", { signal: AbortSignal.abort() }));
  assertEquals([call, gone].map((each) => each.report().disconnected), ["before the response", "before the response"]);
});

Deno.test("a scope leaves no timer behind that a host would have to drop", async () => {
  using time = new FakeTime();
  using host = new SimulatedHost("cloudflare");
  const whole = host.fetch(scoped(() => new Response("ok"), { deadline: 5_000 }));
  assertEquals(await (await whole.response).text(), "ok");
  const streamed = host.fetch(scoped((_request, scope) => {
    let left = 3;
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      await scope.sleep(10);
      controller.enqueue(new Uint8Array(1));
      if (--left === 0) controller.close();
    };
    return new Response(new ReadableStream({ pull }));
  }, { deadline: 5_000 }));
  await tick(time, 100);
  assertEquals((await (await streamed.response).bytes()).length, 3);
  await host.settled();
  assertEquals([whole, streamed].map((call) => call.report().neverRegistered), [[], []]);
});

Deno.test("an error of the handler, or something that is no response, is a 500", async () => {
  using host = new SimulatedHost("process");
  const boom = new Error("boom");
  const thrown = host.fetch(() => Promise.reject(boom));
  assertEquals((await thrown.response).status, 500);
  assertEquals(thrown.report().errors, [{ error: boom, of: "the handler", where: "response" }]);
  assertEquals((await host.fetch(() => "text" as unknown as Response).response).status, 500);
});

Deno.test("SimulatedHost refuses what it does not know, and a second one, and its own use after close()", () => {
  assertThrows(() => new SimulatedHost("aws" as "lambda"), TypeError, "a profile must be");
  assertThrows(() => new SimulatedHost("lambda", { limit: 5 } as object), TypeError, "the options are");
  assertThrows(() => new SimulatedHost("lambda", { limits: { http: -1 } }), RangeError, "limits.http");
  const host = new SimulatedHost("lambda");
  assertThrows(() => new SimulatedHost("lambda"), TypeError, "close it first");
  host.close();
  host.close();
  assertThrows(() => host.fetch(() => new Response()), TypeError, "it is closed");
  assertThrows(() => host.fetch(5 as never), TypeError, "a function is needed");
});

Deno.test("close() restores globals and timers", () => {
  const before = [globalThis.setTimeout, globalThis.navigator, performance.timeOrigin];
  for (const name of ["cloudflare", "supabase", "vercelEdge", "netlify", "fastly"] as const) {
    using _host = new SimulatedHost(name);
    assert(globalThis.setTimeout !== before[0]);
  }
  assertEquals([globalThis.setTimeout, globalThis.navigator, performance.timeOrigin], before);
  for (const name of ["Netlify", "EdgeRuntime", "fastly"]) assertEquals(name in globalThis, false);
});

Deno.test("a profile of one's own, and a thenable where promises are needed", async () => {
  const { limit: _limit, ...profile } = own();
  using host = new SimulatedHost(profile);
  const call = host.fetch((_request: Request, event: Ctx) => {
    assertThrows(() => event.waitUntil({ then() {} } as never), TypeError, "a Promise");
    event.waitUntil(Promise.resolve());
    return new Response();
  });
  await call.ended;
  assertEquals(call.report().completed, ["waitUntil 1"]);
});

function own(): SimulatedHost["profile"] {
  using host = new SimulatedHost("vercelEdge");
  return { ...host.profile, platform: "service-worker" };
}
