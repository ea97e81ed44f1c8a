/**
 * A scope per request.
 *
 * @module
 */
import {
  AbandonedTasksError,
  type ContextBinding,
  type Deadline,
  DeadlineExceededError,
  type Lifetime,
  type Observer,
  TaskScope,
} from "../../mod.ts";
import { parseDeadline } from "../deadline.ts";
import { detectLifetime } from "../platforms/detect.ts";
import { assertFunction, assertOptions } from "../validate.ts";
import { readAhead } from "./body.ts";
import { Client } from "./client.ts";
import { assertAsyncContext, enterScope } from "./current_scope.ts";
import { DeadlineHeader, parseRemaining } from "./propagate.ts";
import { parseTraceParent, TraceParent } from "./trace_parent.ts";

/** Handles a request in a scope of its own. What the platform passes after the request follows the scope. */
export type ScopedHandler<Args extends unknown[]> = (
  request: Request,
  scope: TaskScope,
  ...platformArguments: Args
) => Response | Promise<Response>;

/** Options of {@linkcode scoped}. */
export interface ScopedOptions {
  /**
   * The name of each request's scope.
   *
   * @default method and path, such as "GET /users"
   */
  readonly name?: string | ((request: Request) => string) | undefined;
  /** When a request must be over, its streamed body included. A number or a duration counts from its arrival. */
  readonly deadline?: Deadline | undefined;
  /** A request header with the time the caller has left, in milliseconds; the earlier deadline counts. */
  readonly deadlineHeader?: string | undefined;
  /**
   * What keeps detached tasks alive.
   *
   * @default what the platform's arguments offer, else that of the core
   */
  readonly lifetime?: Lifetime | undefined;
  /** Values for `scope.get`. */
  readonly context?: readonly ContextBinding[] | undefined;
  /** How long tasks that were canceled may take, in milliseconds. */
  readonly grace?: number | undefined;
  /**
   * Whether `currentScope()` works. It switches AsyncLocalStorage on, which makes every await in the process slower on
   * Node 22.
   *
   * @default false
   */
  readonly currentScope?: boolean | undefined;
  /** Is told what happens in the scopes. */
  readonly observer?: Observer | undefined;
  /**
   * Is told once of each request that failed with anything but its deadline or a disconnect.
   *
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

const OPTIONS = [
  "name",
  "deadline",
  "deadlineHeader",
  "lifetime",
  "context",
  "grace",
  "currentScope",
  "observer",
  "onError",
];

interface ResponseListener {
  responseEnded?(): void;
  disconnected?(): void;
}

/**
 * Turns a handler with a scope into what `Deno.serve`, `Bun.serve` and `export default { fetch }` take.
 *
 * **Guarantees.** A disconnect, never a delivered answer, cancels the scope for a reason of kind `disconnected`; detached
 * tasks go on. A complete body leaves when the attached tasks have ended, so that their failure is the answer; a
 * streamed one leaves at once, and the scope stays open until it is sent, canceled or failed. The deadline answers 504,
 * a disconnect 499, any other error 500 without its message. A `Response` that is thrown is the answer.
 *
 * Where the platform does not tell of disconnects before the answer (workerd without `enable_request_signal`, Fastly),
 * the scope goes on.
 *
 * @param handler Receives the request, the scope, and what else the platform passes.
 * @param options See {@linkcode ScopedOptions}.
 * @returns A handler for the platform; its promise never rejects.
 * @throws {TypeError} If `handler` is not a function, or an option is unknown.
 * @throws {RangeError} If the deadline is not finite.
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
  const what = "Cannot make a scoped handler";
  assertFunction(handler, what);
  assertOptions(options, OPTIONS, what);
  if (options.onError !== undefined) assertFunction(options.onError, `${what}: onError`);
  if (options.deadline !== undefined) parseDeadline(options.deadline, Date.now(), what);
  if (options.deadlineHeader !== undefined) new Headers([[options.deadlineHeader, "0"]]); // throws on a bad name
  if (options.currentScope) assertAsyncContext(what);
  return (request, ...args) =>
    new Promise((answer) =>
      handle(handler, options, request, args, answer).catch((error) => {
        report(error, options); // a mistake in the options of this one request, or a throwing hook of the lifetime
        answer(new Response("Internal Server Error", { status: 500 }));
      })
    );
}

async function handle<Args extends unknown[]>(
  handler: ScopedHandler<Args>,
  options: ScopedOptions,
  request: Request,
  args: Args,
  answer: (response: Response) => void,
): Promise<void> {
  const { grace, observer } = options;
  const isHead = request.method === "HEAD";
  const name = nameOf(request, options);
  const client = new Client(request, name);
  const lifetime = options.lifetime ?? lifetimeOf(request, args);
  const host = lifetime as ResponseListener;
  let isAnswered = false;
  const respond = (response: Response) => {
    if (isAnswered) return;
    isAnswered = true;
    client.answered();
    answer(response);
  };
  const run = TaskScope.run(async (scope) => {
    const call = () => handler(request, scope, ...args);
    const response = await (options.currentScope ? enterScope(scope, call) : call());
    if (!response.body || response.status === 101) return response;
    const body = await readAhead(response.body, () => client.left());
    if (body instanceof Uint8Array) return new Response(isHead ? null : body, response);
    if (isHead) {
      body.stop(undefined);
      return new Response(null, response);
    }
    respond(new Response(body.stream, response));
    try {
      await scope.abortable(body.sent);
    } catch (error) {
      body.stop(error);
      throw error;
    }
    return response;
  }, {
    name,
    signal: client.signal,
    deadline: deadlineOf(request, options),
    lifetime,
    context: [...contextOf(request, options), ...options.context ?? []],
    ...grace === undefined ? {} : { grace },
    observer,
  });
  try {
    respond(await run);
  } catch (error) {
    const status = error instanceof Response ? undefined : statusOf(error, name, client);
    if (status === 500) report(error, options);
    respond(error instanceof Response ? error : new Response(TEXT[status ?? 500], { status: status ?? 500 }));
  } finally {
    client.released();
    if (client.signal.aborted) host.disconnected?.();
    else host.responseEnded?.();
  }
}

/** A request without detached tasks needs no lifetime: where there is none, the first detached task is refused. */
function lifetimeOf(request: Request, args: readonly unknown[]): Lifetime {
  try {
    return detectLifetime(...args, request);
  } catch (error) {
    return {
      waitUntil() {
        throw error;
      },
    };
  }
}

const TEXT: Readonly<Record<number, string>> = {
  499: "Client Closed Request",
  500: "Internal Server Error",
  504: "Gateway Timeout",
};

function statusOf(error: unknown, name: string, { signal }: Client): number {
  const root = error instanceof AbandonedTasksError ? error.cause : error;
  if (signal.aborted && root === signal.reason) return 499;
  // One below this scope, or of another request, is an error like any other.
  return root instanceof DeadlineExceededError && root.origin === name ? 504 : 500;
}

function report(error: unknown, { onError }: ScopedOptions): void {
  try {
    if (onError) onError(error);
    else console.error("TaskScope: a request failed:", error);
  } catch (thrown) {
    console.error("TaskScope: onError failed:", thrown);
  }
}

function nameOf(request: Request, { name }: ScopedOptions): string {
  if (typeof name === "string") return name;
  return name ? name(request) : `${request.method} ${new URL(request.url).pathname}`;
}

function deadlineOf(request: Request, { deadline, deadlineHeader }: ScopedOptions): Date | undefined {
  const now = Date.now();
  const own = deadline === undefined ? Infinity : parseDeadline(deadline, now, "Cannot handle a request");
  const remaining = deadlineHeader === undefined ? undefined : parseRemaining(request.headers.get(deadlineHeader));
  const at = Math.min(own, now + (remaining ?? Infinity));
  return at === Infinity ? undefined : new Date(at);
}

function contextOf(request: Request, { deadlineHeader }: ScopedOptions): ContextBinding[] {
  const trace = parseTraceParent(request.headers.get("traceparent"));
  return [
    ...trace ? [TraceParent.with(trace)] : [],
    ...deadlineHeader === undefined ? [] : [DeadlineHeader.with(deadlineHeader)],
  ];
}
