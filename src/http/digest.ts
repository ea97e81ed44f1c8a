/**
 * Hexadecimal digits: of digests, and of random numbers.
 *
 * @module
 */

type Bytes = Uint8Array<ArrayBuffer>;

/** Two digits a byte, in lower case. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** SHA-256, in hexadecimal digits. */
export async function digest(bytes: Bytes): Promise<string> {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** SHA-256 of a text in UTF-8, which has one code for all lone surrogates. */
export async function digestText(text: string): Promise<string> {
  return await digest(new TextEncoder().encode(text));
}

/** A number nobody can guess. Not `crypto.randomUUID`: browsers have that on secure pages only. */
export function randomHex(bytes: number): string {
  return hex(crypto.getRandomValues(new Uint8Array(bytes)));
}
