/**
 * A `Response`, sent by Node's `http.ServerResponse`.
 *
 * @module
 */

/** What is needed of Node's `http.ServerResponse`. See {@linkcode toNodeListener}. */
export interface NodeResponse {
  /** The status. */
  statusCode: number;
  /** Its text. */
  statusMessage: string;
  /** Whether the headers are on their way. */
  readonly headersSent: boolean;
  /** Whether its end has been given. */
  readonly writableEnded: boolean;
  /** Whether all of it has been handed to the system. */
  readonly writableFinished: boolean;
  /** Whether nothing more can be written. */
  readonly destroyed: boolean;
  /** Sets a header. */
  setHeader(name: string, value: string | readonly string[]): unknown;
  /** The names of the headers that are set. */
  getHeaderNames(): string[];
  /** Takes a header away. */
  removeHeader(name: string): unknown;
  /** Sends the headers before the body. */
  flushHeaders(): void;
  /** Sends a part of the body; whether the next one may follow at once. */
  write(chunk: Uint8Array): boolean;
  /** Sends the end. */
  end(text?: string): unknown;
  /** Cuts it off. */
  destroy(): unknown;
  /** Listens for an event. */
  on(event: "close" | "error" | "finish", listener: () => void): unknown;
  /** Listens for an event once. */
  once(event: "close" | "drain", listener: () => void): unknown;
  /** Ends the listening. */
  off(event: "close" | "drain", listener: () => void): unknown;
}

/**
 * Sends a response, at the client's pace.
 *
 * @param isHead Whether the body is left out.
 * @param client Aborts when the client is gone: the body is canceled then.
 */
export async function send(
  response: Response,
  res: NodeResponse,
  isHead: boolean,
  client: AbortSignal,
): Promise<void> {
  const { status, statusText, headers, body } = response;
  if (client.aborted || !body || isHead) {
    body?.cancel(client.reason).catch(() => {}); // whoever made it hears of its own failure
    if (client.aborted) return;
  }
  for (const [name, value] of headers) if (name !== "set-cookie") res.setHeader(name, value);
  const cookies = headers.getSetCookie();
  if (cookies.length > 0) res.setHeader("set-cookie", cookies);
  res.statusCode = status;
  if (statusText) res.statusMessage = statusText; // nothing above may have failed: it would stay with another status
  if (!body || isHead) return void res.end();
  const reader = body.getReader();
  res.once("close", () => reader.cancel(client.reason).catch(() => {})); // no effect after the end
  let isFirst = true;
  nextTick(() => isFirst && !res.headersSent && res.flushHeaders()); // with the first part, if that is there already
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      isFirst = false;
      if (res.destroyed) return;
      if (!res.write(part.value)) await drained(res);
    }
    isFirst = false;
    if (!res.destroyed) res.end();
  } catch {
    res.destroy(); // the client must not take it for complete; who made the body knows why
  }
}

/** Answers with nothing but a status. */
export function refuse(res: NodeResponse, status: 400 | 500): void {
  if (res.headersSent) return void res.destroy();
  for (const name of res.getHeaderNames()) res.removeHeader(name); // they speak of a response that is not sent
  res.statusCode = status;
  res.setHeader("connection", "close");
  res.end(status === 400 ? "Bad Request" : "Internal Server Error");
}

/** Until more can be written, or never can. */
function drained(res: NodeResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      res.off("drain", done);
      res.off("close", done);
      resolve();
    };
    res.once("drain", done);
    res.once("close", done);
  });
}

interface Host {
  readonly process?: { nextTick?(call: () => void): void };
}

/** When all promises that can be have been settled. */
function nextTick(call: () => void): void {
  const { process } = globalThis as Host;
  if (process?.nextTick) process.nextTick(call);
  else queueMicrotask(call);
}
