import { command } from "./command.ts";
import { Failure } from "./failure.ts";

/**
 * Runs `deno bundle` for the browser platform, the one without any runtime's own modules.
 *
 * Write `--external=name` with the equals sign: after a space the option would take the entry files as well.
 *
 * @throws {Failure} If it fails, with what it printed.
 */
export async function bundle(
  env: { JSR_URL: string },
  args: readonly string[],
): Promise<void> {
  const { code, output } = await command(
    Deno.execPath(),
    ["bundle", "--quiet", "--platform", "browser", ...args],
    { env },
  );
  if (code !== 0) throw new Failure(`deno bundle failed:\n${output}`);
}
