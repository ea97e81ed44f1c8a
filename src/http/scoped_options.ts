/**
 * The options of `scoped`, checked once, and what they mean for one request.
 *
 * @module
 */
import { type ContextBinding, extendValues } from "../context.ts";
import { type Deadline, parseDeadline } from "../deadline.ts";
import { assertLifetime, type Lifetime } from "../lifetime.ts";
import { assertObserver, type Observer } from "../observer.ts";
import { assertFunction, assertNumber, assertOneOf, assertOptions, assertText, wrong } from "../validate.ts";
import { assertAsyncContext } from "./current_scope.ts";
import { DeadlineHeader, parseRemaining } from "./propagate.ts";
import { parseTraceParent, TraceParent } from "./trace_parent.ts";

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
   * @default what `detectLifetime` of `./platforms` finds, in the platform's arguments first
   */
  readonly lifetime?: Lifetime | undefined;
  /** Values for `scope.get`. */
  readonly context?: readonly ContextBinding[] | undefined;
  /** How long tasks that were canceled may take, in milliseconds. */
  readonly grace?: number | undefined;
  /**
   * Whether `currentScope()` works, also in `onError` and in the hooks of the observer. It switches AsyncLocalStorage
   * on, which makes every await in the process slower on Node 22.
   *
   * @default false
   */
  readonly currentScope?: boolean | undefined;
  /** Is told what happens in the scopes. */
  readonly observer?: Observer | undefined;
  /**
   * Is told once of each request that failed with anything but its deadline, a disconnect or the end of the host. To
   * know which one it was, put an AsyncLocalStorage around the handler.
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

/**
 * @throws {TypeError} If an option is unknown or of the wrong type.
 * @throws {RangeError} If the deadline is not finite, or `grace` is negative.
 */
export function assertScopedOptions(options: ScopedOptions, what: string): void {
  assertOptions(options, OPTIONS, what);
  const { name, deadline, deadlineHeader, lifetime, context = [], grace = 0, currentScope, observer, onError } =
    options;
  if (name !== undefined && typeof name !== "string" && typeof name !== "function") {
    throw wrong(what, "name must be a string or a function", name);
  }
  if (typeof name === "string") assertText(name, "name", what);
  if (onError !== undefined) assertFunction(onError, `${what}: onError`);
  if (deadline !== undefined) parseDeadline(deadline, Date.now(), what);
  if (deadlineHeader !== undefined) assertHeaderName(deadlineHeader, what);
  if (lifetime !== undefined) assertLifetime(lifetime, what);
  extendValues(undefined, context, what); // throws on what is no binding
  assertNumber(grace, "grace", what, 0, Infinity);
  if (currentScope !== undefined) assertOneOf(currentScope, [true, false], "currentScope", what);
  if (observer !== undefined) assertObserver(observer, what);
  if (currentScope) assertAsyncContext(what);
}

function assertHeaderName(name: unknown, what: string): void {
  if (typeof name === "string" && /^[\w!#$%&'*+.^`|~-]+$/.test(name)) return;
  throw wrong(what, 'deadlineHeader must be the name of a header, such as "x-request-deadline-ms"', name);
}

/** The name of a request's scope. */
export function nameOf(request: Request, { name }: ScopedOptions): string {
  if (typeof name === "string") return name;
  return name ? name(request) : `${request.method} ${new URL(request.url).pathname}`;
}

/** When a request that arrives now must be over. */
export function deadlineOf(request: Request, { deadline, deadlineHeader }: ScopedOptions): Date | undefined {
  const now = Date.now();
  const own = deadline === undefined ? Infinity : parseDeadline(deadline, now, "Cannot handle a request");
  const remaining = deadlineHeader === undefined ? Infinity : parseRemaining(request.headers.get(deadlineHeader));
  const at = Math.min(own, now + remaining);
  return at === Infinity ? undefined : new Date(at);
}

/** What the scope of a request can be asked for. */
export function contextOf(request: Request, { deadlineHeader, context = [] }: ScopedOptions): ContextBinding[] {
  const trace = parseTraceParent(request.headers.get("traceparent"));
  return [
    ...trace ? [TraceParent.with(trace)] : [],
    ...deadlineHeader === undefined ? [] : [DeadlineHeader.with(deadlineHeader)],
    ...context,
  ];
}

/** Tells of a failed request; never throws. */
export function report(error: unknown, { onError }: ScopedOptions): void {
  try {
    if (onError) onError(error);
    else console.error("TaskScope: a request failed:", error);
  } catch (thrown) {
    console.error("TaskScope: onError failed:", thrown);
  }
}
