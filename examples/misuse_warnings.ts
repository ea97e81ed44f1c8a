/**
 * Warnings of misuse, while you develop: each kind once for each place, with what to do. Without `onWarning` they go to
 * `console.warn`. In production (`NODE_ENV=production`) `watchMisuse` does nothing.
 */
import { assert, assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { type MisuseWarning, watchMisuse } from "@taskscope/taskscope/inspect";

const warnings: MisuseWarning[] = [];
const watch = watchMisuse({ onWarning: (warning) => warnings.push(warning), patience: 20, enabled: true });

// Two places, and each is taken by a task that waits for one queued behind it: neither ever ends by itself.
const work = TaskScope.run((scope) => {
  const chapter = (name: string) => async () => `${name}: ${(await footnotes).length} footnotes`;
  scope.spawn(chapter("one"), { name: "one" });
  scope.spawn(chapter("two"), { name: "two" });
  const footnotes = scope.spawn(() => ["a", "b"], { name: "footnotes" });
}, { concurrency: 2, name: "book", deadline: 600 });
assertEquals(await work.catch((error) => error.name), "TimeoutError");

// Canceled, and goes on: nobody told it.
await TaskScope.run((scope) => {
  scope.spawn(() => new Promise((resolve) => setTimeout(resolve, 300)), { name: "upload" });
  queueMicrotask(() => scope.cancel());
}, { name: "page" });

// The signal of a request that is over: nothing aborts this call any more.
const { over } = await TaskScope.run((scope) => ({ over: scope }), { name: "request" });
await fetch("data:,hello", { signal: over.signal });

for (const { message } of warnings) console.log(message.replace(/file:.*\//, ""));
assertEquals(warnings.map(({ kind, path }) => `${kind} ${path}`), [
  "queue-deadlock book/one",
  "cancellation-ignored page/upload",
  "closed-scope-used request",
]);
assert(warnings.every(({ place }) => place?.includes("misuse_warnings.ts:")));
watch[Symbol.dispose]();
