/**
 * Starting operations, and finding them again.
 *
 * @module
 */
import { assertOptions, show, wrong } from "../../validate.ts";
import { randomHex } from "../digest.ts";
import type { Operation } from "../operations/operation.ts";
import type { StandardSchema } from "../operations/standard_schema.ts";
import { askUntilAnswered } from "./caller.ts";
import { type OperationsClientOptions, type Settings, settingsOf } from "./options.ts";
import { RemoteOperation, type SignalOptions } from "./remote_operation.ts";

/** Options of `operation` of an {@linkcode OperationsClient}. */
export interface RemoteOptions<Result> {
  /** What the result must be: a schema of zod, valibot, arktype or any other that follows Standard Schema. */
  readonly result?: StandardSchema<Result>;
}

/** Options of `start` of an {@linkcode OperationsClient}. */
export interface StartRequest<Result> extends RemoteOptions<Result>, SignalOptions {
  /**
   * The method.
   *
   * @default "POST"
   */
  readonly method?: string;
  /** The input, sent as JSON. */
  readonly json?: unknown;
  /** The input as anything that `fetch` sends: a file, a form, text. A stream can be sent only once: it is not tried again. */
  readonly body?: NonNullable<RequestInit["body"]>;
  /** More headers, for this request. */
  readonly headers?: NonNullable<RequestInit["headers"]>;
  /**
   * What makes it safe to send the start again: the same key and input give the same operation. Give one to be safe across
   * a reload, too; `false` sends none, and then the start is not tried again.
   *
   * @default a random one for each call
   */
  readonly idempotencyKey?: string | false;
}

const WHAT = "Cannot start an operation";
const START_OPTIONS = ["method", "json", "body", "headers", "idempotencyKey", "result", "signal"];

/**
 * The operations of one server; made by {@linkcode operationsClient}.
 *
 * @example An operation is found again by its id
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoped } from "@taskscope/taskscope/http";
 * import { memoryStore, Operations } from "@taskscope/taskscope/operations";
 * import { operationsClient } from "@taskscope/taskscope/operations/client";
 *
 * const operations = new Operations({ store: memoryStore() });
 * const handler = scoped(async (request, scope) =>
 *   await operations.handle(request) ??
 *     operations.start(scope, { name: "report", request, deadline: { minutes: 1 } }, () => "done")
 * );
 * const client = operationsClient("http://localhost", { fetch: (url, init) => handler(new Request(url, init)) });
 *
 * const { id } = await client.start("/reports");
 * assertEquals(await client.operation(id).result(), "done");
 * ```
 */
export class OperationsClient {
  readonly #settings: Settings;

  /** Made by {@linkcode operationsClient}. */
  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /**
   * Starts an operation, and returns as soon as the server has accepted it.
   *
   * **Guarantees.** However often the request has to be sent, one operation runs at most. If `signal` aborts before the
   * answer, it may run all the same: nobody knows then.
   *
   * @param path The address that starts it, below the base URL, such as `/videos`.
   * @param request See {@linkcode StartRequest}.
   * @returns The operation.
   * @throws {OperationProblem} If the server says no: 400 with the `errors` of the input, 422, 429 and so on.
   * @throws {ServerUnreachableError} If there was no answer.
   * @throws {TypeError} If an option is unknown or of the wrong type.
   */
  async start<Result = unknown>(path: string, request: StartRequest<Result> = {}): Promise<RemoteOperation<Result>> {
    assertOptions(request, START_OPTIONS, WHAT);
    const { method = "POST", json, body, idempotencyKey = randomHex(16), result, signal } = request;
    if (typeof path !== "string" || /^[a-z][a-z\d+.-]*:|^\/\//i.test(path)) {
      throw wrong(WHAT, "a path below the base URL is needed", path);
    }
    if (json !== undefined && body !== undefined) throw new TypeError(`${WHAT}: give json or body, not both`);
    if (/^(get|head)$/i.test(method)) throw wrong(WHAT, "a method that may change something is needed", method);
    const headers = new Headers(request.headers);
    if (json !== undefined) headers.set("content-type", "application/json");
    if (idempotencyKey !== false) headers.set("idempotency-key", idempotencyKey);
    const answer = await askUntilAnswered(this.#settings, {
      what: WHAT,
      url: `${this.#settings.base}/${path.replace(/^\//, "")}`,
      method,
      headers,
      body: json === undefined ? body ?? null : JSON.stringify(json),
      signal,
      repeatable: idempotencyKey !== false && !(body instanceof ReadableStream),
    });
    return await RemoteOperation.of(this.#settings, answer.operation as Operation, result);
  }

  /**
   * An operation that was started before, here or elsewhere. Nothing is sent.
   *
   * @param id Its id.
   * @param options See {@linkcode RemoteOptions}.
   * @returns The operation.
   * @throws {TypeError} If the id is not a string of at least one character.
   */
  operation<Result = unknown>(id: string, options: RemoteOptions<Result> = {}): RemoteOperation<Result> {
    if (typeof id !== "string" || id === "" || /^\.+$/.test(id)) {
      throw new TypeError(`Cannot find an operation: an id is needed, got ${show(id)}`);
    }
    return new RemoteOperation(this.#settings, id, options.result);
  }
}

/**
 * Makes a client for the operations of a server.
 *
 * @param baseUrl Where the server is, such as `https://api.example.com`; in a browser, `/` is the page's own.
 * @param options See {@linkcode OperationsClientOptions}.
 * @returns The client. It holds nothing open.
 * @throws {TypeError} If the base is no URL, or an option is unknown or of the wrong type.
 * @throws {RangeError} If a number is out of range.
 *
 * @example A typed result, checked by a schema
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoped } from "@taskscope/taskscope/http";
 * import { memoryStore, Operations } from "@taskscope/taskscope/operations";
 * import { operationsClient } from "@taskscope/taskscope/operations/client";
 * import { z } from "zod";
 *
 * const operations = new Operations({ store: memoryStore() });
 * const handler = scoped(async (request, scope) => {
 *   const input = z.object({ file: z.string() });
 *   return await operations.handle(request) ??
 *     operations.start(scope, { name: "transcode", request, input, deadline: { minutes: 10 } }, (_task, { file }) => {
 *       return { url: `/videos/${file}` };
 *     });
 * });
 * const client = operationsClient("http://localhost", { fetch: (url, init) => handler(new Request(url, init)) });
 *
 * const result = z.object({ url: z.string() });
 * const video = await client.start("/videos", { json: { file: "a.mp4" }, result });
 * const { url } = await video.result();
 * assertEquals(url, "/videos/a.mp4");
 * ```
 */
export function operationsClient(baseUrl: string | URL, options: OperationsClientOptions = {}): OperationsClient {
  return new OperationsClient(settingsOf(baseUrl, options));
}
