/** Idempotency keys, owners and limits. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { isEnded, memoryStore, type Operation, type StandardSchema } from "@taskscope/taskscope/operations";
import { z } from "zod";
import { App, type Work } from "./app.ts";

const input: StandardSchema<unknown> = z.any();
const owner = (request: Request) => request.headers.get("x-user") ?? undefined;
const key = (key: string, user = "ada") => ({ "idempotency-key": key, "x-user": user });
const untilCanceled: Work = (task) => task.sleep(600_000);
const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

Deno.test("the same key and body give the same operation, at once, later, and after it has ended", async () => {
  let calls = 0;
  const app = new App({ work: () => ++calls, start: { input } });
  const [one, two] = await Promise.all([app.start({ a: 1 }, key("k")), app.start({ a: 1 }, key("k"))]);
  const ended = await app.until(one.id);
  const response = await app.fetch("POST", "/x", { a: 1 }, key("k"));
  const again: Operation = await response.json();
  assertEquals([two.id, again, calls], [one.id, ended, 1]);
  assertEquals([response.status, response.headers.get("idempotency-replayed")], [202, "true"]);
  assertEquals([response.headers.get("location"), response.headers.has("retry-after")], [ended.links.self, false]);
  assertNotEquals((await app.start({ a: 1 }, key("other"))).id, one.id);
  assertNotEquals((await app.start({ a: 1 })).id, one.id);
  await app.idle();
});

Deno.test("the same key with another body, type or address is 422", async () => {
  const app = new App({ start: { input } });
  await app.start({ a: 1 }, key("k"));
  const statusOf = async (path: string, body: unknown, type = "application/json") =>
    (await app.fetch("POST", path, body, { ...key("k"), "content-type": type })).status;
  assertEquals(await statusOf("/x", { a: 2 }), 422);
  assertEquals(await statusOf("/x?b", { a: 1 }), 422);
  assertEquals(await statusOf("/x", '{"a":1}', "text/plain"), 422);
  assertEquals(await statusOf("/x", { a: 1 }), 202);
  await app.idle();
});

Deno.test("a form sent again has another boundary, and is the same body all the same", async () => {
  const app = new App({ start: { input }, work: () => 1 });
  const form = (content: string) => {
    const form = new FormData();
    form.append("file", new File([content], "a.txt"));
    form.append("tag", "x");
    form.append("tag", "y");
    return form;
  };
  const one = await app.start(form("12345"), key("k"));
  assertEquals((await app.start(form("12345"), key("k"))).id, one.id);
  assertEquals((await app.fetch("POST", "/x", form("12346"), key("k"))).status, 422);
  await app.idle();
});

Deno.test("a key without a schema, or with a value, is told apart by the body all the same", async () => {
  for (const start of [{}, { value: [1] }]) {
    const app = new App({ start });
    const one = await app.start("text", key("k"));
    assertEquals((await app.start("text", key("k"))).id, one.id);
    const status = (await app.fetch("POST", "/x", "other", key("k"))).status;
    assertEquals(status, "value" in start ? 202 : 422);
    await app.idle();
  }
});

Deno.test("a key that is empty, too long or not ASCII is 400", async () => {
  const app = new App({ start: { input } });
  for (const bad of ["", "x".repeat(256), "caf\u00e9"]) {
    assertEquals((await app.fetch("POST", "/x", 1, key(bad))).status, 400);
  }
  assertEquals((await app.fetch("POST", "/x", 1, key('"quoted, with spaces"'))).status, 202);
  await app.idle();
});

Deno.test("1000 concurrent starts with 50 distinct keys run 50 tasks", async () => {
  let calls = 0;
  const app = new App({ work: () => ++calls, start: { input } });
  const starts = Array.from({ length: 1_000 }, (_, i) => app.start({ n: i % 50 }, key(`k${i % 50}`)));
  const ids = (await Promise.all(starts)).map(({ id }) => id);
  await app.idle();
  assertEquals([new Set(ids).size, calls], [50, 50]);
  ids.forEach((id, i) => assertEquals(id, ids[i % 50]));
});

Deno.test("a key whose operation is known no more starts a new one", async () => {
  const app = new App({ limits: { ttl: 1 }, start: { input } });
  const one = await app.start(1, key("k"));
  await app.idle();
  while ((await app.fetch("GET", `/operations/${one.id}`)).status === 200) await turn();
  assertNotEquals((await app.start(2, key("k"))).id, one.id);
  await app.idle();
});

Deno.test("owners see, cancel and repeat their own operations only", async () => {
  const app = new App({ owner, work: untilCanceled, start: { input } });
  const { id } = await app.start(1, key("k"));
  const statuses = async (user: string) => {
    const requests = [["GET", ""], ["GET", "?wait=1s"], ["GET", "/events"], ["DELETE", ""]] as const;
    return await Promise.all(requests.map(async ([method, suffix]) => {
      const response = await app.fetch(method, `/operations/${id}${suffix}`, undefined, { "x-user": user });
      await response.body?.cancel();
      return response.status;
    }));
  };
  assertEquals(await statuses("eve"), [404, 404, 404, 404]);
  assertNotEquals((await app.start(1, key("k", "eve"))).id, id);
  assert(!isEnded((await app.get(id, { "x-user": "ada" })).state));
  assertEquals(await statuses("ada"), [200, 200, 200, 202]);
  assertEquals((await app.fetch("GET", `/operations/${id}`)).status, 401);
  assertEquals((await app.fetch("POST", "/x", 1)).status, 401);
  const cancel = async (id: string, user: string) =>
    await app.fetch("DELETE", `/operations/${id}`, undefined, { "x-user": user });
  await cancel((await app.start(1, key("k", "eve"))).id, "eve");
  await app.idle();
});

Deno.test("an owner function may throw a Response, anything else it does wrong is an error", async () => {
  const app = new App({
    owner: () => {
      throw new Response("go away", { status: 403 });
    },
  });
  assertEquals((await app.fetch("POST", "/x")).status, 403);
  const errors: unknown[] = [];
  for (const owner of [() => Promise.reject(new Error("down")), () => 5 as unknown as string]) {
    const broken = new App({ owner, scoped: { onError: (error) => errors.push(error) } });
    assertEquals((await broken.fetch("GET", `/operations/${crypto.randomUUID()}`)).status, 500);
  }
  assertEquals(errors.length, 2);
});

Deno.test("an owner has so many unfinished operations, and all have so many; then it is 429", async () => {
  const app = new App({ owner, work: untilCanceled, limits: { perOwner: 3, total: 5 } });
  const statusOf = async (user: string) => {
    const response = await app.fetch("POST", "/x", undefined, { "x-user": user });
    if (response.status === 429) assert(Number(response.headers.get("retry-after")) > 0);
    return { status: response.status, ...await response.json() };
  };
  const mine = await Promise.all(Array.from({ length: 10 }, () => statusOf("ada")));
  assertEquals(mine.filter(({ status }) => status === 202).length, 3);
  const others = await Promise.all(Array.from({ length: 10 }, (_, i) => statusOf(`user${i}`)));
  assertEquals(others.filter(({ status }) => status === 202).length, 2);

  const { id } = mine.find(({ status }) => status === 202) ?? {}; // which of them won is not said
  await app.fetch("DELETE", `/operations/${id}`, undefined, { "x-user": "ada" });
  while ((await app.get(id, { "x-user": "ada" })).state !== "canceled") await turn();
  const last = await statusOf("ada");
  assertEquals(last.status, 202);
  for (const { id, status } of [...mine, ...others]) {
    for (const user of status === 202 ? ["ada", ...Array.from({ length: 10 }, (_, i) => `user${i}`)] : []) {
      await app.fetch("DELETE", `/operations/${id}`, undefined, { "x-user": user });
    }
  }
  await app.fetch("DELETE", `/operations/${last.id}`, undefined, { "x-user": "ada" });
  await app.idle();
});

Deno.test("operations whose process is gone hold no place", async () => {
  const store = memoryStore();
  const dead = { id: "", name: "n", owner: "0".repeat(64), state: "running", revision: 2, createdAt: 1, updatedAt: 1 };
  const entry = { expiresAt: Date.now() + 60_000, group: dead.owner, counted: true };
  for (const id of Array.from({ length: 20 }, () => crypto.randomUUID())) {
    await store.create(`op-${id}`, { ...entry, value: { ...dead, id, deadline: 9e12, leaseUntil: 1 } });
  }
  const app = new App({ store, limits: { perOwner: 5 } });
  await app.start();
  await app.idle();
  assertEquals([await store.count(), app.errors.map(([, operation]) => operation?.state)], [0, Array(20).fill("lost")]);
});

Deno.test("a repeated start is answered before its schema is asked, which may say otherwise by now", async () => {
  const taken = new Set<string>();
  const slot = z.object({ slot: z.string() });
  const input: StandardSchema<unknown> = slot.refine(async ({ slot }) => !taken.has(await Promise.resolve(slot)));
  const app = new App({ start: { input }, work: (_task, input) => void taken.add(slot.parse(input).slot) });
  const [one, two] = await Promise.all([app.start({ slot: "a" }, key("k")), app.start({ slot: "a" }, key("k"))]);
  await app.until(one.id);
  const three = await app.start({ slot: "a" }, key("k"));
  assertEquals([two.id, three.id], [one.id, one.id]);
  assertEquals((await app.fetch("POST", "/x", { slot: "a" }, key("other"))).status, 400);
  assertEquals((await app.fetch("POST", "/x", { slot: "b" }, key("k"))).status, 422);
  await app.idle();
});

Deno.test("owners that differ in half a surrogate pair only are two", async () => {
  const app = new App({ owner: (request) => JSON.parse(request.headers.get("x-user") ?? ""), start: { input } });
  const users = ['"\\ud800"', '"\\ud801"', '"\\ufffd"', '"x"'];
  const ids = await Promise.all(users.map(async (user) => (await app.start(1, key("k", user))).id));
  assertEquals(new Set(ids).size, users.length);
  const path = `/operations/${ids[0]}`;
  const statuses = users.map(async (user) => (await app.fetch("GET", path, undefined, { "x-user": user })).status);
  assertEquals(await Promise.all(statuses), [200, 404, 404, 404]);
  await app.idle();
});

Deno.test("a key stands for its operation as long as that runs, though its deadline has passed long ago", async () => {
  using time = new FakeTime();
  let calls = 0;
  const gate = Promise.withResolvers<void>();
  const app = new App({
    limits: { ttl: 50 },
    lease: 60,
    poll: 10,
    start: { input, deadline: 50 },
    work(task) {
      calls++;
      return task.shield(() => gate.promise, { deadline: 600_000 });
    },
  });
  const { id } = await app.start(1, key("k"));
  for (let turn = 0; turn < 100; turn++) await time.tickAsync(10);
  assertEquals((await app.start(1, key("k"))).id, id);
  for (let turn = 0; turn < 10; turn++) await time.tickAsync(10);
  assertEquals(calls, 1);
  gate.resolve();
  while (app.operations.counters.running > 0) await time.tickAsync(10);
});
