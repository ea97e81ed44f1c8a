/**
 * Makes ids of keys: the same key, the same id, in every process.
 *
 * @module
 */
import { hex } from "../http/digest.ts";

/**
 * A UUID (version 8) of the SHA-256 of a key: whatever characters the key has, an engine takes it.
 *
 * @param key Any text.
 */
export async function idOfKey(key: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(key))).subarray(0, 16);
  const view = new DataView(bytes.buffer);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x80);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  return hex(bytes).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
