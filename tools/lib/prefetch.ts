import { command } from "./command.ts";
import { Failure } from "./failure.ts";

/**
 * Downloads what the tests import, so that a network problem is one sentence and not many failing legs.
 *
 * @throws {Failure} If something cannot be downloaded.
 */
export async function prefetch(env: { JSR_URL: string }): Promise<void> {
  const { code, output } = await command(
    Deno.execPath(),
    ["install", "--quiet"],
    { env },
  );
  if (code === 0) return;
  const cause = output.match(/^error: (.*)$/m)?.[1] ?? output.split("\n")[0];
  throw new Failure(
    `Cannot download the packages named in deno.json: connect to the network, or set JSR_URL and NPM_CONFIG_REGISTRY ` +
      `to registries you can reach, and run the command again (${cause}).`,
  );
}
