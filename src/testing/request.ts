/**
 * The request as a host gives it: its signal, and what is left of it after the response.
 *
 * @module
 */
import type { HostProfile } from "./profile.ts";

const BODY = ["body", "clone", "text", "json", "arrayBuffer", "bytes", "blob", "formData"] as const;
const FIELDS = {
  throws: ["url", "method", "headers", ...BODY],
  empty: ["url", "headers", ...BODY],
  "body-refused": BODY,
  "body-empty": BODY,
  intact: [],
} as const;

/** A request that a host hands to a handler. */
export class SimulatedRequest {
  /** What the handler gets. */
  readonly request: Request;
  readonly #controller = new AbortController();
  readonly #profile: HostProfile;
  #isOver = false;

  constructor(given: Request, profile: HostProfile) {
    this.#profile = profile;
    const { signal } = this.#controller;
    const request = this.request = new Request(given, profile.signal === "absent" ? {} : { signal });
    // The signal itself: the one that a Request derives is lost to garbage collection on some runtimes.
    const own = profile.signal === "absent" ? undefined : signal;
    Object.defineProperty(request, "signal", { value: own, configurable: true });
    for (const field of FIELDS[profile.requestAfter]) this.#letRot(field);
  }

  /** The client left before it had everything. */
  disconnected(): void {
    const { signal } = this.#profile;
    if (signal === "never" || signal === "absent") return;
    this.#controller.abort(new DOMException("The client has disconnected", "AbortError"));
  }

  /**
   * The response is over.
   *
   * @param atOnce Whether the handler answered without waiting for anything but promises.
   */
  completed(atOnce: boolean): void {
    this.#isOver = atOnce || this.#profile.requestAfter !== "empty"; // Bun keeps the request of one that waited
    if (this.#profile.signal !== "completion") return;
    this.#controller.abort(new DOMException("The request was completed", "AbortError"));
  }

  #letRot(field: keyof Request): void {
    const { request } = this;
    const inherited = Reflect.get(Request.prototype, field, request);
    const isMethod = typeof inherited === "function";
    let wasRead = false;
    const read = (): unknown => {
      if (this.#isOver && !wasRead) return this.#rotten(field);
      if (isMethod) return undefined;
      wasRead = true;
      return Reflect.get(Request.prototype, field, request);
    };
    const method = (...args: unknown[]): unknown => {
      if (this.#isOver) return this.#rotten(field);
      return (inherited as (...args: unknown[]) => unknown).apply(request, args);
    };
    const descriptor = isMethod ? { value: method } : { get: read };
    Object.defineProperty(request, field, { ...descriptor, configurable: true });
  }

  #rotten(field: keyof Request): unknown {
    const { requestAfter } = this.#profile;
    if (requestAfter === "throws") throw new TypeError("Request closed");
    if (field === "url") return "";
    if (field === "headers") return new Headers();
    if (requestAfter === "body-empty") return new Response()[field as "text"]();
    const error = new TypeError(`Cannot read the body of a request after its response on ${this.#profile.platform}`);
    if (field === "body" || field === "clone") throw error;
    return Promise.reject(error);
  }
}
