/** Who is let in, and who may cancel: the inspector without a browser. */
import { assert, assertEquals, assertNotMatch, assertStringIncludes } from "@std/assert";
import { type CancelReason, processLifetime, TaskScope } from "@taskscope/taskscope";
import { inspector } from "@taskscope/taskscope/inspect";
import { ask, type Hello, HOST, LOCAL, statusOf, until } from "./ask.ts";
import { ATTACKS } from "./live_app.ts";
import { frames } from "./sse_frames.ts";

Deno.test("inspector lets in clients on this machine, however the server tells of them", async () => {
  using inspect = inspector(processLifetime());
  for (
    const info of [
      LOCAL,
      { remoteAddr: { hostname: "::1" } },
      { remoteAddr: { hostname: "127.9.8.7" } },
      { requestIP: () => ({ address: "::ffff:127.0.0.1" }) },
      { req: { socket: { remoteAddress: "::1" } } },
      { incoming: { socket: { remoteAddress: "127.0.0.1" } } },
    ]
  ) assertEquals(await statusOf(inspect(ask(), info)), 200, JSON.stringify(info));
});

Deno.test("inspector refuses clients elsewhere, or of whom nothing is known", async () => {
  using inspect = inspector(processLifetime());
  for (
    const info of [
      undefined,
      null,
      {},
      "127.0.0.1",
      { remoteAddr: { hostname: "192.168.1.7" } },
      { remoteAddr: { hostname: "127.0.0.1.evil.example" } },
      { remoteAddr: { transport: "unix", path: "/run/app.sock" } },
      { remoteAddr: { hostname: ["127.0.0.1"] } },
      { requestIP: () => null },
      { req: { socket: {} } },
      { waitUntil() {}, passThroughOnException() {} }, // workerd's
    ]
  ) {
    for (const path of ["/inspect", "/inspect/events", "/inspect/details?id=1", "/inspect/timeline.svg"]) {
      const response = await inspect(ask(path), info);
      assertEquals(response.status, 403, `${JSON.stringify(info)} ${path}`);
      assertStringIncludes(await response.text(), "Give the inspector a guard");
    }
  }
});

Deno.test("inspector never believes what a proxy says, and refuses what came through one", async () => {
  using inspect = inspector(processLifetime());
  for (
    const name of [
      "X-Forwarded-For",
      "X-Forwarded-Host",
      "X-Forwarded-Proto",
      "Forwarded",
      "X-Real-IP",
      "Via",
      "CF-Connecting-IP",
      "True-Client-IP",
      "Fly-Client-IP",
      "X-Client-IP",
      "X-Scheme",
      "Proxy-Connection",
      "Akamai-Origin-Hop",
      "X-Originating-IP",
      "X-Remote-Addr",
      "Client-IP",
      "X-Host",
      "X-HTTP-Host-Override",
      "X-NF-Client-Connection-IP",
      "CloudFront-Viewer-Address",
      "X-Amz-Cf-Id",
      "DO-Connecting-IP",
      "Fastly-Client-IP",
      "Surrogate-Capability",
      "Max-Forwards",
      "Early-Data",
      "X-NginX-Proxy",
      "X-From-Proxy",
      "X-Bluecoat-Via",
      "X-Cloud-Trace-Context",
      "X-Goog-IAP-JWT-Assertion",
      "X-MS-Client-Principal",
      "X-SSL-Client-Verify",
      "SSL-Client-Cert",
      "CDN-RequestId",
      "X-CDN",
      "Ali-CDN-Real-IP",
      "X-Railway-Edge",
      "Rndr-Id",
      "X-Auth-Request-User",
      "Remote-User",
      "X-Request-Start",
    ]
  ) {
    assertEquals(await statusOf(inspect(ask("/", { [name]: "127.0.0.1" }), LOCAL)), 403, name);
    const elsewhere = { remoteAddr: { hostname: "203.0.113.5" } };
    assertEquals(await statusOf(inspect(ask("/", { [name]: "127.0.0.1" }), elsewhere)), 403, name);
  }
  // What nginx sends unless told otherwise, and nothing else that would give it away.
  assertEquals(await statusOf(inspect(ask("/", { connection: "close" }), LOCAL)), 403);
  assertEquals(await statusOf(inspect(ask("/", { connection: "keep-alive" }), LOCAL)), 200);
  // The page of a public name, behind a proxy that says nothing of itself.
  const origin = "https://status.example";
  const headers = { origin, "sec-fetch-site": "same-origin" };
  assertEquals(await statusOf(inspect(ask("/cancel?id=1", headers, "POST"), LOCAL)), 403);
  assertEquals(await statusOf(inspect(ask("/cancel?id=1", { ...headers, origin: HOST }, "POST"), LOCAL)), 403, "token");
});

Deno.test("inspector answers whatever a Host header says: servers make addresses of it that are none", async () => {
  using inspect = inspector(processLifetime());
  for (
    const host of [
      "a b",
      "[::1",
      "localhost:99999",
      "\u00ef\u00bd\u008cocalhost",
      "evil.example@localhost",
      "localhost/evil.example",
      "localhost#.evil.example",
      "localhost?evil.example",
      "localhost\\evil.example",
      "loc%61lhost",
    ]
  ) {
    const request = ask("/", { host });
    Object.defineProperty(request, "url", { value: `http://${host}/` }); // as Deno's server has it
    const status = URL.canParse(request.url) ? 403 : 400;
    for (const info of [LOCAL, { remoteAddr: { hostname: "203.0.113.5" } }]) {
      assertEquals(await statusOf(inspect(request, info)), status, host);
    }
  }
});

Deno.test("inspector refuses names that are not of this machine: a page may have its own point here", async () => {
  using inspect = inspector(processLifetime());
  for (const host of ["localhost", "localhost:80", "app.localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST"]) {
    assertEquals(await statusOf(inspect(ask("/", { host }), LOCAL)), 200, host);
  }
  for (
    const host of ["evil.example", "localhost.evil.example:8000", "127.0.0.1.nip.io", "192.168.1.7", "0.0.0.0", "a b"]
  ) {
    assertEquals(await statusOf(inspect(ask("/", { host }), LOCAL)), 403, host);
  }
  assertEquals(await statusOf(inspect(new Request("http://evil.example/inspect"), LOCAL)), 403);
});

Deno.test("inspector gives other sites nothing to read, also with a guard", async () => {
  using local = inspector(processLifetime());
  using guarded = inspector(processLifetime(), { guard: () => true });
  for (const inspect of [local, guarded]) {
    for (
      const headers of [
        { "sec-fetch-site": "cross-site" },
        { "sec-fetch-site": "same-site" }, // another port of this machine
        { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" },
        { origin: "https://evil.example" },
        { origin: "http://localhost:3000" },
        { origin: "null" },
      ]
    ) {
      for (const path of ["/inspect", "/inspect/events", "/inspect/timeline.svg"]) {
        assertEquals(await statusOf(inspect(ask(path, headers), LOCAL)), 403, JSON.stringify(headers));
      }
    }
    const visit = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" };
    assertEquals(await statusOf(inspect(ask("/inspect", visit), LOCAL)), 200, "a link to the page");
    assertEquals(await statusOf(inspect(ask("/inspect/events", visit), LOCAL)), 403);
    for (const headers of [{ "sec-fetch-site": "same-origin" }, { "sec-fetch-site": "none" }, { origin: HOST }]) {
      assertEquals(await statusOf(inspect(ask("/inspect", headers), LOCAL)), 200, JSON.stringify(headers));
    }
  }
});

Deno.test("inspector with a guard: only true lets in, from anywhere", async () => {
  const elsewhere = { remoteAddr: { hostname: "203.0.113.5" } };
  const errors: unknown[] = [];
  const { error } = console;
  console.error = (...args) => errors.push(args);
  try {
    for (
      const [guard, status] of [
        [() => true, 200],
        [() => Promise.resolve(true), 200],
        [() => false, 403],
        [() => "yes", 403],
        [() => ({}), 403],
        [() => Promise.reject(new Error("no database")), 403],
      ] as const
    ) {
      using inspect = inspector(processLifetime(), { guard: guard as () => boolean });
      assertEquals(await statusOf(inspect(ask("/", { host: "status.example" }), elsewhere)), status, `${guard}`);
    }
  } finally {
    console.error = error;
  }
  assertEquals(errors.length, 1);
});

Deno.test("inspector: headers that keep the page to itself, and nothing of anybody's in it", async () => {
  using inspect = inspector(processLifetime());
  const response = await inspect(ask(`/${encodeURIComponent(ATTACKS[0])}/`), LOCAL);
  const html = await response.text();
  const policy = response.headers.get("content-security-policy") ?? "";
  const [, nonce = "?"] = policy.match(/script-src 'nonce-([0-9a-f]{48})'/) ?? [];
  assertEquals(html.split(`<script type="module" nonce="${nonce}">`).length, 2);
  for (const part of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "trusted-types 'none'"]) {
    assertStringIncludes(policy, part);
  }
  assertNotMatch(policy, /unsafe|http|\*/);
  assertEquals(
    ["cache-control", "x-content-type-options", "referrer-policy", "cross-origin-resource-policy"].map((name) =>
      response.headers.get(name)
    ),
    ["no-store", "nosniff", "no-referrer", "same-origin"],
  );
  assertNotMatch(html, /\son[a-z]+=|pwned|https?:\/\/|\ssrc="(?!data:,")/, "no handlers, nothing from elsewhere");
  const again = await (await inspect(ask(), LOCAL)).text();
  assert(!again.includes(nonce), "a nonce is used once");
});

Deno.test("inspector cancels only where it may, with its token, and from its own page", async () => {
  using without = inspector(processLifetime());
  using inspect = inspector(processLifetime(), { cancel: true });
  const task = Promise.withResolvers<TaskScope>();
  const work = TaskScope.run((scope) => {
    task.resolve(scope);
    return scope.abortable(new Promise(() => {}));
  }, { name: "page" }).catch((error) => error);
  await task.promise;
  const events = frames(await inspect(ask("/inspect/events"), LOCAL));
  const { token = "" } = (await events.next()).value?.data as Hello;
  const { data } = await until(events, ({ rows }) => rows?.some(({ name }) => name === "page"));
  const id = data.rows?.find(({ name }) => name === "page")?.id;
  const path = `/inspect/cancel?id=${id}`;
  const right = { "x-taskscope-token": token };

  const greeted = frames(await without(ask("/inspect/events"), LOCAL));
  assertEquals(Object.keys((await greeted.next()).value?.data as Hello), ["epoch", "cancel"]);
  await greeted.return(undefined);
  for (
    const [handler, headers, info, status] of [
      [without, right, LOCAL, 403],
      [inspect, {}, LOCAL, 403],
      [inspect, { "x-taskscope-token": token.slice(1) }, LOCAL, 403],
      [inspect, { "x-taskscope-token": `${token}0` }, LOCAL, 403],
      [inspect, { ...right, origin: "http://localhost:3000" }, LOCAL, 403],
      [inspect, { ...right, "sec-fetch-site": "same-site" }, LOCAL, 403],
      [inspect, { ...right, "sec-fetch-site": "cross-site" }, LOCAL, 403],
      [inspect, right, { remoteAddr: { hostname: "203.0.113.5" } }, 403],
      [inspect, { ...right, "x-forwarded-for": "::1" }, LOCAL, 403],
    ] as const
  ) assertEquals(await statusOf(handler(ask(path, headers, "POST"), info)), status, JSON.stringify(headers));
  assertEquals((await task.promise).state, "open");

  const fine = { ...right, origin: HOST, "sec-fetch-site": "same-origin" };
  assertEquals(await statusOf(inspect(ask(path, fine, "POST"), LOCAL)), 200);
  const error = await work;
  assertEquals([(error as CancelReason).kind, (error as CancelReason).origin], ["canceled", "inspector"]);
  assertEquals(await statusOf(inspect(ask(path, fine, "POST"), LOCAL)), 404, "it has ended");
  assertEquals(await statusOf(inspect(ask("/cancel?id=NaN", fine, "POST"), LOCAL)), 404);
  await events.return(undefined);
});
