/**
 * Trying again: when, how often, and when no more.
 *
 * @module
 */
import { OperationProblem, ServerUnreachableError } from "./errors.ts";
import { pause } from "./line.ts";
import type { Settings } from "./options.ts";

const LONGEST_PAUSE = 30_000;

/** How long a call may be tried. */
export interface Bounds {
  /** How often. */
  readonly attempts: number;
  /** For how long after the first failure, in milliseconds. */
  readonly patience: number;
}

/** Whether the same request may be answered better later. */
function isTransient(error: unknown): boolean {
  if (!(error instanceof OperationProblem)) return error instanceof ServerUnreachableError;
  return error.status === 408 || error.status === 429 || error.status >= 502;
}

/** The failures in a row of one call. */
export class Retries {
  readonly #settings: Settings;
  readonly #bounds: Bounds;
  readonly #signal: AbortSignal | undefined;
  #failures = 0;
  #since = 0; // of the first failure in a row

  constructor(settings: Settings, bounds: Bounds, signal: AbortSignal | undefined) {
    this.#settings = settings;
    this.#bounds = bounds;
    this.#signal = signal;
  }

  /** The server was heard. */
  reset(): void {
    this.#failures = 0;
  }

  /**
   * Waits until it is time for the next attempt.
   *
   * @throws `error`, if there is none.
   * @throws The reason of the signal, if it aborts meanwhile.
   */
  async wait(error: unknown): Promise<void> {
    this.#signal?.throwIfAborted();
    const { backoff, onRetry } = this.#settings;
    const { attempts, patience } = this.#bounds;
    const now = Date.now();
    if (this.#failures++ === 0) this.#since = now;
    const longest = Math.min(backoff * 2 ** (this.#failures - 1), LONGEST_PAUSE);
    const asked = error instanceof OperationProblem ? error.retryAfter ?? 0 : 0;
    // Clients that lost one server together must not come back together.
    const delay = Math.ceil(Math.max(longest * (0.5 + Math.random() / 2), asked));
    if (!isTransient(error) || this.#failures >= attempts || now + delay - this.#since > patience) throw error;
    onRetry?.(error, delay);
    await pause(delay, this.#signal);
  }
}
