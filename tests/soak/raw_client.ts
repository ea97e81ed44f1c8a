/** Requests over a TCP connection of its own, as many as are answered; a client that can leave at any moment. */

const decoder = new TextDecoder();
const encoder = new TextEncoder();

export class RawClient {
  readonly #port: number;
  readonly #buffer = new Uint8Array(16_384);
  #connection: Deno.TcpConn | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Sends a request, and reads the response to its end: status and body. */
  async stay(path: string): Promise<string> {
    await this.#send(path);
    let text = "";
    while (!isComplete(text)) text += await this.#read();
    const [head = "", body = ""] = text.split("\r\n\r\n", 2);
    return `${head.slice(9, 12)} ${/\r\ncontent-length:/i.test(head) ? body : unchunked(text.slice(head.length + 4))}`;
  }

  /** Sends a request, and leaves: at once, or when as many parts have come. */
  async leave(path: string, parts: number): Promise<void> {
    await this.#send(path);
    for (let text = ""; text.split("part ").length <= parts;) text += await this.#read();
    this.close();
  }

  close(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #send(path: string): Promise<void> {
    this.#connection ??= await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
    await this.#connection.write(encoder.encode(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`));
  }

  async #read(): Promise<string> {
    const length = await this.#connection?.read(this.#buffer);
    if (!length) throw new Error("the server closed the connection");
    return decoder.decode(this.#buffer.subarray(0, length));
  }
}

function isComplete(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /\r\ncontent-length: *(\d+)/i.exec(text.slice(0, end))?.[1];
  return length === undefined ? text.endsWith("0\r\n\r\n") : text.length >= end + 4 + Number(length);
}

function unchunked(text: string): string {
  return text.replaceAll(/[\da-f]+\r\n([^\r]*)\r\n/gi, "$1").replace(/\r\n$/, "");
}
