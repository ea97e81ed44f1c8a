/**
 * The `traceparent` header of W3C Trace Context.
 *
 * @module
 */
import { type ContextKey, contextKey } from "../context.ts";

/** What `traceparent` says of the caller. See {@linkcode TraceParent}. */
export interface TraceContext {
  /** 32 hexadecimal digits in lower case, not all zero. */
  readonly traceId: string;
  /** 16 hexadecimal digits in lower case, not all zero. */
  readonly parentId: string;
  /** Bit 0: the caller samples this trace. */
  readonly flags: number;
}

/**
 * The caller's trace in a scope made by `scoped`; nothing without a valid `traceparent` header.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { scoped, TraceParent } from "@taskscope/taskscope/http";
 *
 * const handler = scoped((_request, scope) => new Response(scope.get(TraceParent)?.traceId));
 * const headers = { traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
 * const response = await handler(new Request("http://localhost/", { headers }));
 * assertEquals(await response.text(), "0af7651916cd43dd8448eb211c80319c");
 * ```
 */
export const TraceParent: ContextKey<TraceContext> = /* @__PURE__ */ contextKey<TraceContext>("traceparent");

const PATTERN = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const LONGEST = 512;
const SAMPLED = 1; // the one flag whose meaning no later version changes

/**
 * Parses a `traceparent` header as https://www.w3.org/TR/trace-context/ has it; a later version may have more fields.
 *
 * @param header The value, or `null` if there is none.
 * @returns The trace, or `undefined` for anything that is not valid.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseTraceParent } from "@taskscope/taskscope/http";
 *
 * const trace = parseTraceParent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
 * assertEquals(trace?.parentId, "b7ad6b7169203331");
 * assertEquals(parseTraceParent("00-0-0-01"), undefined);
 * ```
 */
export function parseTraceParent(header: string | null): TraceContext | undefined {
  if (header === null || header.length > LONGEST) return undefined;
  const [, version, traceId = "", parentId = "", flags = "", more] = PATTERN.exec(header) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  const known = version === "00" ? 0xff : SAMPLED;
  return { traceId, parentId, flags: parseInt(flags, 16) & known };
}

/** The header that {@linkcode parseTraceParent} reads as this trace. */
export function formatTraceParent({ traceId, parentId, flags }: TraceContext): string {
  return `00-${traceId}-${parentId}-${flags.toString(16).padStart(2, "0")}`;
}
