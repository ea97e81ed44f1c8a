/**
 * Whether the client left, told apart from an answer that was delivered.
 *
 * On Deno `request.signal` aborts on success, too: before the answer is handed over an abort can only be a disconnect,
 * afterwards only `cancel()` of the body is one. Bun's, and workerd's with `enable_request_signal`, abort on a disconnect
 * only; without that flag workerd tells of none before the answer, as the signal never aborts there.
 *
 * @module
 */
import { CancelReason } from "../../mod.ts";
import { follow } from "../signals.ts";

/** The client of one request. */
export class Client {
  readonly #controller = new AbortController(); // made inside the request: workerd wants it so
  readonly #origin: string;
  #unfollow: (() => void) | undefined;

  /** Watches the client of a request. */
  constructor(request: Request, origin: string) {
    this.#origin = origin;
    const { signal } = request as Partial<Request>; // Fastly has none
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
