/**
 * A copy of a request that survives it.
 *
 * @module
 */
import { assertSignal } from "../signals.ts";
import { assertNumber, assertOneOf, assertOptions, wrong } from "../validate.ts";
import { type Bytes, readAheadOf, readBytes } from "./read_bytes.ts";

type Body = ReadableStream<Bytes>;

/** Options of {@linkcode detachRequest}. */
export interface DetachRequestOptions {
  /**
   * What becomes of the body. `buffer` reads it to its end and consumes the original; `tee` leaves the original readable
   * and must be read before the response ends, and what nobody has read of the original, the platform keeps; `none` drops it, and reading the copy's body rejects.
   *
   * @default "buffer"
   */
  readonly body?: "buffer" | "tee" | "none" | undefined;
  /**
   * The longest body to take, in bytes.
   *
   * @default 1 MiB
   */
  readonly maxBytes?: number | undefined;
}

const MAX_BYTES = 1_048_576;

/**
 * Copies a request for work that goes on after the response. The platform's own request throws then (Deno), lies (Bun)
 * or refuses its body (workerd). Go: `Request.Clone(context.WithoutCancel(ctx))`.
 *
 * **Guarantees.** Url, method and headers are taken synchronously. With `buffer`, the body has been read when the promise
 * fulfills: await it before you answer. The copy's signal, and the reading of its body, follow `owner` and never the
 * original request. No more than `maxBytes` and one part of the body are kept, also with `tee`, and however small its parts are.
 *
 * @param request A request that has not been answered.
 * @param owner Whose signal the copy has: the scope of a detached task, or a signal.
 * @param options See {@linkcode DetachRequestOptions}.
 * @returns The copy.
 * @throws {TypeError} If the body has been read already, or an argument or an option is wrong.
 * @throws {RangeError} If the body is longer than `maxBytes`; with `tee`, reading the copy's body rejects.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { detachRequest } from "@taskscope/taskscope/http";
 *
 * const request = new Request("http://localhost/", { method: "POST", body: "hello" });
 * const copy = await detachRequest(request, new AbortController().signal);
 * assertEquals([copy.method, await copy.text()], ["POST", "hello"]);
 * ```
 */
export async function detachRequest(
  request: Request,
  owner: AbortSignal | { readonly signal: AbortSignal },
  options: DetachRequestOptions = {},
): Promise<Request> {
  const what = "Cannot detach a request";
  assertOptions(options, ["body", "maxBytes"], what);
  const { body = "buffer", maxBytes = MAX_BYTES } = options;
  assertOneOf(body, ["buffer", "tee", "none"], "body", what);
  assertNumber(maxBytes, "maxBytes", what, 0, Infinity);
  const signal = signalOf(owner, what);
  const { url, method } = Object(request) as Request;
  if (typeof url !== "string" || typeof method !== "string") throw wrong(what, "a Request is needed", request);
  const init = { method, headers: new Headers(request.headers), signal };
  if (request.bodyUsed || request.body?.locked) {
    const message = `its body has been read already: ${method} ${url}; detach it first, or with body: "tee"`;
    throw new TypeError(`${what}: ${message}`);
  }
  if (request.body === null) return new Request(url, init);
  if (body === "none") return new Request(url, { ...init, body: droppedBody(), ...HALF });
  const source = (body === "tee" ? request.clone() : request).body as Body;
  const tooLong = () => new RangeError(`${what}: its body is longer than maxBytes, ${maxBytes}`);
  if (body === "tee") {
    return new Request(url, { ...init, body: readAheadOf(source, maxBytes, tooLong, signal), ...HALF });
  }
  const bytes = await readBytes(source, maxBytes, signal);
  if (!bytes) throw tooLong();
  return new Request(url, { ...init, body: bytes });
}

function signalOf(owner: unknown, what: string): AbortSignal {
  const { signal = owner } = Object(owner) as { readonly signal?: unknown };
  if (Object(signal) !== signal) throw wrong(what, "its owner must be a scope or an AbortSignal", owner);
  assertSignal(signal, what);
  return signal;
}

const HALF = { duplex: "half" as const }; // Node refuses a streamed body without it

function droppedBody(): Body {
  return new ReadableStream({
    pull(controller) {
      controller.error(new TypeError('Cannot read the body: the request was detached with body: "none"'));
    },
  }, { highWaterMark: 0 });
}
