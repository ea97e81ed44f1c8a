/**
 * The claim of one attempt to a step, so that another one waits for it.
 *
 * @module
 */
import { callChild, type TaskScope } from "../task_scope.ts";
import type { Records } from "./engine.ts";

const HEARTBEATS = 3; // a lease

/** One for each step that is begun. */
export class StepClaim {
  readonly #records: Records;
  readonly #lease: number;
  readonly #key: string;
  readonly #own: string = crypto.randomUUID();

  /** @param key Where it is kept. */
  constructor({ records, lease }: { readonly records: Records; readonly lease: number }, key: string) {
    this.#records = records;
    this.#lease = lease;
    this.#key = key;
  }

  /** Takes it, unless another attempt has it. */
  take(): Promise<boolean> {
    return this.#records.set(this.#key, this.#own, this.#lease, true);
  }

  /** Lets others have it, unless one has taken over. */
  async release(): Promise<void> {
    if (await this.#isOthers()) return;
    await this.#records.delete(this.#key);
  }

  /** Renews it for as long as a function runs. */
  async whileHeld<T>(scope: TaskScope, fn: () => Promise<T>): Promise<T> {
    const beat = callChild(
      scope,
      async (beat) => {
        for (;;) {
          await beat.sleep(this.#lease / HEARTBEATS);
          await this.#renew().catch(() => {}); // the store is asked again at the next beat
        }
      },
      "claim",
      "Cannot renew a claim",
    );
    try {
      return await fn();
    } finally {
      beat.cancel();
      await beat.outcome;
    }
  }

  async #renew(): Promise<void> {
    if (!await this.#isOthers()) await this.#records.set(this.#key, this.#own, this.#lease);
  }

  async #isOthers(): Promise<boolean> {
    return (await this.#records.get(this.#key) ?? this.#own) !== this.#own;
  }
}
