/**
 * A page that uploads a file, and a server that goes on working on it after its answer:
 *
 * ```sh
 * npx -y deno run -A tools/std.ts run -A examples/upload_page/server.ts
 * ```
 */
import type { TaskScope } from "@taskscope/taskscope";
import { scoped } from "@taskscope/taskscope/http";
import { memoryStore, Operations, type ReportProgress } from "@taskscope/taskscope/operations";
import { z } from "zod";

const PIECES = 20;
const LARGEST = 64_000_000;

/** Options of {@linkcode serveUploadPage}. */
export interface UploadPageOptions {
  readonly port?: number;
  /** Waits before each piece: small files are compressed in no time, and there would be nothing to see. */
  readonly pace?: (task: TaskScope, piece: number) => Promise<void>;
}

const Upload = z.object({
  file: z.instanceof(File).refine(({ size }) => size > 0, "The file is empty"),
});

/** Serves the page and its operations. */
export async function serveUploadPage(
  { port = 0, pace = (task) => task.sleep(300) }: UploadPageOptions = {},
): Promise<Deno.HttpServer<Deno.NetAddr> & { readonly operations: Operations }> {
  const operations = new Operations({
    store: memoryStore(),
    limits: { body: LARGEST + 10_000, progressInterval: 100 },
  });
  const files = await pageFiles();
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen() {} },
    scoped(async (request, scope) => {
      const { pathname } = new URL(request.url);
      const file = files.get(pathname);
      if (file && request.method === "GET") return new Response(...file);
      if (pathname === "/uploads" && request.method === "POST") {
        return await operations.start(
          scope,
          { name: "compress", request, input: Upload, deadline: { minutes: 10 } },
          (task, { file }, progress) => compress(task, file, progress, pace),
        );
      }
      return await operations.handle(request) ?? new Response("Not Found", { status: 404 });
    }),
  );
  return Object.assign(server, { operations });
}

/** Compresses a file piece by piece. */
async function compress(
  task: TaskScope,
  file: File,
  progress: ReportProgress,
  pace: (task: TaskScope, piece: number) => Promise<void>,
): Promise<{ name: string; bytes: number; compressed: number; sha256: string }> {
  const length = Math.ceil(file.size / PIECES);
  async function* pieces() {
    for (let piece = 0; piece < PIECES; piece++) {
      progress(piece / PIECES, `${file.name}, piece ${piece + 1} of ${PIECES}`);
      await pace(task, piece); // a cancellation is thrown here, and fails the stream
      yield await file.slice(piece * length, (piece + 1) * length).bytes();
    }
  }
  const hash = task.spawn(async () => new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer())));
  const zipped = ReadableStream.from(pieces()).pipeThrough(new CompressionStream("gzip"));
  const { length: compressed } = await new Response(zipped).bytes();
  return { name: file.name, bytes: file.size, compressed, sha256: (await hash).toHex() };
}

/** By their path: body and head. The client is bundled from the package; everything else goes out as it is. */
async function pageFiles(): Promise<Map<string, [string, ResponseInit]>> {
  const text = (name: string) => Deno.readTextFile(new URL(name, import.meta.url));
  const entry = (body: string, type: string): [string, ResponseInit] => [
    body,
    { headers: { "content-type": `${type}; charset=utf-8`, "cache-control": "no-cache" } },
  ];
  return new Map([
    ["/", entry(await text("index.html"), "text/html")],
    ["/style.css", entry(await text("style.css"), "text/css")],
    ["/page.js", entry(await text("page.js"), "text/javascript")],
    ["/client.js", entry(await bundleClient(), "text/javascript")],
  ]);
}

async function bundleClient(): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["bundle", "--quiet", "--platform=browser", import.meta.resolve("@taskscope/taskscope/operations/client")],
    cwd: new URL(".", import.meta.url),
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  if (!success) throw new Error(`Cannot bundle the client:\n${text.decode(stderr)}`);
  return text.decode(stdout);
}

if (import.meta.main) {
  const { addr: { port } } = await serveUploadPage({ port: 8000 });
  console.log(`Open http://localhost:${port}`);
}
