/**
 * Node's `http.IncomingMessage` as a `Request`.
 *
 * @module
 */
type Bytes = Uint8Array<ArrayBuffer>;

/** What is needed of Node's `http.IncomingMessage`. See {@linkcode toNodeListener}. */
export interface NodeRequest {
  /** Such as "GET". */
  readonly method?: string | undefined;
  /** Path and query, as they came. */
  readonly url?: string | undefined;
  /** Names and values of the headers, in turn. */
  readonly rawHeaders: readonly string[];
  /** The connection; one with TLS has `encrypted`. */
  readonly socket: object;
  /** Whether all of it has been received. */
  readonly complete: boolean;
  /** Whether no more can be read. */
  readonly destroyed: boolean;
  /** Listens for parts of the body. */
  on(event: "data", listener: (chunk: Uint8Array) => void): unknown;
  /** Listens for an event. */
  on(event: "end" | "error" | "close", listener: () => void): unknown;
  /** Stops the events of type "data". */
  pause(): unknown;
  /** Has them go on. */
  resume(): unknown;
}

/** Whether a request comes with a body. */
export function hasBody({ method, rawHeaders }: NodeRequest): boolean {
  if (method === "GET" || method === "HEAD") return false; // Request refuses one
  return rawHeaders.some((name, index) => index % 2 === 0 && /^(content-length|transfer-encoding)$/i.test(name));
}

/**
 * @param signal Aborts when the client is gone.
 * @throws {TypeError} If it has a method, a host or a header that `Request` does not take.
 */
export function toRequest(req: NodeRequest, body: ReadableStream<Bytes> | null, signal: AbortSignal): Request {
  const { method = "GET", url = "/", rawHeaders, socket } = req;
  const headers = new Headers();
  let host = "localhost";
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const [name = "", value = ""] = rawHeaders.slice(index, index + 2);
    if (/^(:authority|host)$/i.test(name)) host = value;
    if (!name.startsWith(":")) headers.append(name, value); // pseudo headers are HTTP/2's
  }
  // Else a part of it would be the path, the query or a user, or without any the path would be the host.
  if (!/^[^/\\?#@]+$/.test(host)) throw new TypeError("The host is not valid");
  const scheme = (socket as { encrypted?: boolean }).encrypted ? "https" : "http";
  // Not by new URL(url, base): "//host/path" would replace the host.
  const href = url.startsWith("/") ? `${scheme}://${host}${url}` : new URL(url, `${scheme}://${host}`).href;
  const request = new Request(href, { method, headers, body, ...HALF });
  // Given to the constructor, the signal is followed by one that loses the abort when the request is collected.
  Object.defineProperty(request, "signal", { value: signal, configurable: true, enumerable: true });
  return request;
}

const HALF = { duplex: "half" as const }; // Node refuses a streamed body without it

interface Finishing {
  on(event: "finish", listener: () => void): unknown;
}

/**
 * The body, read at the pace of whoever reads it.
 *
 * @param res When it is finished, Node drops a body that nobody has begun to read.
 */
export function requestBody(req: NodeRequest, res: Finishing): ReadableStream<Bytes> {
  let isStarted = false;
  let isOver = false;
  let isDropped = false;
  res.on("finish", () => isDropped = !isStarted);
  return new ReadableStream<Bytes>({
    pull(controller) {
      if (isStarted) return void req.resume();
      isStarted = true;
      const fail = (why: string) => {
        if (!isOver) controller.error(new TypeError(`Cannot read the body of the request: ${why}`));
        isOver = true;
      };
      if (isDropped) return fail("the response has ended. Read it, or detach the request, before");
      const lost = () => fail("the client disconnected before it was complete");
      if (req.destroyed) return lost();
      req.on("data", (chunk: Uint8Array) => {
        if (isOver) return;
        controller.enqueue(new Uint8Array(chunk)); // Node's own is a slice of a pool
        req.pause();
      });
      req.on("end", () => {
        if (!isOver) controller.close();
        isOver = true;
      });
      req.on("error", lost);
      req.on("close", lost);
    },
    cancel() {
      isOver = true;
      req.resume(); // what still comes is dropped: the connection can be used again
    },
  }, { highWaterMark: 0 });
}
