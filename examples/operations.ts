/**
 * 202 Accepted done right: the work is accepted, its client follows it, cancels it, repeats the request without doing the
 * work twice, and learns how it ended. With a store that survives a restart, `operations_deno_kv.ts`.
 */
import { assertEquals } from "@std/assert";
import { processLifetime } from "@taskscope/taskscope";
import { scoped } from "@taskscope/taskscope/http";
import { memoryStore, type Operation, Operations } from "@taskscope/taskscope/operations";
import { z } from "zod";

const operations = new Operations({ store: memoryStore() });
const Upload = z.object({ file: z.string().min(1) });
const secondPass = Promise.withResolvers<void>();

const handler = scoped(async (request, scope) => {
  const routed = await operations.handle(request); // GET /operations/:id, GET …/events, DELETE
  if (routed) return routed;
  return await operations.start(
    scope,
    { name: "transcode", request, input: Upload, deadline: { minutes: 10 } },
    async (task, input, progress) => {
      progress(0.4, "second pass");
      await task.abortable(secondPass.promise); // the work
      return { url: `/videos/${input.file}` };
    },
  );
});

// Deno.serve(handler), Bun.serve({ fetch: handler }) or export default { fetch: handler }; here it is called directly.
const call = (method: string, path: string, init: RequestInit = {}) =>
  handler(new Request(`http://localhost${path}`, { method, ...init }));
const post = (body: unknown, key: string) => {
  const headers = { "content-type": "application/json", "idempotency-key": key };
  return call("POST", "/videos", { headers, body: JSON.stringify(body) });
};

const wrong = await (await post({ file: "" }, "one")).json();
console.log(`wrong input: ${wrong.status}, ${wrong.errors[0].field}`);

const accepted = await post({ file: "a.mp4" }, "two");
const again = await post({ file: "a.mp4" }, "two");
const { state, links }: Operation = await accepted.json();
const { id }: Operation = await again.json();
console.log(`accepted: ${accepted.status}, ${state}; sent again, it is the same: ${links.self.endsWith(id)}`);

const events = (await call("GET", links.events)).body?.pipeThrough(new TextDecoderStream());
let end: Operation | undefined;
for await (const text of events ?? []) {
  for (const [, data] of text.matchAll(/^data: ?(.*)$/gm)) end = JSON.parse(data ?? "");
  console.log(`event: ${end?.state}, ${end?.progress?.message ?? "not begun"}`);
  if (end?.progress) secondPass.resolve();
}
console.log(`result: ${JSON.stringify(end?.result)}`);
await processLifetime().drain({ deadline: { seconds: 10 } });
assertEquals([wrong.status, accepted.status, end?.result], [400, 202, { url: "/videos/a.mp4" }]);
