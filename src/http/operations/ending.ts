/**
 * What a record tells of how a task ended.
 *
 * @module
 */
import { CancelReason, DeadlineExceededError } from "../../errors.ts";
import type { Outcome } from "../../observer.ts";
import type { OperationError } from "./operation.ts";
import type { Settings } from "./options.ts";
import type { Ending } from "./record.ts";

/** An ending, and the error that the user is to hear of. */
export interface Reported {
  readonly ending: Ending;
  readonly error?: unknown;
}

const LONGEST_MESSAGE = 2_000; // characters
const LONGEST_STACK = 4_000;
const DEEPEST_CAUSE = 4;
const DEEPEST_RESULT = 500;
const CUT_OFF = ["lifetime", "shutdown"];

/**
 * @param path Of the task: an error of another one's deadline is an error like any other.
 */
export function endingOf(outcome: Outcome<unknown>, path: string, settings: Settings): Reported {
  const { showErrors } = settings;
  if (outcome.state === "succeeded") return succeeded(outcome.value, settings);
  if (outcome.state === "canceled") {
    const { reason } = outcome;
    const kind = reason instanceof CancelReason ? reason.kind : outcome.kind;
    if (outcome.kind === "deadline") return outOfTime(reason, showErrors);
    const error = { ...describe(reason, showErrors), kind };
    return { ending: { state: "canceled", error }, ...CUT_OFF.includes(outcome.kind) ? { error: reason } : {} };
  }
  const { state, error } = outcome;
  if (state === "failed" && error instanceof DeadlineExceededError && error.origin === path) {
    return outOfTime(error, showErrors);
  }
  return { ending: { state, error: describe(error, showErrors) }, error };
}

function succeeded(value: unknown, settings: Settings): Reported {
  try {
    const text = JSON.stringify(value);
    if (text === undefined && value !== undefined) throw new TypeError("It is not JSON");
    const length = text === undefined ? 0 : new TextEncoder().encode(text).length;
    if (length > settings.result) {
      throw new RangeError(`It has ${length} bytes of JSON, more than limits.result, ${settings.result}`);
    }
    const result = text === undefined ? undefined : JSON.parse(text);
    assertFlat(result);
    return { ending: { state: "succeeded", result } };
  } catch (cause) {
    const { message, name } = describe(cause, false);
    const error = new TypeError(`Cannot keep the result of the operation: ${name}: ${message}`, { cause });
    return { ending: { state: "failed", error: describe(error, settings.showErrors) }, error };
  }
}

/** What is nested too deep can be written as JSON in one place and not in another. */
function assertFlat(value: unknown): void {
  let level = [value].filter(isObject);
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > DEEPEST_RESULT) throw new RangeError(`It is nested deeper than ${DEEPEST_RESULT}`);
    level = level.flatMap((each): unknown[] => Object.values(each)).filter(isObject);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function outOfTime(error: unknown, showErrors: boolean): Reported {
  return { ending: { state: "deadline-exceeded", error: describe(error, showErrors) }, error };
}

/** An error as JSON; anything may have been thrown. */
export function describe(error: unknown, showErrors: boolean, depth = DEEPEST_CAUSE): OperationError {
  try {
    if (typeof error !== "object" || error === null) return { name: "Error", message: cut(String(error)) };
    const { name = "Error", message = "", stack, cause } = error as Partial<Error>;
    return {
      name: cut(String(name)),
      message: cut(String(message)),
      ...showErrors && stack !== undefined ? { stack: cut(String(stack), LONGEST_STACK) } : {},
      ...showErrors && cause !== undefined && depth > 0 ? { cause: describe(cause, true, depth - 1) } : {},
    };
  } catch {
    return { name: "Error", message: "It was thrown, and cannot be looked at" };
  }
}

function cut(text: string, length = LONGEST_MESSAGE): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
