/**
 * Patience with a file of Deno KV that several processes write to.
 *
 * @module
 */
import { Bell } from "./bell.ts";

const PATIENCE = 5_000; // for another process that writes to the same file, in milliseconds
const LONGEST_PAUSE = 50;

/** Tries again while another process writes: a file takes one writer, and tells the others so at once. */
export async function patiently<T>(commit: () => Promise<T>): Promise<T> {
  for (const giveUpAt = Date.now() + PATIENCE;;) {
    try {
      return await commit();
    } catch (error) {
      if (!/database is locked/.test(String(error)) || Date.now() > giveUpAt) throw error;
      await new Bell().wait(Math.random() * LONGEST_PAUSE);
    }
  }
}
