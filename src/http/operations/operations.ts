/**
 * Work that is accepted now and done later, and its clients, who learn how it went.
 *
 * @module
 */
import type { TaskScope } from "../../task_scope.ts";
import { assertFunction, assertOptions, show, wrong } from "../../validate.ts";
import { digestText } from "../digest.ts";
import { type Env, report } from "./env.ts";
import { GuardedStore, StoreFailure } from "./guarded_store.ts";
import { Hub } from "./hub.ts";
import { insides } from "./inside.ts";
import { type OperationsOptions, type Settings, settingsOf } from "./options.ts";
import { problem } from "./problem.ts";
import { Reader } from "./reader.ts";
import { answer, routeOf } from "./routes.ts";
import type { OperationFunction } from "./prepare.ts";
import { isSchema } from "./standard_schema.ts";
import { Starter, type StartOptions } from "./start.ts";

/** What goes on in this process; for dashboards and tests. See {@linkcode Operations}. */
export interface OperationsCounters {
  /** Operations whose function runs here. */
  readonly running: number;
  /** Who waits for a change: running operations, event streams, long polls. */
  readonly listeners: number;
}

const START_OPTIONS = [
  ...["name", "request", "input", "value"],
  ...["deadline", "context", "inheritDeadline", "onExceed", "margin"],
];
const EVERYBODY = "0".repeat(64); // where owners are not told apart; no SHA-256 anybody knows of
const LONGEST_NAME = 100;
const DOWN = { headers: { "retry-after": "5" } };

/**
 * Operations: `202 Accepted` with progress, cancel, idempotency keys and a store that survives a restart.
 *
 * The routes and what they answer are described at {@linkcode Operation}'s module.
 *
 * **Guarantees.** The answer is made before the function is called. A state never goes backwards: every write is a
 * compare-and-set, a lost race is made again on top of what won. An operation ends in the store however its function does:
 * while the store fails, its end is tried again, until an hour after its deadline or, once the process shuts down, for a
 * minute. If its process dies, whoever reads it after its lease finds it `lost`. A client that leaves frees all it held.
 *
 * **Stores that are not atomic** (`store.atomic` is `false`): inside one process all is as above. Among processes, one key
 * can start twice if it comes to two processes at the same moment; only the process of an operation writes its record, a
 * wish to cancel goes under a key of its own, and `lost` may be written over a process that was silent for a whole lease
 * and wakes up at that very moment.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoped } from "@taskscope/taskscope/http";
 * import { memoryStore, Operations } from "@taskscope/taskscope/operations";
 * import { z } from "zod";
 *
 * const operations = new Operations({ store: memoryStore() });
 * const handler = scoped(async (request, scope) => {
 *   const routed = await operations.handle(request);
 *   if (routed) return routed;
 *   const input = z.object({ file: z.string() });
 *   return await operations.start(
 *     scope,
 *     { name: "transcode", request, input, deadline: { minutes: 10 } },
 *     async (_task, { file }, progress) => {
 *       progress(0.4, "second pass");
 *       return await Promise.resolve({ url: `/videos/${file}` });
 *     },
 *   );
 * });
 *
 * const headers = { "content-type": "application/json" };
 * const body = JSON.stringify({ file: "a.mp4" });
 * const accepted = await handler(new Request("http://localhost/videos", { method: "POST", headers, body }));
 * assertEquals(accepted.status, 202);
 *
 * let url = `http://localhost${accepted.headers.get("location")}?wait=5s`;
 * let operation = await (await handler(new Request(url))).json();
 * while (operation.state !== "succeeded") operation = await (await handler(new Request(url))).json();
 * assertEquals(operation.result, { url: "/videos/a.mp4" });
 * ```
 */
export class Operations {
  readonly #settings: Settings;
  readonly #env: Env;
  readonly #reader: Reader;
  readonly #starter: Starter;

  /**
   * One for the process; others may share its store.
   *
   * @param options See {@linkcode OperationsOptions}.
   * @throws {TypeError} If an option is missing, unknown or of the wrong type.
   * @throws {RangeError} If a number is out of range.
   */
  constructor(options: OperationsOptions) {
    const settings = settingsOf(options);
    const store = new GuardedStore(settings.store);
    this.#settings = { ...settings, store };
    this.#env = { settings: this.#settings, hub: new Hub(store), running: new Map() };
    this.#reader = new Reader(this.#env);
    this.#starter = new Starter(this.#env, this.#reader);
    insides.set(this, {
      env: this.#env,
      launch: (scope, options, launcher) =>
        this.#asOwner(options.request, (owner) => this.#starter.launch(scope, options, owner, launcher)),
    });
  }

  /** What goes on in this process. */
  get counters(): OperationsCounters {
    const { running, hub } = this.#env;
    return { running: running.size, listeners: hub.listeners };
  }

  /**
   * Answers a request for an operation: `GET`, `GET …/events` and `DELETE`.
   *
   * @param request Any request.
   * @returns The answer, or `undefined` if the request is for something else.
   * @throws What `owner` throws, unless it is a `Response`.
   */
  async handle(request: Request): Promise<Response | undefined> {
    const route = routeOf(new URL(request.url).pathname, this.#settings.path);
    if (!route) return undefined;
    return await this.#asOwner(request, (owner) => answer(this.#env, this.#reader, request, route, owner));
  }

  /**
   * Starts an operation, and answers `202` before its function is called; or answers why it does not start.
   *
   * **Guarantees.** The function runs as a detached task of this scope: with its context values and lifetime, with a fresh
   * deadline, and neither the end of the request nor a client that leaves cancels it. Only bad input, keys and limits are
   * answered as a problem; a mistake in the options, or a deadline that the lifetime refuses, rejects.
   *
   * @param scope The scope of the request.
   * @param options See {@linkcode StartOptions}.
   * @param fn Receives its own scope, the validated input, and what tells the progress.
   * @returns The answer.
   * @throws {TypeError} If something is missing, unknown or of the wrong type.
   * @throws What `spawnDetached` throws, such as `LifetimeLimitError`.
   * @throws What `owner` throws, unless it is a `Response`.
   */
  async start<Output = undefined, Result = unknown>(
    scope: TaskScope,
    options: StartOptions<Output>,
    fn: OperationFunction<Output, Result>,
  ): Promise<Response> {
    const what = "Cannot start an operation";
    assertOptions(options, START_OPTIONS, what);
    assertFunction(fn, what);
    const { name, request, input } = options;
    if (typeof name !== "string" || name === "" || name.length > LONGEST_NAME) {
      throw wrong(what, `a name of 1 to ${LONGEST_NAME} characters is needed`, name);
    }
    if (typeof Object(request).headers?.get !== "function") throw wrong(what, "a request is needed", request);
    if (input !== undefined && !isSchema(input)) {
      throw wrong(what, 'input must be a Standard Schema, with "~standard"', input);
    }
    return await this.#asOwner(request, (owner) => this.#starter.start(scope, options, fn, owner));
  }

  /** Calls `fn` with the digest of the owner; a store that fails is an answer, too. */
  async #asOwner(request: Request, fn: (owner: string) => Promise<Response>): Promise<Response> {
    try {
      const { owner } = this.#settings;
      if (!owner) return await fn(EVERYBODY);
      const name = await ownerOf(owner, request);
      if (name instanceof Response) return name;
      if (name === undefined || name === "") return problem(401, "It is not known whose request this is");
      if (typeof name !== "string") throw new TypeError(`Cannot tell the owner: a string is needed, got ${show(name)}`);
      return await fn(await digestText(JSON.stringify(name))); // UTF-8 has one code for all lone surrogates
    } catch (error) {
      if (!(error instanceof StoreFailure)) throw error;
      report(this.#env, error);
      return problem(503, "The store of operations cannot be reached now", DOWN);
    }
  }
}

async function ownerOf(
  owner: NonNullable<Settings["owner"]>,
  request: Request,
): Promise<string | undefined | Response> {
  try {
    return await owner(request);
  } catch (thrown) {
    if (thrown instanceof Response) return thrown;
    throw thrown;
  }
}
