/**
 * A scope per request.
 *
 * @module
 */
import { follow } from "../signals.ts";
import { TaskScope } from "../task_scope.ts";
import { assertFunction } from "../validate.ts";
import { Client } from "./client.ts";
import { enterScope } from "./current_scope.ts";
import { assertResponse, type Ends, failureResponse, isResponse, statusOf } from "./failure_response.ts";
import { RequestLifetime } from "./request_lifetime.ts";
import { assertScopedOptions, contextOf, deadlineOf, nameOf, report, type ScopedOptions } from "./scoped_options.ts";
import { send } from "./send.ts";

/**
 * Handles a request in a scope of its own. What the platform passes after the request follows the scope. See
 * {@linkcode scoped}.
 */
export type ScopedHandler<Args extends unknown[]> = (
  request: Request,
  scope: TaskScope,
  ...platformArguments: Args
) => Response | PromiseLike<Response>;

/**
 * Opens a scope for each request of a handler, and gives it to the handler. What it returns is taken by `Deno.serve`,
 * `Bun.serve`, `export default { fetch }`, srvx and, by `toNodeListener` of `./node`, `http.createServer`.
 *
 * **Guarantees.** A disconnect, never a delivered answer, cancels the scope for a reason of kind `disconnected`; detached
 * tasks go on. A complete body leaves when the attached tasks have ended, so that their failure is the answer; a
 * streamed one leaves at once, and the scope stays open until it is sent, canceled or failed. The host is asked to wait
 * until the scope has ended, and where it tells of its end (`closing`) that cancels the scope, too.
 *
 * The deadline answers 504, a disconnect 499, the end of the host 503, any other error 500 without its message. A
 * `Response` that is thrown is the answer. A request whose address is no URL, because of its `Host` header, is answered
 * 400, and the handler is not called.
 *
 * A WebSocket upgrade that has no `Response` goes before it: on Bun,
 * `fetch: (request, server) => server.upgrade(request) ? undefined : handler(request)`.
 *
 * Where the platform does not tell of disconnects before the answer (workerd without `enable_request_signal`, Fastly,
 * Vercel's edge runtime), the scope goes on, and `scope.tree().note` says so.
 *
 * @param handler Receives the request, the scope, and what else the platform passes.
 * @param options See {@linkcode ScopedOptions}.
 * @returns A handler for the platform; its promise never rejects.
 * @throws {TypeError} If `handler` is not a function, or an option is unknown or of the wrong type.
 * @throws {RangeError} If the deadline is not finite, or `grace` is negative.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoped } from "@taskscope/taskscope/http";
 *
 * const handler = scoped(async (_request, scope) => {
 *   await scope.sleep(60_000);
 *   return new Response("too late");
 * }, { deadline: 5 });
 *
 * assertEquals((await handler(new Request("http://localhost/"))).status, 504);
 * ```
 */
export function scoped<Args extends unknown[]>(
  handler: ScopedHandler<Args>,
  options: ScopedOptions = {},
): (request: Request, ...platformArguments: Args) => Promise<Response> {
  return scopedIn(handler, options, () => undefined);
}

/**
 * As {@linkcode scoped}, in a framework that answers to errors itself.
 *
 * @param answered The framework's answer to a request that failed, if it has one.
 */
export function scopedIn<Args extends unknown[]>(
  handler: ScopedHandler<Args>,
  options: ScopedOptions,
  answered: (error: unknown, ...platformArguments: Args) => Response | undefined,
): (request: Request, ...platformArguments: Args) => Promise<Response> {
  const what = "Cannot make a scoped handler";
  assertFunction(handler, what);
  assertScopedOptions(options, what);
  return (given, ...args) =>
    new Promise((answer) => {
      const request = withAddress(given);
      if (!request) return answer(failureResponse(400)); // a stranger's mistake is no failure here
      const answeredHere = (error: unknown) => answered(error, ...args);
      handle((scope) => handler(request, scope, ...args), options, request, args, answer, answeredHere)
        .catch((error) => {
          report(error, options); // a mistake in the options of this one request, or a throwing hook of the lifetime
          answer(failureResponse(500));
        });
    });
}

/**
 * A request whose address is a URL. Deno and Bun take any Host header for a part of it, and where it is none, so is the
 * address. Without the header, as HTTP/1.0 allows it, Bun gives only the path; Deno and Node add `localhost`.
 */
function withAddress(request: Request): Request | undefined {
  const { url, headers } = request;
  if (URL.canParse(url)) return request;
  const local = `http://localhost${url}`;
  const isPath = url.startsWith("/") && !headers.get("host") && URL.canParse(local);
  return isPath ? new Request(local, request) : undefined;
}

async function handle(
  call: (scope: TaskScope) => Response | PromiseLike<Response>,
  options: ScopedOptions,
  request: Request,
  args: readonly unknown[],
  answer: (response: Response) => void,
  answered: (error: unknown) => Response | undefined,
): Promise<void> {
  const { grace, observer } = options;
  const name = nameOf(request, options);
  const deadline = deadlineOf(request, options);
  const context = contextOf(request, options);
  const client = new Client(request, name);
  const host = new RequestLifetime(options.lifetime, [...args, request], (error) => report(error, options));
  const unfollow = follow(client.signal, () => host.disconnected());
  const isHead = request.method === "HEAD";
  const respond = (response: Response) => {
    client.answered();
    answer(response); // only the first counts
  };
  let within = <T>(fn: () => T): T => fn();
  const run = TaskScope.run(async (scope) => {
    if (options.currentScope) within = (fn) => enterScope(scope, fn);
    const response = await within(() => call(scope));
    assertResponse(response, name);
    return await send(response, scope, { isHead, client, host, respond });
  }, {
    name,
    note: client.note,
    signal: host.closing ? [client.signal, host.closing] : client.signal,
    deadline,
    lifetime: host.lifetime,
    context,
    ...grace === undefined ? {} : { grace },
    observer,
  });
  try {
    respond(await run);
  } catch (error) {
    const ends = { origin: name, client: client.signal, closing: host.closing };
    respond(within(() => answerTo(error, ends, options, answered)));
  } finally {
    unfollow();
    client.released();
    host.ended();
  }
}

function answerTo(
  error: unknown,
  ends: Ends,
  options: ScopedOptions,
  answered: (error: unknown) => Response | undefined,
): Response {
  if (isResponse(error)) return thrownResponse(error, ends.origin, options);
  const status = statusOf(error, ends);
  if (status !== 500) return failureResponse(status);
  const response = answered(error);
  if (response) return response;
  report(error, options);
  return failureResponse(status);
}

/** A thrown response is the answer, if it can be sent. */
function thrownResponse(response: Response, name: string, options: ScopedOptions): Response {
  try {
    assertResponse(response, name);
    return response;
  } catch (error) {
    report(error, options);
    return failureResponse(500);
  }
}
