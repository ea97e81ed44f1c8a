const LONGEST = 10_000;
const PAUSE = 5;

/**
 * Waits for something in another process.
 *
 * @param what For the error when it does not come.
 */
export async function until(condition: () => Promise<boolean>, what: () => string): Promise<void> {
  const end = Date.now() + LONGEST;
  while (!await condition()) {
    if (Date.now() > end) throw new Error(`waited ${LONGEST} ms in vain for ${what()}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
