/** What the tests of pages in a real browser share. */
import type { Page } from "playwright-core";

const SCREENSHOTS = new URL("screenshots/", import.meta.url);

/** Leaves what a person would see in tests/screenshots/, in both color schemes. */
export async function shoot(page: Page, name: string): Promise<void> {
  await Deno.mkdir(SCREENSHOTS, { recursive: true });
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.screenshot({ path: new URL(`${name}_${colorScheme}.png`, SCREENSHOTS).pathname });
  }
}

/** One part of the test; what comes after one that fails would only wait for what never comes. */
export async function check(what: string, fn: () => Promise<void>): Promise<void> {
  await fn().catch((cause) => {
    throw new Error(`${what}: ${cause.message}`, { cause });
  });
}
