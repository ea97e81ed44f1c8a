/**
 * An invocation by an event that is no request: of Lambda, a cron, a queue.
 *
 * @module
 */
import { enter } from "./execution.ts";
import { Invocation } from "./invocation.ts";

/** One event, and what the handler returned. */
export class EventInvocation<T> extends Invocation<T> {
  /** Calls the handler, now. */
  start(handler: () => T | PromiseLike<T>): void {
    void this.#run(handler);
  }

  async #run(handler: () => T | PromiseLike<T>): Promise<void> {
    try {
      this.isDispatching = true;
      const result = enter(this.execution, handler);
      this.isDispatching = false;
      this.answer(await result);
    } catch (error) {
      this.isDispatching = false;
      this.errors.push({ error, of: "the handler", where: "event" });
      this.refuse(error);
    }
    this.isHandled = true;
    this.markAnswered();
  }
}
