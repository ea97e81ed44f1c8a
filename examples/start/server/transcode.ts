/** The long work: gzip a file, and take the SHA-256 of what went in. It reads files only, never the request. */
import { createHash, type Hash } from "node:crypto";
import type { TaskScope } from "@taskscope/taskscope";
import { TraceId } from "./app.ts";

/** What became of a file. */
export interface Transcoded {
  readonly trace: string | undefined;
  readonly target: string;
  readonly bytes: number;
  readonly sha256: string;
}

/**
 * Compresses `source` to `target`; stops, and leaves no half-written target, when the task is canceled.
 *
 * @param onProgress Is told how many bytes have been read so far.
 */
export async function transcode(
  task: TaskScope,
  source: string,
  target: string,
  onProgress: (bytes: number) => void,
): Promise<Transcoded> {
  const part = `${target}.part`;
  task.defer(() => Deno.remove(part).catch(() => {})); // is renamed by then, if all went well
  const sha256 = createHash("sha256");
  let bytes = 0;
  const meter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      bytes += chunk.length;
      sha256.update(chunk);
      onProgress(bytes);
      controller.enqueue(chunk);
    },
  });
  const [input, output] = await Promise.all([Deno.open(source), Deno.create(part)]);
  await input.readable.pipeThrough(meter).pipeThrough(new CompressionStream("gzip"))
    .pipeTo(output.writable, { signal: task.signal });
  await Deno.rename(part, target);
  return { trace: task.get(TraceId), target, bytes, sha256: sha256.digest("hex") };
}

/** The length and the SHA-256 of a stream. */
export async function fingerprint(stream: ReadableStream<Uint8Array>): Promise<{ bytes: number; sha256: string }> {
  const hash: Hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest("hex") };
}
