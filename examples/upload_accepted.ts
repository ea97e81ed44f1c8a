/**
 * Upload → 202 at once; the transcode goes on after the client is gone, with the trace id, for 10 minutes at most.
 * Go: `context.WithoutCancel` for the values, `WithTimeout` for the bound, a goroutine for the work. On Deno the request's
 * signal aborts as soon as it is answered, so nothing detached may follow it, nor read the body.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { contextKey, processLifetime, TaskScope } from "@taskscope/taskscope";

const TraceId = contextKey<string>("trace-id");
const log: string[] = [];
const clientLeft = Promise.withResolvers<void>();

function upload(request: Request): Promise<Response> {
  return TaskScope.run(async (scope) => {
    const body = await request.blob(); // all of it has to be here before the answer
    scope.spawnDetached(async (task) => {
      await task.abortable(clientLeft.promise); // to show that it does not need the client
      const zipped = await gzip(body, task);
      log.push(`transcoded for ${task.get(TraceId)}: ${body.size} -> ${zipped.size} bytes`);
    }, { deadline: { minutes: 10 }, name: "transcode" });
    return new Response(null, { status: 202, headers: { location: "/jobs/1" } });
  }, { name: "upload", context: [TraceId.with(request.headers.get("x-trace-id") ?? crypto.randomUUID())] });
}

async function gzip(body: Blob, { signal }: TaskScope): Promise<Blob> {
  const { readable, writable } = new CompressionStream("gzip");
  const [zipped] = await Promise.all([new Response(readable).blob(), body.stream().pipeTo(writable, { signal })]);
  return zipped;
}

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, upload);
const response = await fetch(`http://127.0.0.1:${server.addr.port}/upload`, {
  method: "POST",
  headers: { "x-trace-id": "abc" },
  body: "one, two, ".repeat(200_000),
});
await server.shutdown(); // waits for requests, not for what they detached
log.push(`client: ${response.status} ${response.headers.get("location")}, and gone`);
clientLeft.resolve();
await processLifetime().drain({ deadline: { seconds: 10 } });
console.log(log.join("\n"));
assertEquals(log[0], "client: 202 /jobs/1, and gone");
assertStringIncludes(log[1] ?? "", "for abc: 2000000 -> ");
