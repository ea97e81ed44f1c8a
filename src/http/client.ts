/**
 * Whether the client left, told apart from an answer that was delivered.
 *
 * On Deno `request.signal` aborts on success, too: before the answer is handed over an abort can only be a disconnect,
 * afterwards only `cancel()` of the body is one. On Bun and on Node's adapters, and on workerd with
 * `enable_request_signal`, it aborts on a disconnect only.
 *
 * @module
 */
import { CancelReason } from "../errors.ts";
import { hasCompatibilityFlag, isEdgeRuntime, isWorkerd } from "../platforms/globals.ts";
import { follow } from "../signals.ts";

/** The client of one request. */
export class Client {
  /** Why nobody will hear that the client left before a streamed body is canceled; `undefined` if somebody will. */
  readonly note: string | undefined;
  readonly #controller = new AbortController(); // made inside the request: workerd wants it so
  readonly #origin: string;
  #unfollow: (() => void) | undefined;

  /** Watches the client of a request. */
  constructor(request: Request, origin: string) {
    const { signal } = request as Partial<Request>; // Fastly has none
    this.#origin = origin;
    this.note = noteOf(signal);
    if (signal?.aborted) this.left();
    else if (signal) this.#unfollow = follow(signal, () => this.left());
  }

  /** Aborts on a disconnect, and only then. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** The client went away. */
  left(): void {
    this.#controller.abort(new CancelReason("disconnected", this.#origin, "The client disconnected"));
  }

  /** The answer is about to be handed over: an abort of the signal means nothing any more where it may mean success. */
  answered(): void {
    if ("Deno" in globalThis) this.released();
  }

  /** Nobody cares any more. */
  released(): void {
    this.#unfollow?.();
  }
}

function noteOf(signal: AbortSignal | undefined): string | undefined {
  const why = whyUnobservable(signal);
  return why && `client disconnect is not observable here: ${why}; only a streamed body tells of it`;
}

function whyUnobservable(signal: AbortSignal | undefined): string | undefined {
  if (!signal) return "the host gives the request no signal";
  if (isEdgeRuntime()) return "request.signal never aborts on Vercel's edge runtime";
  if (!isWorkerd() || hasCompatibilityFlag("enable_request_signal")) return undefined;
  return "the Worker has not set the compatibility flag enable_request_signal";
}
