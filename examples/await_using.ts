/**
 * A scope where there is no callback: in a class, a test, a generator. The end of the block cancels what still runs and
 * waits for it; `join()` before it waits for all. Trio: `async with open_nursery()`, Kotlin: a `CoroutineScope` that its
 * owner cancels, Swift: the implicit cancellation of `async let`.
 */
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";

const log: string[] = [];
const polledTwice = Promise.withResolvers<void>();

{
  await using scope = new TaskScope({ name: "poller" });
  scope.defer(() => log.push("connection closed")); // after all tasks, last in first out
  scope.spawn(async (task) => {
    try {
      while (true) {
        if (log.push("polled") === 2) polledTwice.resolve();
        await task.sleep(20);
      }
    } finally {
      log.push("poller stopped");
    }
  });
  await polledTwice.promise;
} // cancels the poller, waits for its end
console.log(log.join(", "));
assertEquals(log, ["polled", "polled", "poller stopped", "connection closed"]);

/** A scope with the life of an object. */
class Cache implements AsyncDisposable {
  readonly #scope = new TaskScope({ name: "cache", policy: "supervise" });
  readonly #values = new Map<string, string>();

  warm(key: string): void {
    this.#scope.spawn(async (task) => {
      await task.sleep(10);
      this.#values.set(key, key.toUpperCase());
    }, { name: key });
  }

  async ready(): Promise<string[]> {
    await this.#scope.join(); // waits, and would throw a failure
    return [...this.#values.values()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope.close();
  }
}

await using cache = new Cache();
cache.warm("a");
cache.warm("b");
const values = await cache.ready();
console.log(`cached ${values}`);
assertEquals(values, ["A", "B"]);
