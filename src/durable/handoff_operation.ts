/**
 * Operations that are handed off: accepted here, done by a worker, and followed anywhere.
 *
 * @module
 */
import { parseDeadline } from "../deadline.ts";
import { describe } from "../http/operations/ending.ts";
import { insides } from "../http/operations/inside.ts";
import type { Operations } from "../http/operations/operations.ts";
import { problem } from "../http/operations/problem.ts";
import type { TaskScope } from "../task_scope.ts";
import { assertOptions, wrong } from "../validate.ts";
import { type AnyDurableTask, DurableTask } from "./durable_task.ts";
import { handOff, type HandoffOptions } from "./handoff.ts";
import { targetOf } from "./handoff_to.ts";
import { BodyError, TooLongError } from "./refusals.ts";
import { toJson } from "./serializable.ts";
import { valuesIn } from "./transferable.ts";

const LONGEST_DETAIL = 300; // characters
const LONGEST_START = 100;

/** Options of {@linkcode handoffOperation}. */
export interface HandoffOperationOptions extends Omit<HandoffOptions, "key"> {
  /** The request that asks for it: its body is the input, its `Idempotency-Key` counts. */
  readonly request: Request;
  /** The input, not validated yet, where the body of the request has been read already. */
  readonly value?: unknown;
}

/**
 * Starts an operation that a worker runs, and answers `202` once the engine has it; or answers why it does not start.
 *
 * The worker needs the option `operations`, with the same store: it writes state, progress (`run.progress`) and the end
 * there, and looks for the wish to cancel (`DELETE`). Until a worker takes it, the operation is `queued`; a `DELETE` then is
 * carried out when a worker comes to it.
 *
 * @param operations What answers for its clients here.
 * @param scope The scope of the request.
 * @param task What `defineTask` made; its schema checks the input, its name is that of the operation.
 * @param options See {@linkcode HandoffOperationOptions}.
 * @returns The answer, as `operations.start` gives it.
 * @throws {TypeError} If something is missing, unknown or of the wrong type.
 * @throws What the engine rejects with: then there is no operation.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { defineTask, handoffOperation, inProcessEngine, worker } from "@taskscope/taskscope/durable";
 * import { memoryStore, Operations } from "@taskscope/taskscope/operations";
 * import { z } from "zod";
 *
 * const operations = new Operations({ store: memoryStore() });
 * const engine = inProcessEngine();
 * const report = defineTask("report", z.undefined(), () => ({ pages: 3 }));
 * await using _worker = worker([report], engine, { operations, signals: [] });
 *
 * const request = new Request("http://localhost/reports", { method: "POST" });
 * const accepted = await TaskScope.run((scope) =>
 *   handoffOperation(operations, scope, report, { request, engine, deadline: { minutes: 10 } })
 * );
 * const url = `http://localhost${accepted.headers.get("location")}`;
 * const events = await (await operations.handle(new Request(`${url}/events`)))?.text();
 * assertEquals([accepted.status, events?.includes('"result":{"pages":3}')], [202, true]);
 * ```
 */
export async function handoffOperation(
  operations: Operations,
  scope: TaskScope,
  task: AnyDurableTask,
  options: HandoffOperationOptions,
): Promise<Response> {
  const what = "Cannot hand off an operation";
  const inside = insides.get(Object(operations));
  if (!inside) throw wrong(what, "operations are needed", operations);
  if (!(task instanceof DurableTask)) throw wrong(what, "a task of defineTask() is needed", task);
  assertOptions(options, ["deadline", "inheritDeadline", "engine", "request", "value"], what);
  const { request, engine, inheritDeadline } = options;
  if (typeof Object(request).headers?.get !== "function") throw wrong(what, "a request is needed", request);
  const target = targetOf(valuesIn(scope), engine, what);
  const asked = parseDeadline(options.deadline, Date.now(), what);
  const deadline = new Date(inheritDeadline ? Math.min(asked, scope.deadline?.getTime() ?? asked) : asked);
  const given = "value" in options ? { value: options.value } : {};
  const start = { name: task.name, request, input: task.schema, ...given };
  const isGiven = "value" in options;
  const launched = inside.launch(scope, start, (_checked, raw) => {
    const text = raw === undefined ? undefined : isGiven ? toJson(raw, "input", what) : jsonOfBody(raw);
    return {
      deadline,
      isElsewhere: true,
      cancel() {},
      async begin({ record: { id } }) {
        await handOff(scope, task, text, target, { deadline, key: id, operation: id }, what).accepted;
      },
    };
  });
  return await launched.catch((error) => {
    if (isGiven || !(error instanceof BodyError || error instanceof TooLongError)) throw error;
    return problem(error instanceof BodyError ? 400 : 413, brief(error.message));
  });
}

/** Says where it is first, which may be deep down, and why last. */
function brief(text: string): string {
  if (text.length <= LONGEST_DETAIL) return text;
  return `${text.slice(0, LONGEST_START)}…${text.slice(LONGEST_START + 1 - LONGEST_DETAIL)}`;
}

/** What a client sent is no mistake of the program. */
function jsonOfBody(raw: unknown): string {
  try {
    return toJson(raw, "input", "The input cannot be handed off");
  } catch (error) {
    throw new BodyError(describe(error, false).message);
  }
}
