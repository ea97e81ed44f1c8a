/**
 * What `Operations` can be told, and what it takes where it is told nothing.
 *
 * @module
 */
import { bareError } from "../../bare_error.ts";
import { logText } from "../../inert_text.ts";
import { assertCount, assertFunction, assertNumber, assertOptions, wrong } from "../../validate.ts";
import type { Operation } from "./operation.ts";
import type { OperationStore } from "./store.ts";

/** Bounds of what clients and tasks may use up. See {@linkcode OperationsOptions}. */
export interface OperationLimits {
  /**
   * Unfinished operations of one owner. Exact among the starts of one process.
   *
   * @default 100
   */
  readonly perOwner?: number;
  /**
   * Unfinished operations in all. Exact among the starts of one process.
   *
   * @default 1000
   */
  readonly total?: number;
  /**
   * The longest body of a start, in bytes.
   *
   * @default 1 MiB
   */
  readonly body?: number;
  /**
   * The longest result, in bytes of JSON. A longer one fails the operation, and so does one that is nested deeper than
   * 500 arrays and objects. Deno KV takes 64 KiB with all around it.
   *
   * @default 32 KiB
   */
  readonly result?: number;
  /**
   * The time between two writes of progress, in milliseconds; of what is told in between, the last counts.
   *
   * @default 500
   */
  readonly progressInterval?: number;
  /**
   * How long an operation can be read after its end, in milliseconds. For as long again it is 410, and then unknown.
   *
   * @default 24 hours
   */
  readonly ttl?: number;
  /**
   * The longest that `?wait` waits, in milliseconds.
   *
   * @default 60 seconds
   */
  readonly wait?: number;
}

/** Options of {@linkcode Operations}. */
export interface OperationsOptions {
  /** Where operations are kept. */
  readonly store: OperationStore;
  /**
   * The path under which operations are found, written as in a URL: `/t%C3%A2ches`.
   *
   * @default "/operations"
   */
  readonly path?: string;
  /**
   * Whose request it is: for example the authenticated user. An owner sees, cancels and repeats its own operations only.
   * Without an owner (`undefined` or an empty string) the answer is 401; a `Response` that is thrown is the answer.
   *
   * @default all requests have the same owner
   */
  readonly owner?: (request: Request) => string | undefined | Promise<string | undefined>;
  /** See {@linkcode OperationLimits}. */
  readonly limits?: OperationLimits;
  /**
   * For how long the process of an operation may be silent before the operation is `lost`, in milliseconds. It is heard of
   * three times as often. Clocks of processes that share a store must not differ by more than a third of it.
   *
   * @default 15 seconds
   */
  readonly lease?: number;
  /**
   * How often the store is read for what other processes did, while somebody waits for it, in milliseconds.
   *
   * @default 1 second
   */
  readonly poll?: number;
  /**
   * The time between two comments in a silent stream of events, in milliseconds.
   *
   * @default 15 seconds
   */
  readonly keepAlive?: number;
  /**
   * Whether clients see the stack and the cause of an error.
   *
   * @default false
   */
  readonly showErrors?: boolean;
  /**
   * Is told once of each operation that failed, was abandoned, passed its deadline or was cut off by its host. Also of
   * each error of the store, then without an operation.
   *
   * @default console.error
   */
  readonly onError?: (error: unknown, operation: Operation | undefined) => void;
}

/** All of it, with the defaults filled in. */
export type Settings =
  & Required<OperationLimits>
  & Required<Omit<OperationsOptions, "limits" | "owner">>
  & { readonly owner: OperationsOptions["owner"] | undefined };

const OPTIONS = ["store", "path", "owner", "limits", "lease", "poll", "keepAlive", "showErrors", "onError"];
const LIMITS = ["perOwner", "total", "body", "result", "progressInterval", "ttl", "wait"];
const METHODS = ["get", "create", "compareAndSet", "delete", "count", "list"] as const;
const LONGEST = 315_360_000_000; // ten years

/**
 * @throws {TypeError} If an option is missing, unknown or of the wrong type.
 * @throws {RangeError} If a number is out of range.
 */
export function settingsOf(options: OperationsOptions): Settings {
  const what = "Cannot make operations";
  assertOptions(options, OPTIONS, what);
  const { store, path = "/operations", owner, limits = {}, showErrors = false } = options;
  for (const method of METHODS) {
    if (typeof Object(store)[method] !== "function") throw wrong(what, `a store with ${method}() is needed`, store);
  }
  if (typeof path !== "string" || !/^(\/[^/?#\s]+)+$/.test(path) || new URL(path, "http://x").pathname !== path) {
    throw wrong(what, 'path must be as in a URL, start with "/" and not end with it', path);
  }
  if (owner !== undefined) assertFunction(owner, `${what}: owner`);
  if (options.onError !== undefined) assertFunction(options.onError, `${what}: onError`);
  if (typeof showErrors !== "boolean") throw wrong(what, "showErrors must be true or false", showErrors);
  assertOptions(limits, LIMITS, `${what}: limits`);
  const { perOwner = 100, total = 1_000, body = 1_048_576, result = 32_768 } = limits;
  const { progressInterval = 500, ttl = 86_400_000, wait = 60_000 } = limits;
  const { lease = 15_000, poll = 1_000, keepAlive = 15_000, onError = logError } = options;
  for (const [name, count] of Object.entries({ perOwner, total })) assertCount(count, name, what);
  for (const [name, value] of Object.entries({ body, result })) assertNumber(value, name, what, 0, Infinity);
  for (const [name, ms] of Object.entries({ progressInterval, wait })) assertNumber(ms, name, what, 0, LONGEST);
  for (const [name, ms] of Object.entries({ ttl, lease, poll, keepAlive })) assertNumber(ms, name, what, 1, LONGEST);
  const limited = { perOwner, total, body, result, progressInterval, ttl, wait };
  return { ...limited, store, path, owner, lease, poll, keepAlive, showErrors, onError };
}

function logError(error: unknown, operation: Operation | undefined): void {
  if (!operation) return console.error("TaskScope: the store of operations failed:", bareError(error));
  const { name, id, state } = operation;
  console.error(`TaskScope: operation "${logText(name)}" (${id}) ended as ${state}:`, error);
}
