import config from "../../deno.json" with { type: "json" };
import { ROOT } from "../lib/command.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, verdict } from "../lib/leg.ts";
import { join } from "../lib/path.ts";
import { kilobytes, measureEntries, sizesProblems } from "../sizes.ts";

const KILOBYTE = 1_024;
/** A host's entry that knows limits carries their data, and what checks overrides: `zod/mini`, never the whole of zod. */
const LIMIT_BYTES = 9 * KILOBYTE;
/** The others: all hosts in one, and the entries that are nothing but the process. */
const OTHER_LIMITS: Readonly<Record<string, number>> = {
  "./platforms": 13 * KILOBYTE,
  "./bun": 3 * KILOBYTE,
  "./node": 4 * KILOBYTE, // with toNodeListener
};
const HOSTS = new Set(
  Object.entries(config.exports).filter(([, source]) => source.startsWith("./src/platforms/")).map(([name]) => name),
);

/** What each entry costs by itself, minified and compressed: hosts have a limit, and the README says it of all. */
export function entrySizes({ env, scratch }: Ground): Leg {
  return {
    name: "bundle size of entries",
    async run() {
      const folder = join(scratch, "entry_sizes");
      await Deno.mkdir(folder);
      const sizes = await measureEntries(env, folder);
      const hosts = sizes.filter(({ entry }) => HOSTS.has(entry));
      const tooLarge = hosts.flatMap(({ entry, all }) => {
        const limit = OTHER_LIMITS[entry] ?? LIMIT_BYTES;
        return all > limit ? [`${entry} has ${all} bytes gzip, more than ${limit}`] : [];
      });
      const page = await Deno.readTextFile(join(ROOT, "README.md"));
      const problems = [...tooLarge, ...sizesProblems(page, sizes)];
      return verdict(problems.length === 0, {
        note: `hosts, KB gzip: ${hosts.map(({ entry, all }) => `${entry.slice(2)} ${kilobytes(all)}`).join(", ")}`,
        output: problems.join("\n"),
      });
    },
  };
}
