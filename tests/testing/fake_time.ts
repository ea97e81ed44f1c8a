import type { FakeTime } from "@std/testing/time";

/** What is used of the hosts' objects with `waitUntil`. */
export interface Ctx {
  waitUntil(work: Promise<unknown>): void;
}

/** In steps, so that what a timer resolves can set the next one in its turn. */
export async function tick(time: FakeTime, ms: number, step = ms / 20): Promise<void> {
  for (let left = ms; left > 0; left -= step) {
    await time.tickAsync(Math.min(left, step));
    await time.runMicrotasks();
  }
}
/** The test's time, whichever that is. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
