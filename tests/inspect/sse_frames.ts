/** A message of a stream of Server-Sent Events. */
export interface Frame {
  readonly event: string;
  readonly id: string;
  readonly data: unknown;
}

/** Reads messages, comments left out; a line of no known kind is an error. */
export async function* frames(response: Response): AsyncGenerator<Frame, undefined> {
  let text = "";
  const reader = (response.body as ReadableStream<Uint8Array<ArrayBuffer>>)
    .pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      text += value;
      const blocks = text.split(/(?:\r\n|\r|\n){2}/);
      text = blocks.pop() ?? "";
      for (const block of blocks) {
        const fields: Record<string, string> = {};
        for (const line of block.split(/\r\n|\r|\n/)) {
          const [, name = "", field = ""] = line.match(/^(event|id|data|retry|): ?(.*)$/) ?? [];
          if (!/^(event|id|data|retry|): ?/.test(line)) throw new Error(`Not a line of an event: ${line}`);
          fields[name] = field;
        }
        if (fields["data"] === undefined) continue;
        yield { event: fields["event"] ?? "message", id: fields["id"] ?? "", data: JSON.parse(fields["data"]) };
      }
    }
  } finally {
    await reader.cancel();
  }
}
