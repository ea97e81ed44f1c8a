/** How operations are read and canceled. */
import { assertEquals, assertMatch } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import type { Operation } from "@taskscope/taskscope/operations";
import { App, makeRequest } from "./app.ts";

const untilCanceled = (task: { sleep(ms: number): Promise<void> }) => task.sleep(600_000);

Deno.test("GET answers with an ETag and Retry-After, and 304 to who has it already", async () => {
  const app = new App({ work: untilCanceled });
  const { id } = await app.start();
  await app.until(id, ({ state }) => state === "running");
  const path = `/operations/${id}`;
  const response = await app.fetch("GET", path);
  const etag = response.headers.get("etag") ?? "";
  assertEquals([response.status, response.headers.get("retry-after")], [200, "1"]);
  assertEquals(response.headers.get("cache-control"), "private, no-cache");
  assertMatch(etag, /^"[0-9a-f]{8}-2"$/);
  for (const match of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
    const same = await app.fetch("GET", path, undefined, { "if-none-match": match });
    assertEquals([same.status, await same.text(), same.headers.get("etag")], [304, "", etag]);
  }
  assertEquals((await app.fetch("GET", path, undefined, { "if-none-match": '"other"' })).status, 200);
  const head = await app.fetch("HEAD", path);
  assertEquals([head.status, head.headers.get("etag"), await head.text()], [200, etag, ""]);
  await response.body?.cancel();
  await app.fetch("DELETE", path);
  const ended = await app.fetch("GET", `${path}?wait=20s`, undefined, { "if-none-match": etag });
  assertEquals([ended.status, ended.headers.get("etag") !== etag], [200, true]);
  await app.idle();
});

Deno.test("only paths below the operations' path are answered; unknown ones with 404, other methods with 405", async () => {
  const app = new App({ work: untilCanceled, path: "/api/jobs" });
  const { id, links } = await app.start();
  assertEquals(links, { self: `/api/jobs/${id}`, events: `/api/jobs/${id}/events` });
  const statusOf = async (method: string, path: string) => {
    const response = await app.fetch(method, path);
    await response.body?.cancel();
    return response.status;
  };
  for (const path of ["/", "/api/jobs", "/api/jobsx", "/api", `/operations/${id}`]) {
    assertEquals(await statusOf("GET", path), 418, path);
  }
  const unknown = crypto.randomUUID();
  for (
    const path of ["", "x", unknown, `${unknown}/events`, `${id}/event`, `${id}/events/`, `${id}/`]
  ) {
    assertEquals(await statusOf("GET", `/api/jobs/${path}`), 404, path);
  }
  for (const method of ["POST", "PUT", "PATCH", "OPTIONS"]) assertEquals(await statusOf(method, links.self), 405);
  assertEquals(await statusOf("DELETE", links.events), 405);
  assertEquals((await app.fetch("PUT", links.self)).headers.get("allow"), "GET, HEAD, DELETE");
  assertEquals(await statusOf("POST", `/api/jobs/${unknown}`), 404);
  assertEquals(await statusOf("DELETE", links.self), 202);
  await app.idle();
});

Deno.test("an expired operation is 410 for as long as it could be read, then unknown", async () => {
  const app = new App({ limits: { ttl: 60_000 } });
  const { id } = await app.start();
  await app.until(id);
  using time = new FakeTime(); // from now on
  const statuses = async () => {
    const answers = await Promise.all(["GET", "DELETE"].map((method) => app.fetch(method, `/operations/${id}`)));
    for (const { body } of answers) await body?.cancel();
    return answers.map(({ status }) => status);
  };
  assertEquals(await statuses(), [200, 409]);
  time.tick(60_001);
  assertEquals(await statuses(), [410, 410]);
  time.tick(60_000);
  assertEquals(await statuses(), [404, 404]);
});

Deno.test("?wait ends early on a change, and at its time without one", async () => {
  const gate = Promise.withResolvers<void>();
  const app = new App({ work: () => gate.promise });
  const { id } = await app.start();
  const running = await app.until(id, ({ state }) => state === "running");
  for (const wait of ["20ms", "0", "0s"]) {
    const response = await app.fetch("GET", `/operations/${id}?wait=${wait}`);
    assertEquals([response.status, await response.json()], [200, running]);
  }
  const waiting = app.fetch("GET", `/operations/${id}?wait=30`);
  const known = app.fetch("GET", `/operations/${id}?wait=30s`, undefined, { "if-none-match": "*" });
  gate.resolve();
  const [one, two] = await Promise.all([waiting, known]);
  assertEquals([(await one.json()).state, two.status], ["succeeded", 304]);
  assertEquals((await app.fetch("GET", `/operations/${id}?wait=30s`)).status, 200); // has ended: does not wait
  for (const bad of ["", "x", "-1", "1m", "1e3", "99999999999"]) {
    assertEquals((await app.fetch("GET", `/operations/${id}?wait=${bad}`)).status, 400, bad);
  }
  await app.idle();
});

Deno.test("?wait waits no longer than limits.wait, and not for a client that left", async () => {
  const app = new App({ work: untilCanceled, limits: { wait: 10 } });
  const { id } = await app.start();
  assertEquals((await app.fetch("GET", `/operations/${id}?wait=1000s`)).status, 200);

  const patient = new App({ work: untilCanceled });
  const operation = await patient.start();
  await patient.until(operation.id, ({ state }) => state === "running");
  const leave = new AbortController();
  const request = new Request(`http://localhost/operations/${operation.id}?wait=60s`, { signal: leave.signal });
  const waiting = patient.operations.handle(request);
  while (patient.operations.counters.listeners < 2) await new Promise((resolve) => setTimeout(resolve, 0));
  leave.abort();
  await (await waiting)?.body?.cancel();
  assertEquals(patient.operations.counters.listeners, 1); // the running operation itself
  await Promise.all([app.fetch("DELETE", `/operations/${id}`), patient.fetch("DELETE", operation.links.self)]);
  await Promise.all([app.idle(), patient.idle()]);
});

Deno.test("DELETE cancels, again and again, and is 409 once the operation ended otherwise", async () => {
  const gate = Promise.withResolvers<void>();
  const app = new App({
    async work(task) {
      await task.shield(() => gate.promise, { deadline: 5_000 });
      await task.sleep(600_000);
    },
  });
  const { id, links } = await app.start();
  await app.until(id, ({ state }) => state === "running");
  for (let i = 0; i < 2; i++) {
    const response = await app.fetch("DELETE", links.self);
    const operation: Operation = await response.json();
    assertEquals([response.status, operation.state, operation.cancelRequested], [202, "running", true]);
  }
  await app.until(id, ({ cancelRequested }) => cancelRequested === true);
  gate.resolve();
  const { state, error, cancelRequested } = await app.until(id);
  assertEquals([state, error?.kind, cancelRequested], ["canceled", "canceled", undefined]);
  assertEquals((await app.fetch("DELETE", links.self)).status, 202); // what was asked for has happened

  const done = new App();
  const other = await done.start();
  await done.until(other.id);
  assertEquals((await done.fetch("DELETE", other.links.self)).status, 409);
  await Promise.all([app.idle(), done.idle()]);
  assertEquals(app.errors, []);
});

Deno.test("DELETE right after the start: the function is never called", async () => {
  let calls = 0;
  const app = new App({ work: () => calls++ });
  const { links, id } = await app.start();
  assertEquals((await app.fetch("DELETE", links.self)).status, 202);
  assertEquals([(await app.until(id)).state, calls], ["canceled", 0]);
  await app.idle();
});

Deno.test("handle() is for any framework: it answers, or gives undefined", async () => {
  const { operations } = new App();
  assertEquals(await operations.handle(makeRequest("GET", "/elsewhere")), undefined);
  assertEquals((await operations.handle(makeRequest("GET", `/operations/${crypto.randomUUID()}`)))?.status, 404);
});
