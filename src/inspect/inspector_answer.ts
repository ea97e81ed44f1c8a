/**
 * Responses of the inspector. All are for its own page alone: never stored, framed, sniffed or embedded.
 *
 * @module
 */
import { randomHex } from "../http/digest.ts";

const ALWAYS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
};

/** What is no page may do nothing at all; the styles are those of an SVG. */
const NO_PAGE = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox";

/** A response. */
export function answer(
  body: BodyInit | null,
  type: string,
  status = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(body, {
    status,
    headers: {
      ...ALWAYS,
      "content-security-policy": NO_PAGE,
      ...body !== null && { "content-type": type },
      ...headers,
    },
  });
}

/** A sentence, for people. */
export function say(status: number, text: string, headers?: Readonly<Record<string, string>>): Response {
  return answer(`${text}\n`, "text/plain; charset=utf-8", status, headers);
}

/** Data, for the page. */
export function json(data: unknown, status = 200): Response {
  return answer(JSON.stringify(data), "application/json", status);
}

/** A number nobody can guess, in hex digits. */
export function randomToken(): string {
  return randomHex(24);
}

/** Compares without telling by its time how much is right. */
export function isSame(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length && i < b.length; i++) difference |= a.charCodeAt(i) ^ b.charCodeAt(i);
  return difference === 0;
}
