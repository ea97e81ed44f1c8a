/** An HTTP client on a bare TCP socket, so that it is certain when it leaves, and how. */

/** The head of an answer, and the connection it came on. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** The time from the last byte sent to the first one received, in milliseconds. */
  readonly waited: number;
  /** Closes the connection, whatever the server still has to say. */
  leave(): void;
}

/** Uploads a file with `POST`, and returns as soon as the head of the answer is here. */
export async function postFile(url: string, path: string, headers: Record<string, string>): Promise<RawAnswer> {
  const { hostname, port, pathname } = new URL(url);
  const connection = await Deno.connect({ hostname, port: Number(port) });
  const file = await Deno.open(path);
  const { size } = await file.stat();
  const head = [
    `POST ${pathname} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    `Content-Length: ${size}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  const writer = connection.writable.getWriter();
  await writer.write(new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`));
  writer.releaseLock();
  await file.readable.pipeTo(connection.writable, { preventClose: true });
  const sent = performance.now();
  const [statusLine = "", ...lines] = (await readHead(connection)).split("\r\n");
  const waited = performance.now() - sent;
  return {
    waited,
    status: Number(statusLine.split(" ")[1]),
    headers: new Headers(lines.map((line): [string, string] => {
      const [name = "", ...value] = line.split(": ");
      return [name, value.join(": ")];
    })),
    leave: () => connection.close(),
  };
}

async function readHead(connection: Deno.TcpConn): Promise<string> {
  const decoder = new TextDecoder();
  const buffer = new Uint8Array(4_096);
  let text = "";
  while (!text.includes("\r\n\r\n")) {
    const read = await connection.read(buffer);
    if (read === null) throw new Error(`The server closed the connection after ${JSON.stringify(text)}`);
    text += decoder.decode(buffer.subarray(0, read), { stream: true });
  }
  return text.slice(0, text.indexOf("\r\n\r\n"));
}
