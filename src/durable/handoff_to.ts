/**
 * To which engine a scope hands tasks.
 *
 * @module
 */
import { type ContextBinding, type ContextKey, contextKey } from "../context.ts";
import { assertOptions, wrong } from "../validate.ts";
import type { Engine } from "./engine.ts";
import { assertTransferables, type Transferable, type ValueGetter } from "./transferable.ts";

/** Options of {@linkcode handoffTo}. */
export interface HandoffToOptions {
  /**
   * The context values that go along, made with `transferable`; in addition to those of the task.
   *
   * @default []
   */
  readonly context?: readonly Transferable[] | undefined;
}

/** Where tasks are handed to: an engine, or a binding that {@linkcode handoffTo} made. */
export type HandoffTarget = Engine | ContextBinding;

/** An engine, and what goes along. */
export interface Target {
  readonly engine: Engine;
  readonly context: readonly Transferable[];
}

const HandoffEngine: ContextKey<Target> = /* @__PURE__ */ contextKey<Target>("handoff");

/**
 * Says to which engine a scope and everything below it hands tasks.
 *
 * @param engine An engine of `./durable/pg-boss` and so on, or of your own.
 * @param options See {@linkcode HandoffToOptions}.
 * @returns A binding for the `context` option of a scope.
 * @throws {TypeError} If `engine` is none, or an option is unknown or of the wrong type.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { defineTask, handoffTo, inProcessEngine, worker } from "@taskscope/taskscope/durable";
 * import { z } from "zod";
 *
 * const double = defineTask("double", z.number(), (_scope, input) => 2 * input);
 * const engine = inProcessEngine();
 * await using _worker = worker([double], engine, { signals: [] });
 *
 * const ending = await TaskScope.run(async (scope) => {
 *   const handle = scope.handoff(double, 21, { deadline: { minutes: 10 } });
 *   return await handle.outcome(scope);
 * }, { context: [handoffTo(engine)] });
 * assertEquals([ending.state, ending.result], ["succeeded", 42]);
 * ```
 */
export function handoffTo(engine: Engine, options: HandoffToOptions = {}): ContextBinding {
  const what = "Cannot hand off";
  assertEngine(engine, what);
  assertOptions(options, ["context"], what);
  const { context = [] } = options;
  assertTransferables(context, what);
  return HandoffEngine.with({ engine, context });
}

/**
 * @throws {TypeError} If it is no engine.
 */
export function assertEngine(engine: unknown, what: string): asserts engine is Engine {
  const { name, enqueue } = Object(engine) as Partial<Engine>;
  if (typeof name !== "string" || typeof enqueue !== "function") throw wrong(what, "an engine is needed", engine);
}

/**
 * The engine that a task with these values goes to.
 *
 * @throws {TypeError} If there is none.
 */
export function targetOf(get: ValueGetter, given: HandoffTarget | undefined, what: string): Target {
  if (given === undefined) {
    const target = get(HandoffEngine);
    if (target) return target;
    throw new TypeError(`${what}: no engine is known, give it one or the scope context: [handoffTo(engine)]`);
  }
  if ("key" in given && given.key === HandoffEngine as ContextKey<unknown>) return given.value as Target;
  assertEngine(given, what);
  return { engine: given, context: [] };
}
