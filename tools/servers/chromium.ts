import type { Browser } from "playwright-core";
import { findProgram, isRequired } from "./server.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const FOLDERS = ["/usr/bin", "/opt/homebrew/bin", "/Applications/Chromium.app/Contents/MacOS"];

/** No sandbox, so that it runs as root; and nothing that it would look up on the network by itself. */
const ARGS = ["no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking"]
  .concat(["disable-component-update", "disable-sync"])
  .map((name) => `--${name}`);

function program(): string | undefined {
  return NAMES.map((name) => findProgram(name, FOLDERS)).find((found) => found !== undefined);
}

/** Why there is no Chromium, and what to do; `undefined` if there is one. */
export function chromiumMissing(): string | undefined {
  if (program() || isRequired()) return undefined;
  return "no chromium on the PATH: apt-get install chromium";
}

/**
 * Starts a headless Chromium with a profile of its own, which is removed when it is closed.
 *
 * @throws {Error} If there is none, or it does not start.
 */
export async function startChromium(): Promise<Browser> {
  const executablePath = program();
  if (!executablePath) throw new Error("Cannot start Chromium: none on the PATH: apt-get install chromium");
  const { chromium } = await import("playwright-core"); // not before it is needed: the tools import this file, too
  return await chromium.launch({ executablePath, headless: true, args: ARGS });
}
