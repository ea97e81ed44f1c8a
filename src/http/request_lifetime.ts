/**
 * The lifetime of one request: what keeps its detached tasks alive, and itself until all of it has ended.
 *
 * @module
 */
import type { Lifetime } from "../../mod.ts";
import { detectLifetime } from "../platforms/detect.ts";

/** A lifetime that wants to know when its clock starts. */
interface Listener extends Lifetime {
  responseEnded?(): void;
  disconnected?(): void;
}

/** A lifetime, as it is used for one request. */
export class RequestLifetime {
  /** What the scope is given. */
  readonly lifetime: Lifetime;
  /** Aborts shortly before the host ends. */
  readonly closing: AbortSignal | undefined;
  readonly #over = Promise.withResolvers<void>();

  /**
   * Has the host wait for the request: also for what runs after a disconnect, or when a streamed body has been sent.
   *
   * @param given The lifetime in the options.
   * @param platformArguments Where else to look for one.
   */
  constructor(given: Lifetime | undefined, platformArguments: readonly unknown[]) {
    this.lifetime = given ?? detected(platformArguments);
    try {
      this.closing = this.lifetime.closing;
      const held = this.lifetime.waitUntil(this.#over.promise);
      Promise.resolve(held).catch(() => {}); // as for a detached task
    } catch {
      // Without a lifetime the request goes on as it would anywhere; a detached task is told why it cannot start.
    }
  }

  /** All of the request has ended. */
  ended(isDisconnected: boolean): void {
    const listener: Listener = this.lifetime;
    this.#over.resolve();
    if (isDisconnected) listener.disconnected?.();
    else listener.responseEnded?.();
  }
}

/** A request without detached tasks needs no lifetime: where there is none, the first detached task is refused. */
function detected(platformArguments: readonly unknown[]): Lifetime {
  try {
    return detectLifetime(...platformArguments);
  } catch (error) {
    return {
      waitUntil() {
        throw error;
      },
      get closing(): AbortSignal { // spawnDetached reads it first: the error is the one that says what to pass
        throw error;
      },
    };
  }
}
