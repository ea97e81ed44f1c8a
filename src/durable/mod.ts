/**
 * Durable hand-off: work that does not fit the host goes to an existing engine, with the same deadline, context values
 * and cancellation.
 *
 * @module
 */
export type { ConsumeOptions, Consumption, DeadLetter, Delivery, Engine, Message, Records, Verdict } from "./engine.ts";
export { type InProcessEngine, inProcessEngine, type InProcessOptions } from "./in_process.ts";
