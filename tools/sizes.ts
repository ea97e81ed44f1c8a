/**
 * Writes the table of sizes in README.md: each entry as a bundler leaves it, minified and compressed.
 *
 * ```sh
 * deno task sizes
 * ```
 */
import config from "../deno.json" with { type: "json" };
import { bundle } from "./lib/bundle.ts";
import { ROOT } from "./lib/command.ts";
import { runMain } from "./lib/failure.ts";
import { join } from "./lib/path.ts";
import { gzipSize } from "./lib/size.ts";
import { markdownTable, splitAtMarkers } from "./lib/table.ts";
import { stdEnv } from "./std.ts";

/** What an entry costs, in bytes. */
export interface EntrySize {
  readonly entry: string;
  /** With everything that it exports. */
  readonly all: number;
  /** With nothing but {@linkcode TYPICAL}. */
  readonly typical: number;
}

const PAGE = "README.md";
const KILOBYTE = 1_024;
/** Yours, and not part of what the entry costs. */
const PEER = "@opentelemetry/api";
/** The one import that most programs have of an entry. */
const TYPICAL: Readonly<Record<keyof typeof config.exports, string>> = {
  ".": "TaskScope",
  "./cloudflare": "cloudflareLifetime",
  "./cloudflare/global": "cloudflareGlobalLifetime",
  "./vercel": "vercelLifetime",
  "./netlify": "netlifyLifetime",
  "./supabase": "supabaseLifetime",
  "./deno": "denoLifetime",
  "./bun": "bunLifetime",
  "./node": "nodeLifetime",
  "./lambda": "lambdaLifetime",
  "./fastly": "fastlyLifetime",
  "./service-worker": "serviceWorkerLifetime",
  "./platforms": "detectLifetime",
  "./http": "scoped",
  "./operations": "Operations",
  "./operations/client": "operationsClient",
  "./operations/deno-kv": "denoKvStore",
  "./operations/unstorage": "unstorageStore",
  "./operations/postgres": "postgresStore",
  "./inspect": "Recorder",
  "./otel": "instrument",
  "./durable": "defineTask",
  "./durable/bullmq": "bullmqEngine",
  "./durable/pg-boss": "pgBossEngine",
  "./durable/deno-kv": "denoKvEngine",
  "./durable/cloudflare-queues": "cloudflareQueues",
  "./testing": "SimulatedHost",
};

/** Bundles each entry twice, in an empty folder. */
export async function measureEntries(env: { JSR_URL: string }, folder: string): Promise<EntrySize[]> {
  const imports = Object.entries(TYPICAL).map(([entry, name], index) => ({ entry, name, file: `entry${index}` }));
  for (const { entry, name, file } of imports) {
    const from = JSON.stringify(`${config.name}${entry.slice(1)}`);
    const keep = (what: string, used: string) => `import ${what} from ${from}; Object.assign(self, { ${used} });`;
    await Deno.writeTextFile(join(folder, `${file}_all.ts`), keep("* as all", "all"));
    await Deno.writeTextFile(join(folder, `${file}_typical.ts`), keep(`{ ${name} }`, name));
  }
  const files = imports.flatMap(({ file }) => [join(folder, `${file}_all.ts`), join(folder, `${file}_typical.ts`)]);
  const out = join(folder, "out");
  await bundle(env, ["--config=deno.json", "--minify", "--outdir", out, `--external=${PEER}`, ...files]);
  return await Promise.all(imports.map(async ({ entry, file }) => ({
    entry,
    all: await gzipSize(join(out, `${file}_all.js`)),
    typical: await gzipSize(join(out, `${file}_typical.js`)),
  })));
}

/** In kilobytes, as people read it. */
export function kilobytes(bytes: number): string {
  return (bytes / KILOBYTE).toFixed(1);
}

/** The page with the table as it was measured, in two halves side by side. */
export function withSizes(page: string, sizes: readonly EntrySize[]): string {
  const cells = sizes.map(({ entry, all, typical }) => [
    `\`${entry}\``,
    kilobytes(all),
    `\`${TYPICAL[entry as keyof typeof TYPICAL]}\` ${kilobytes(typical)}`,
  ]);
  const half = Math.ceil(cells.length / 2);
  const rows = cells.slice(0, half).map((left, index) => [...left, ...cells[half + index] ?? ["", "", ""]]);
  const head = ["entry", "all", "one import"];
  const [before, , after] = splitAtMarkers(page, "sizes");
  return `${before}\n\n${markdownTable([[...head, ...head], ...rows])}\n\n${after}`;
}

/**
 * What is wrong with the table of a page; nothing if it is up to date.
 *
 * What is bundled is not ours alone: `@std` comes from two places, and packages have newer versions. So a number may be
 * off by what rounding does, and one percent.
 */
export function sizesProblems(page: string, sizes: readonly EntrySize[]): string[] {
  const read = (text: string) => {
    const cells = splitAtMarkers(text, "sizes")[1].split("|").map((cell) => cell.trim().replace(/^-+$/, "-"));
    return {
      words: cells.map((cell) => cell.replace(/\d+\.\d$/, "")).join("|"),
      numbers: cells.flatMap((cell) => cell.match(/\d+\.\d$/)?.map(Number) ?? []),
    };
  };
  const [written, measured] = [read(page), read(withSizes(page, sizes))];
  const isNear = (value: number, index: number) =>
    Math.abs(value - (written.numbers[index] ?? NaN)) < 0.15 + 0.01 * value;
  return written.words === measured.words && measured.numbers.every(isNear)
    ? []
    : [`${PAGE}: the table of sizes is old, run: deno task sizes`];
}

if (import.meta.main) {
  await runMain(async () => {
    const folder = await Deno.makeTempDir({ prefix: "taskscope-sizes-" });
    try {
      const path = join(ROOT, PAGE);
      const sizes = await measureEntries(await stdEnv(), folder);
      await Deno.writeTextFile(path, withSizes(await Deno.readTextFile(path), sizes));
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}
