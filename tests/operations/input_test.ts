/** What a start takes as input, and what it answers to what it does not take. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { processLifetime, TaskScope } from "@taskscope/taskscope";
import { memoryStore, Operations, type StandardSchema } from "@taskscope/taskscope/operations";
import { z } from "zod";
import { App, makeRequest } from "./app.ts";

const Any: StandardSchema<unknown> = z.any();
const echo = () => new App({ work: (_task, input) => input, start: { input: Any } });

async function problemOf(response: Response): Promise<Record<string, unknown>> {
  assertEquals(response.headers.get("content-type"), "application/problem+json");
  const body = await response.json();
  assertEquals(body.status, response.status);
  return body;
}

Deno.test("start() answers 400 and names each wrong field; nothing starts, nothing is stored", async () => {
  const store = memoryStore();
  let calls = 0;
  const input = z.object({ file: z.string(), sizes: z.array(z.object({ "a/b~ü": z.number() })) });
  const app = new App({ store, work: () => calls++, start: { input } });
  const response = await app.fetch("POST", "/x", { sizes: [{ "a/b~ü": 1 }, { "a/b~ü": "2" }] });
  const { status, errors } = await problemOf(response);
  const fields = (errors as Record<string, string>[]).map(({ field, pointer }) => [field, pointer]);
  assertEquals([status, fields], [400, [["file", "#/file"], ["sizes[1].a/b~ü", "#/sizes/1/a~1b~0%C3%BC"]]]);
  const whole = await problemOf(await app.fetch("POST", "/x", "null", { "content-type": "application/json" }));
  assertEquals((whole.errors as Record<string, string>[]).map(({ field, pointer }) => [field, pointer]), [["", "#"]]);
  assertEquals([calls, await store.count()], [0, 0]);
});

Deno.test("start() takes a schema of any library, also one that answers later, and its output is the input", async () => {
  const input: StandardSchema<number> = {
    "~standard": {
      version: 1,
      vendor: "own",
      async validate(value) {
        await Promise.resolve();
        if (typeof value === "number") return { value: value + 1 };
        return { issues: [{ message: "no number", path: [{ key: "a" }, Symbol("s"), 0] }, { message: "and so on" }] };
      },
    },
  };
  const app = new App({ work: (_task, input) => input, start: { input } });
  assertEquals((await app.until((await app.start(1)).id)).result, 2);
  assertEquals((await problemOf(await app.fetch("POST", "/x", "x"))).errors, [
    { field: "a.Symbol(s)[0]", pointer: "#/a/Symbol(s)/0", detail: "no number" },
    { field: "", pointer: "#", detail: "and so on" },
  ]);
  await app.idle();
});

Deno.test("the input is parsed by its content type", async () => {
  const app = echo();
  const resultOf = async (body?: BodyInit, type?: string) => {
    const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
    return (await app.until((await app.start(body, headers)).id)).result;
  };
  assertEquals(await resultOf('{"a":[1]}', "application/json; charset=utf-8"), { a: [1] });
  assertEquals(await resultOf('{"a":1}', "application/vnd.api+json"), { a: 1 });
  assertEquals(await resultOf("a=1&b=2&b=3", "application/x-www-form-urlencoded"), { a: "1", b: ["2", "3"] });
  assertEquals(await resultOf("hello", "text/plain"), "hello");
  assertEquals(await resultOf(), undefined);
  await app.idle();
});

Deno.test("a multipart body brings files, anything else a Blob", async () => {
  const sizes = (input: unknown) =>
    input instanceof Blob
      ? [input.type, input.size]
      : Object.values(input as Record<string, File>).map(({ size }) => size);
  const app = new App({ work: (_task, input) => sizes(input), start: { input: Any } });
  const form = new FormData();
  form.set("file", new File(["12345"], "a.txt"));
  assertEquals((await app.until((await app.start(form)).id)).result, [5]);
  const blob = new Blob(["123"], { type: "video/mp4" });
  assertEquals((await app.until((await app.start(blob)).id)).result, ["video/mp4", 3]);
  await app.idle();
});

Deno.test("start() answers 400 to a body that is not what its type says, and 413 to one that is too long", async () => {
  const app = new App({ start: { input: Any }, limits: { body: 10 } });
  const statusOf = async (body: BodyInit, type: string) =>
    (await app.fetch("POST", "/x", body, { "content-type": type })).status;
  assertEquals(await statusOf("{", "application/json"), 400);
  assertEquals(await statusOf("x", "multipart/form-data"), 400);
  assertEquals(await statusOf("x", "multipart/form-data; boundary=b"), 400);
  assertEquals(await statusOf(new Blob([new Uint8Array([0xff])]), "text/plain"), 400);
  assertEquals(await statusOf("1234567890", "text/plain"), 202);
  assertEquals(await statusOf("12345678901", "text/plain"), 413);
  await app.idle();
});

Deno.test("a handler that has read the body itself gives it as value", async () => {
  const operations = new Operations({ store: memoryStore() });
  const request = makeRequest("POST", "/x", { a: 1 });
  const input = z.object({ a: z.number() });
  await TaskScope.run(async (scope) => {
    const value: unknown = await request.json();
    const options = { name: "n", request, deadline: 5_000 };
    const again = () => operations.start(scope, { ...options, input }, () => 1);
    assertStringIncludes((await assertRejects(again, TypeError)).message, "give it as value");
    const response = await operations.start(scope, { ...options, input, value }, (_task, { a }) => a);
    assertEquals(response.status, 202);
    assertEquals((await operations.start(scope, { ...options, input, value: {} }, () => 1)).status, 400);
    assertEquals((await operations.start(scope, options, (_task, input) => input)).status, 202);
  });
  await processLifetime().drain({ deadline: 5_000 });
});

Deno.test("a form is read field by field, not searched through for the name of each: a long one would block all", async () => {
  const { getAll } = FormData.prototype;
  let searches = 0;
  FormData.prototype.getAll = function (this: FormData, name: string) {
    searches++;
    return getAll.call(this, name);
  };
  try {
    const app = new App({ work: (_task, input) => Object.keys(Object(input)).length, start: { input: Any } });
    const body = new URLSearchParams(Array.from({ length: 1_000 }, (_, i) => [`f${i}`, ""]));
    const { id } = await app.start(`${body}`, { "content-type": "application/x-www-form-urlencoded" });
    assertEquals([(await app.until(id)).result, searches], [1_000, 0]);
    await app.idle();
  } finally {
    FormData.prototype.getAll = getAll;
  }
});

Deno.test("the answer to wrong input is short, however many issues there are and however long their keys", async () => {
  const many = new App({ start: { input: z.array(z.string()) } });
  const { errors } = await problemOf(await many.fetch("POST", "/x", Array(10_000).fill(0)));
  assertEquals((errors as { pointer: string }[]).map(({ pointer }) => pointer), [
    ...Array.from({ length: 100 }, (_, i) => `#/${i}`),
  ]);
  const deep = new App({ start: { input: z.record(z.string(), z.array(z.string())) } });
  const body = { ["k".repeat(100_000)]: Array(1_000).fill(0) };
  const { length } = await (await deep.fetch("POST", "/x", body)).text();
  assert(length < 300_000, `${length} characters`);
});

Deno.test("a key needs the body, or its value: what was read elsewhere cannot be told from another one", async () => {
  const operations = new Operations({ store: memoryStore() });
  await TaskScope.run(async (scope) => {
    const pay = async (amount: number, isGiven: boolean) => {
      const request = makeRequest("POST", "/pay", { amount }, { "idempotency-key": "k" });
      const value: unknown = await request.json();
      const options = { name: "pay", request, deadline: 5_000, ...isGiven ? { value } : {} };
      return await operations.start(scope, options, () => value);
    };
    const message = (await assertRejects(() => pay(1, false), TypeError)).message;
    assertStringIncludes(message, "give it as value");
    const statuses = [];
    for (const amount of [1, 1_000_000, 1]) statuses.push((await pay(amount, true)).status);
    assertEquals(statuses, [202, 422, 202]);
  });
  await processLifetime().drain({ deadline: 5_000 });
});
