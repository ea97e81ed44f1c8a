/** A service with operations, called without sockets; for tests. */
import { assert } from "@std/assert";
import type { TaskScope } from "@taskscope/taskscope";
import { scoped, type ScopedOptions } from "@taskscope/taskscope/http";
import {
  isEnded,
  memoryStore,
  type Operation,
  Operations,
  type OperationsOptions,
  type ReportProgress,
  type StartOptions,
} from "@taskscope/taskscope/operations";

export type Work = (task: TaskScope, input: unknown, progress: ReportProgress) => unknown;

export interface AppOptions extends Partial<OperationsOptions> {
  readonly work?: Work;
  readonly start?: Partial<StartOptions<unknown>>;
  readonly scoped?: ScopedOptions;
}

/** `POST /x` starts the work; everything else is up to the operations. */
export class App {
  readonly operations: Operations;
  readonly errors: [unknown, Operation | undefined][] = [];
  readonly #handler: (request: Request) => Promise<Response>;

  constructor({ work = () => "done", start = {}, scoped: options = {}, ...rest }: AppOptions = {}) {
    const onError = (error: unknown, operation: Operation | undefined) => void this.errors.push([error, operation]);
    this.operations = new Operations({ store: memoryStore(), onError, ...rest });
    this.#handler = scoped(async (request, scope) => {
      const routed = await this.operations.handle(request);
      if (routed) return routed;
      if (new URL(request.url).pathname !== "/x") return new Response(null, { status: 418 });
      return await this.operations.start(scope, { name: "work", request, deadline: 60_000, ...start }, work);
    }, options);
  }

  /** Makes a request; a body that is no string, Blob or form is sent as JSON. */
  fetch(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.#handler(makeRequest(method, path, body, headers));
  }

  handle(request: Request): Promise<Response> {
    return this.#handler(request);
  }

  /** Starts the work, and gives its operation. */
  async start(body?: unknown, headers: Record<string, string> = {}): Promise<Operation> {
    const response = await this.fetch("POST", "/x", body, headers);
    const operation = await response.json();
    assert(response.status === 202, JSON.stringify(operation));
    return operation;
  }

  async get(id: string, headers: Record<string, string> = {}): Promise<Operation> {
    return await (await this.fetch("GET", `/operations/${id}`, undefined, headers)).json();
  }

  /** Follows an operation by long polls until it is as wanted; by default, until it has ended. */
  async until(id: string, is = ({ state }: Operation) => isEnded(state)): Promise<Operation> {
    for (let etag = "";;) {
      const headers = { "if-none-match": etag };
      const response = await this.fetch("GET", `/operations/${id}?wait=20s`, undefined, headers);
      if (response.status === 304) continue;
      const operation: Operation = await response.json();
      if (is(operation)) return operation;
      assert(response.status === 200 && !isEnded(operation.state), JSON.stringify(operation));
      etag = response.headers.get("etag") ?? "";
    }
  }

  /** Waits until nothing runs and nobody listens any more. */
  async idle(): Promise<void> {
    for (let turn = 0; turn < 1_000; turn++) {
      const { running, listeners } = this.operations.counters;
      if (running + listeners === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    throw new Error(`not idle: ${JSON.stringify(this.operations.counters)}`);
  }
}

export function makeRequest(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Request {
  const isPlain = body === undefined || typeof body === "string" || body instanceof FormData || body instanceof Blob;
  const type: Record<string, string> = isPlain ? {} : { "content-type": "application/json" };
  const init = body === undefined ? {} : { body: isPlain ? body as BodyInit : JSON.stringify(body) };
  return new Request(`http://localhost${path}`, { method, headers: { ...type, ...headers }, ...init });
}
