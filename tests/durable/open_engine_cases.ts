/** Cases of the engines that have a server, beside those of every engine. */
import { assertEquals } from "@std/assert";
import type { OpenEngine } from "./open_engine.ts";

type ServerEngine = OpenEngine["engine"];

const deadline = () => new Date(Date.now() + 60_000);

/** More of them than are read at once. */
export async function manyDead(engine: ServerEngine, lease: number): Promise<void> {
  const count = 230;
  const ids = await Promise.all(Array.from({ length: count }, (_, i) => {
    return engine.enqueue({ key: `dead${i}`, body: `${i}`, deadline: deadline() });
  }));
  const all = Promise.withResolvers<void>();
  let left = count;
  const consumption = await engine.consume(({ body }) => {
    if (--left === 0) all.resolve();
    return Promise.resolve({ kind: "dead", reason: `reason\0 ${body}` });
  }, { concurrency: 50, lease, onError: all.reject });
  await all.promise;
  await consumption.stop();
  const letters = await Array.fromAsync(engine.deadLetters());
  assertEquals(letters.map(({ id }) => id).sort(), [...ids].sort());
  for (const { body, reason } of letters) assertEquals(reason.replace(/[\0\ufffd]/, ""), `reason ${body}`);
}

export async function failingReceiver(engine: ServerEngine): Promise<void> {
  const id = await engine.enqueue({ key: "fails", body: "fails", deadline: deadline() });
  const errors: unknown[] = [];
  const again = Promise.withResolvers<[string, number]>();
  const consumption = await engine.consume(({ id, attempt }) => {
    if (attempt === 1) return Promise.reject(new Error("a mistake of the worker"));
    again.resolve([id, attempt]);
    return Promise.resolve({ kind: "done" });
  }, { concurrency: 1, lease: 300, onError: (error) => errors.push(`${error}`) });
  assertEquals(await again.promise, [id, 2]);
  await consumption.stop();
  assertEquals(errors, ["Error: a mistake of the worker"]);
}
