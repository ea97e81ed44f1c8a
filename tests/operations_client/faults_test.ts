/** Whatever the network does in between, one start runs one task, and its follower sees it end. */
import { assert, assertEquals } from "@std/assert";
import { scoped } from "@taskscope/taskscope/http";
import { memoryStore, Operations } from "@taskscope/taskscope/operations";
import { isEnded, operationsClient } from "@taskscope/taskscope/operations/client";
import fc from "fast-check";
import { inFakeTime } from "./script.ts";

/** What happens to one request; a number is after how many bytes its answer is cut off. */
type Fault = "none" | "refused" | "answer lost" | "no answer" | "bad gateway" | "busy" | number;

const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.constantFrom<Fault>("none", "refused", "answer lost", "no answer", "bad gateway", "busy"),
  fc.nat(900),
);

/** Each request meets the next fault; when there are no more, all is well. */
function network(handler: (request: Request) => Promise<Response>, faults: readonly Fault[]) {
  const left = [...faults];
  return async (url: string, init: RequestInit): Promise<Response> => {
    const fault = left.shift() ?? "none";
    if (fault === "refused") throw new TypeError("connection refused");
    if (fault === "bad gateway") return new Response("<h1>Bad Gateway</h1>", { status: 502 });
    if (fault === "busy") return new Response(null, { status: 503, headers: { "retry-after": "3" } });
    const response = await handler(new Request(url, init));
    if (fault === "none") return response;
    if (typeof fault === "number" && response.body) return new Response(cut(response.body, fault), response);
    await response.body?.cancel();
    if (fault === "no answer" && url.includes("/operations/")) {
      // Somebody else's time limit; a start has none of its own.
      await new Promise((_, reject) => init.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
    }
    throw new TypeError("connection reset");
  };
}

function cut(body: ReadableStream<Uint8Array>, bytes: number): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      if (value.length < bytes) {
        bytes -= value.length;
        return controller.enqueue(value);
      }
      if (bytes > 0) controller.enqueue(value.slice(0, bytes));
      bytes = 0;
      await reader.cancel();
      controller.error(new TypeError("connection reset"));
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

Deno.test("faults of the network: one task runs, its changes come in order, and its end is seen", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fault, { maxLength: 4 }), fc.array(fault, { maxLength: 12 }), async (first, later) => {
      await inFakeTime(async () => {
        let ran = 0;
        const operations = new Operations({ store: memoryStore() });
        const handler = scoped(async (request, scope) =>
          await operations.handle(request) ??
            await operations.start(
              scope,
              { name: "report", request, deadline: { hours: 24 } },
              async (task, _, progress) => {
                ran++;
                for (let page = 0; page < 10; page++) {
                  progress(page / 10, `page ${page}`);
                  await task.sleep(3_000);
                }
                return { pages: 10 };
              },
            )
        );
        // The start is tried 5 times: with 4 faults it comes through.
        const client = operationsClient("http://localhost", { fetch: network(handler, [...first]) });
        const { id } = await client.start("/reports", { json: {} });
        const report = operationsClient("http://localhost", { fetch: network(handler, later) }).operation(id);
        const revisions: number[] = [];
        for await (const { revision } of report.follow()) revisions.push(revision);

        assertEquals(revisions, [...new Set(revisions)].sort((a, b) => a - b));
        assert(report.latest && isEnded(report.latest.state));
        assertEquals([ran, report.latest.result], [1, { pages: 10 }]);
        assertEquals(operations.counters, { running: 0, listeners: 0 });
      });
    }),
    { numRuns: 25 },
  );
});
