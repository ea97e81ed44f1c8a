/**
 * An invocation by a request.
 *
 * @module
 */
import { follow } from "../signals.ts";
import { enter } from "./execution.ts";
import { type CallHost, Invocation } from "./invocation.ts";
import type { SimulatedProfile } from "./profile.ts";
import type { CutBy } from "./report.ts";
import { SimulatedRequest } from "./request.ts";
import { SentBody } from "./sent_body.ts";

const TICKS = 32; // microtasks: a handler that takes more waits for something

/** A handler, already given what follows the request. */
export type BoundHandler = (request: Request) => unknown;

/** One request, its response, and the client that may leave. */
export class FetchInvocation extends Invocation<Response> {
  readonly #request: SimulatedRequest;
  readonly #client: AbortSignal;
  #body: SentBody | undefined;
  #answersAtOnce = true;
  readonly #completed = Promise.withResolvers<void>();

  constructor(request: Request, profile: SimulatedProfile, host: CallHost) {
    super(`${request.method} ${new URL(request.url).pathname}`, profile, host);
    this.#request = new SimulatedRequest(request, profile);
    this.#client = request.signal;
  }

  /** Deno's `info.completed`: fulfills after a delivery, and, two microtasks later, after a disconnect. */
  get completed(): Promise<void> {
    return this.#completed.promise;
  }

  /** Calls the handler, now. */
  start(handler: BoundHandler): void {
    void this.#run(handler);
    void this.#watchTime();
    if (this.#client.aborted) return this.disconnect();
    void this.ended.then(enter(undefined, () => follow(this.#client, () => this.disconnect())));
  }

  override onDisconnect(reason: DOMException): void {
    this.#request.disconnected();
    this.#body?.stop(reason);
    void Promise.resolve().then(() => {}).then(() => this.#completed.resolve());
  }

  override onCut(by: CutBy): void {
    this.#body?.stop(new Error(`The connection was cut by the host (${by})`));
    if (this.status !== undefined) return;
    if (by === "limit") this.#answer(new Response("Gateway Timeout", { status: 504 }));
    if (by === "hang") this.#answer(new Response("Internal Server Error", { status: 500 }));
  }

  async #run(handler: BoundHandler): Promise<void> {
    const response = await this.#respond(handler);
    this.isHandled = true;
    if (this.state !== "running") { // nobody is there to take it
      if (!response.bodyUsed) response.body?.cancel().catch(() => {});
      return void this.look();
    }
    this.status = response.status;
    this.#body = new SentBody(response.body, {
      sent: () => this.#ended(),
      failed: (error) => {
        this.errors.push({ error, of: "the body", where: this.profile.heldErrors === "nowhere" ? "nowhere" : "log" });
        this.#ended();
      },
    }, () => this.disconnect());
    await this.#body.send();
    this.#answer(response.status < 200 ? response : new Response(this.#body.stream, response));
  }

  async #watchTime(): Promise<void> {
    for (let tick = 0; tick < TICKS; tick++) await undefined;
    this.#answersAtOnce = this.isHandled;
  }

  async #respond(handler: BoundHandler): Promise<Response> {
    try {
      this.isDispatching = true;
      const answer = enter(this.execution, () => handler(this.#request.request));
      this.isDispatching = false;
      const response = await answer;
      if (!(response instanceof Response)) throw new TypeError(`A handler must return a Response, got ${response}`);
      if (response.bodyUsed) throw new TypeError("A handler must return a Response whose body is not used");
      return response;
    } catch (error) {
      this.isDispatching = false;
      this.errors.push({ error, of: "the handler", where: "response" });
      return new Response("Internal Server Error", { status: 500 });
    }
  }

  #answer(response: Response): void {
    this.status = response.status;
    this.answer(response);
  }

  /** The host has it all: on some hosts, the signal aborts now, before the client reads. */
  #ended(): void {
    if (this.state !== "running") return;
    this.#completed.resolve();
    enter(this.execution, () => this.#request.completed(this.#answersAtOnce));
    this.markAnswered();
  }
}
