/**
 * One operation, from afar.
 *
 * @module
 */
import { isEnded, type Operation } from "../operations/operation.ts";
import { fieldsOf, type StandardSchema, textOf } from "../operations/standard_schema.ts";
import { askUntilAnswered, urlOf } from "./caller.ts";
import { changes } from "./changes.ts";
import { OperationFailedError, OperationProblem } from "./errors.ts";
import type { Settings } from "./options.ts";

/** Options of a call. See {@linkcode RemoteOperation}. */
export interface SignalOptions {
  /** Ends the call, which then rejects with the signal's reason. The operation goes on. */
  readonly signal?: AbortSignal;
}

/**
 * An operation of the server; made by {@linkcode OperationsClient}.
 *
 * Holds nothing open: each call has a connection of its own, and frees it at its end. A call whose signal aborts stops
 * asking and leaves the operation alone; what ends it is `cancel`.
 *
 * @example It is followed and canceled
 * ```ts
 * import { assertEquals, assertRejects } from "@std/assert";
 * import { scoped } from "@taskscope/taskscope/http";
 * import { memoryStore, Operations } from "@taskscope/taskscope/operations";
 * import { OperationFailedError, operationsClient } from "@taskscope/taskscope/operations/client";
 *
 * const operations = new Operations({ store: memoryStore() });
 * const handler = scoped(async (request, scope) =>
 *   await operations.handle(request) ??
 *     operations.start(scope, { name: "report", request, deadline: { minutes: 1 } }, (task) => task.sleep(60_000))
 * );
 * const client = operationsClient("http://localhost", { fetch: (url, init) => handler(new Request(url, init)) });
 *
 * const report = await client.start("/reports");
 * await report.cancel();
 * for await (const { state, progress } of report.follow()) console.log(state, progress?.fraction);
 * assertEquals((await report.read()).state, "canceled");
 * await assertRejects(() => report.result(), OperationFailedError);
 * ```
 */
export class RemoteOperation<Result> {
  /** What it is found by, also after a reload or in another process. */
  readonly id: string;
  readonly #settings: Settings;
  readonly #schema: StandardSchema<Result> | undefined;
  #latest: Operation<Result> | undefined;

  /** Made by the client. */
  constructor(settings: Settings, id: string, schema: StandardSchema<Result> | undefined) {
    this.#settings = settings;
    this.id = id;
    this.#schema = schema;
  }

  /** What `start` of an {@linkcode OperationsClient} makes, with what the server said of it first. */
  static async of<Result>(
    settings: Settings,
    first: Operation,
    schema: StandardSchema<Result> | undefined,
  ): Promise<RemoteOperation<Result>> {
    const operation = new RemoteOperation(settings, first.id, schema);
    await operation.#take(first);
    return operation;
  }

  /** The latest that any call has read; `undefined` if none has. */
  get latest(): Operation<Result> | undefined {
    return this.#latest;
  }

  /**
   * Reads it now.
   *
   * @param options See {@linkcode SignalOptions}.
   * @returns The operation.
   * @throws {OperationProblem} If the server says no: 404 unknown or somebody else's, 410 expired.
   * @throws {ServerUnreachableError} If there was no answer.
   * @throws {TypeError} If its result is not what the schema says.
   */
  async read(options: SignalOptions = {}): Promise<Operation<Result>> {
    return await this.#ask(`Cannot read operation ${this.id}`, "GET", options);
  }

  /**
   * Follows it: by Server-Sent Events, or by long-polling where they do not come through.
   *
   * **Guarantees.** The first operation is as it is now, then each change follows (several close together may come as one),
   * and the last has ended. No change comes twice or in the wrong order, however often the connection breaks: it is made
   * again with `Last-Event-ID`, after a pause that grows. Leaving the loop closes the connection.
   *
   * @param options See {@linkcode SignalOptions}. While the loop waits for the next change, only a signal ends it.
   * @returns What to loop over with `for await`.
   * @throws {OperationProblem} If the server says no: 404 unknown or somebody else's, 410 expired.
   * @throws {ServerUnreachableError} If there was no answer for as long as `patience` allows.
   * @throws {TypeError} If its result is not what the schema says.
   */
  async *follow(options: SignalOptions = {}): AsyncGenerator<Operation<Result>, void, undefined> {
    const { signal } = options;
    signal?.throwIfAborted();
    const known = this.#latest;
    if (known && isEnded(known.state)) yield known;
    else for await (const operation of changes(this.#settings, this.id, signal)) yield await this.#take(operation);
  }

  /**
   * Waits for its end.
   *
   * @param options See {@linkcode SignalOptions}.
   * @returns Its result.
   * @throws {OperationFailedError} If it did not succeed; `state` says how it ended.
   * @throws What `follow` throws.
   */
  async result(options: SignalOptions = {}): Promise<Result> {
    let last: Operation<Result> | undefined;
    for await (const operation of this.follow(options)) last = operation;
    if (last?.state === "succeeded") return last.result as Result;
    throw new OperationFailedError(last as Operation);
  }

  /**
   * Asks the server to cancel it. That it was asked does not mean that it has ended: follow it to see that.
   *
   * @param options See {@linkcode SignalOptions}.
   * @returns The operation; one that has ended before is no error, its state tells.
   * @throws {OperationProblem} If the server says no: 404 unknown or somebody else's, 410 expired.
   * @throws {ServerUnreachableError} If there was no answer.
   */
  async cancel(options: SignalOptions = {}): Promise<Operation<Result>> {
    try {
      return await this.#ask(`Cannot cancel operation ${this.id}`, "DELETE", options);
    } catch (error) {
      if (error instanceof OperationProblem && error.status === 409) return await this.read(options);
      throw error;
    }
  }

  async #ask(what: string, method: string, { signal }: SignalOptions): Promise<Operation<Result>> {
    const url = urlOf(this.#settings, this.id);
    const { operation } = await askUntilAnswered(this.#settings, { what, url, method, signal });
    return await this.#take(operation as Operation);
  }

  /** Checks what the server said. */
  async #take(operation: Operation): Promise<Operation<Result>> {
    let taken = operation as Operation<Result>;
    if (operation.state === "succeeded" && this.#schema) {
      const { issues, ...checked } = await this.#schema["~standard"].validate(operation.result);
      if (issues) {
        const what = `Cannot take the result of operation ${this.id}`;
        throw new TypeError(`${what}: it is not what the schema says: ${textOf(fieldsOf(issues))}`, { cause: issues });
      }
      taken = { ...operation, result: (checked as { value: Result }).value };
    }
    if (taken.revision >= (this.#latest?.revision ?? 0)) this.#latest = taken;
    return taken;
  }
}
