/**
 * Node.js: the process is the lifetime, and plain `http` a host for handlers of `Request` and `Response`.
 *
 * Detached work lives as long as the process. On SIGTERM and SIGINT the process drains, cancels what does not fit for a
 * reason of kind `shutdown`, and ends.
 *
 * This file imports nothing of Node's, not even types: it takes what `http.createServer` gives by its shape.
 *
 * @module
 */
import { CancelReason } from "../errors.ts";
import type { ProcessLifetime } from "../process_lifetime.ts";
import { processLifetime, type ProcessLifetimeOptions } from "../shutdown_signals.ts";
import { assertFunction } from "../validate.ts";
import { hasBody, type NodeRequest, requestBody, toRequest } from "./node_request.ts";
import { type NodeResponse, refuse, send } from "./node_response.ts";

export type { NodeRequest, NodeResponse };

/**
 * The lifetime of this process. Call it once, when the program starts.
 *
 * srvx and `@whatwg-node/server` have a `waitUntil` of their own, which this drain does not know: pass this lifetime to
 * `scoped` there.
 *
 * @param options As for `processLifetime`; `signals` are SIGTERM and SIGINT unless you say otherwise.
 * @returns The one lifetime of the process.
 * @throws {TypeError} If an option is unknown or of the wrong type.
 *
 * @example
 * ```ts
 * import { assertStrictEquals } from "@std/assert";
 * import { processLifetime } from "@taskscope/taskscope";
 * import { nodeLifetime } from "@taskscope/taskscope/node";
 *
 * assertStrictEquals(nodeLifetime({ signals: [] }), processLifetime());
 * ```
 */
export function nodeLifetime(options: ProcessLifetimeOptions = {}): ProcessLifetime {
  return processLifetime({ signals: ["SIGTERM", "SIGINT"], ...options });
}

/** What `http.createServer` gave, for a handler that wants more than the request. See {@linkcode toNodeListener}. */
export interface NodeContext {
  /** Node's `http.IncomingMessage`. */
  readonly req: NodeRequest;
  /** Node's `http.ServerResponse`. */
  readonly res: NodeResponse;
}

/**
 * Turns a handler of `Request` and `Response` into a listener for `http.createServer`.
 *
 * **Guarantees.** `request.signal` aborts when the connection closes before the response is finished, and only then; a
 * streamed response is canceled at that moment. Bodies stream both ways at the slower side's pace. A response whose body
 * fails is cut off, so that the client does not take it for complete. A handler that rejects is reported with
 * `console.error` and answered with 500; one made by `scoped` never does. The body of a request has to be read, or the
 * request detached, before the response has ended.
 *
 * `X-Forwarded-*` headers are not believed: the URL has the `Host` header and the scheme of the socket.
 *
 * @param handler Such as `scoped(…)` makes. Its second argument has Node's own objects.
 * @returns A listener for `http.createServer` and `https.createServer`.
 * @throws {TypeError} If `handler` is not a function.
 *
 * @example A scope per request
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { createServer } from "node:http";
 * import { scoped } from "@taskscope/taskscope/http";
 * import { toNodeListener } from "@taskscope/taskscope/node";
 *
 * const server = createServer(toNodeListener(scoped((request) => new Response(`hello ${request.method}`))));
 * await new Promise<void>((resolve) => server.listen(0, resolve));
 * const { port } = server.address() as { port: number };
 * assertEquals(await (await fetch(`http://localhost:${port}/`)).text(), "hello GET");
 * await new Promise((resolve) => server.close(resolve));
 * ```
 */
export function toNodeListener(
  handler: (request: Request, node: NodeContext) => Response | Promise<Response>,
): (req: NodeRequest, res: NodeResponse) => void {
  assertFunction(handler, "Cannot make a listener");
  return (req, res) =>
    void answer(handler, req, res).catch((error) => {
      console.error("TaskScope: a request failed:", error);
      refuse(res, 500);
    });
}

async function answer(
  handler: (request: Request, node: NodeContext) => Response | Promise<Response>,
  req: NodeRequest,
  res: NodeResponse,
): Promise<void> {
  const client = new AbortController();
  res.on("error", () => {}); // "close" comes, too, and tells
  res.on("close", () => {
    // Of the request, "close" comes right after its body; of the response, also after success.
    if (res.writableEnded && res.writableFinished) return; // HTTP/2 calls one finished that was reset before its end
    client.abort(new CancelReason("disconnected", `${req.method} ${req.url}`, "The client disconnected"));
  });
  let request: Request;
  try {
    request = toRequest(req, hasBody(req) ? requestBody(req, res) : null, client.signal);
  } catch {
    return refuse(res, 400); // a method, host or header that Request does not take
  }
  const response = await handler(request, { req, res });
  try {
    await send(response, res, req.method === "HEAD", client.signal);
  } catch (error) { // such as a header that Node does not take
    response.body?.cancel(error).catch(() => {}); // whoever makes it must not wait for its end
    throw error;
  }
}
