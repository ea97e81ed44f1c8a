import { command, ROOT } from "../lib/command.ts";
import { listFiles } from "../lib/files.ts";
import type { Ground } from "../lib/ground.ts";
import type { Leg } from "../lib/leg.ts";
import { join } from "../lib/path.ts";

const FOLDER = "tests/types";

/** Type-level tests: each file of tests/types is correct if it type-checks, `@ts-expect-error` lines included. */
export function typeTests({ env }: Ground): Leg {
  return {
    name: "type-level tests",
    async run() {
      const files = (await listFiles(join(ROOT, FOLDER)))
        .map((file) => `${FOLDER}/${file}`);
      if (files.length === 0) return { passed: 0, failed: 0 };
      const { code, output } = await command(
        Deno.execPath(),
        ["check", "--quiet", ...files],
        { env },
      );
      const wrong = files.filter((file) => output.includes(`/${file}:`));
      // An error in another module fails all of them.
      const failed = code === 0 ? 0 : wrong.length || files.length;
      return { passed: files.length - failed, failed, output };
    },
  };
}
