import { stripVTControlCharacters } from "node:util";
import { fromFileUrl } from "./path.ts";

/** The folder of deno.json. */
export const ROOT = fromFileUrl(new URL("../../", import.meta.url));

export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** Kill the command after this many seconds. */
  timeout?: number;
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
  /** What the command printed, the two streams one after the other. */
  output: string;
}

/** Runs a command to its end; a non-zero exit code is a result, not an error. */
export async function command(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { cwd = ROOT, env = {}, timeout = 600 } = options;
  const child = new Deno.Command(program, {
    args: [...args],
    cwd,
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = "";
  const timer = setTimeout(() => {
    late = `killed: it had not ended after ${timeout} s`;
    child.kill("SIGKILL");
  }, timeout * 1_000);
  const { code, ...bytes } = await child.output();
  clearTimeout(timer);
  const [stdout = "", stderr = ""] = [bytes.stdout, bytes.stderr].map((stream) =>
    // Not every program obeys NO_COLOR.
    stripVTControlCharacters(new TextDecoder().decode(stream))
  );
  const output = [stdout.trimEnd(), stderr.trimEnd(), late].filter(Boolean)
    .join("\n");
  return { code, stdout, stderr, output };
}
