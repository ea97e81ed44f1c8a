/**
 * The lifetime of one request: what keeps its detached tasks alive, and itself until all of it has ended.
 *
 * @module
 */
import type { Lifetime } from "../lifetime.ts";
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
  readonly #report: (error: unknown) => void;
  #isTold = false; // the clock starts once

  /**
   * Has the host wait for the request: also for what runs after a disconnect, or when a streamed body has been sent.
   *
   * @param given The lifetime in the options.
   * @param platformArguments Where else to look for one.
   * @param report Hears of a lifetime that throws when it is told something.
   */
  constructor(
    given: Lifetime | undefined,
    platformArguments: readonly unknown[],
    report: (error: unknown) => void,
  ) {
    this.#report = report;
    this.lifetime = given ?? detected(platformArguments);
    try {
      this.closing = this.lifetime.closing;
      const held = this.lifetime.waitUntil(this.#over.promise);
      Promise.resolve(held).catch(() => {}); // as for a detached task
    } catch {
      // Without a lifetime the request goes on as it would anywhere; a detached task is told why it cannot start.
    }
  }

  /** The client has left; of this and `responseEnded()`, the first call counts. */
  disconnected(): void {
    this.#tell("disconnected");
  }

  /** The response has been sent, or cut off; tasks may still run. */
  responseEnded(): void {
    this.#tell("responseEnded");
  }

  /** All of the request has ended. */
  ended(): void {
    this.#over.resolve();
    this.responseEnded();
  }

  #tell(event: "disconnected" | "responseEnded"): void {
    if (this.#isTold) return;
    this.#isTold = true;
    try {
      (this.lifetime as Listener)[event]?.();
    } catch (error) {
      this.#report(error);
    }
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
