import { assertEquals } from "@std/assert";
import { scoped } from "@taskscope/taskscope/http";
import { memoryStore, Operations, type OperationStore } from "@taskscope/taskscope/operations";

Deno.test("GET ?wait: a change that comes while the store answers is not missed", async () => {
  const memory = memoryStore();
  let answers: Promise<void> | undefined; // when what the store has read reaches the caller
  const reading = Promise.withResolvers<void>();
  const store: OperationStore = {
    atomic: memory.atomic,
    async get(key) {
      const found = await memory.get(key);
      if (answers) reading.resolve();
      await answers;
      return found;
    },
    create: (...args) => memory.create(...args),
    compareAndSet: (...args) => memory.compareAndSet(...args),
    delete: (...args) => memory.delete(...args),
    count: (...args) => memory.count(...args),
    list: () => memory.list(),
  };
  const operations = new Operations({ store, poll: 60_000 });
  const end = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const handler = scoped(async (request, scope) =>
    await operations.handle(request) ??
      await operations.start(scope, { name: "transcode", request, deadline: { minutes: 10 } }, async () => {
        await end.promise;
        ended.resolve();
      })
  );
  const accepted = await handler(new Request("http://localhost/videos", { method: "POST" }));
  const url = `http://localhost${accepted.headers.get("location")}`;

  const gate = Promise.withResolvers<void>();
  answers = gate.promise;
  const client = new AbortController();
  const waiting = handler(new Request(`${url}?wait=60s`, { signal: client.signal }));
  const patience = setTimeout(() => client.abort(), 5_000);
  await reading.promise;
  answers = undefined;
  end.resolve();
  await ended.promise;
  while ((await (await handler(new Request(url))).json()).state !== "succeeded"); // it is written
  gate.resolve(); // what the first look had read: "running"
  const { state } = await (await waiting).json();
  clearTimeout(patience);
  assertEquals([state, client.signal.aborted], ["succeeded", false]);
});
