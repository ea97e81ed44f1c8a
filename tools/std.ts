/**
 * Runs a deno command with `@std` available: from JSR where it is reachable, from npm where it is not.
 *
 * ```sh
 * deno run -A tools/std.ts test -A tests/deadline_test.ts
 * ```
 */
import { pathToFileURL } from "node:url";
import { Failure, runMain } from "./lib/failure.ts";
import { stdRegistry } from "./std_registry.ts";

const JSR = "https://jsr.io/";
const PROBE_MILLISECONDS = 2_000;

/**
 * The environment for a deno command that uses `@std`.
 *
 * `JSR_URL` is always in it, so a command below this one does not probe again.
 */
export async function stdEnv(): Promise<{ JSR_URL: string }> {
  const given = Deno.env.get("JSR_URL");
  if (given) return { JSR_URL: given };
  if (await isReachable()) return { JSR_URL: JSR };
  try {
    return { JSR_URL: `${pathToFileURL(await stdRegistry())}/` };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure(
      `JSR is not reachable, and neither is npm. ${error.message}`,
    );
  }
}

async function isReachable(): Promise<boolean> {
  try {
    const response = await fetch(new URL("@std/async/meta.json", JSR), {
      signal: AbortSignal.timeout(PROBE_MILLISECONDS),
    });
    // Reading it all tells a portal page or a broken proxy from the registry.
    return response.ok && "versions" in await response.json();
  } catch {
    return false;
  }
}

/** Runs a deno command in our place: same folder, same terminal, same signals, same exit code. */
async function runDeno(args: string[]): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    env: { ...await stdEnv() },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  // Ctrl-C reaches the child by itself; dying before it would cut off what it still prints.
  Deno.addSignalListener("SIGINT", () => {});
  if (Deno.build.os !== "windows") {
    Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
  }
  return (await child.status).code;
}

if (import.meta.main) await runMain(() => runDeno(Deno.args));
