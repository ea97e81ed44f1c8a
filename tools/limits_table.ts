/**
 * Writes the tables of limits in README.md and docs/platforms.md from the data in src/platforms/limits_data.ts.
 *
 * ```sh
 * deno run -A tools/std.ts run -A tools/limits_table.ts
 * ```
 */
import { type LifetimeLimit, lifetimeLimits } from "@taskscope/taskscope/platforms";
import { ROOT } from "./lib/command.ts";
import { join } from "./lib/path.ts";

/** The pages that have the table; a page of `docs/` has room for where each number comes from. */
const PAGES = ["README.md", "docs/platforms.md"];
const [START, END] = ["<!-- limits: start -->", "<!-- limits: end -->"];
const HEADER = ["platform", "how long", "from", "at the limit", "what we do"];
const SOURCE_HEADER = ["how sure", "looked up", "source"];
const AT_LIMIT = {
  "cancel-silent": "canceled, no `finally`",
  "cancel-logged": "canceled with a log line, no `finally`",
  kill: "killed",
  freeze: "frozen, thawed in another invocation",
  nothing: "nothing",
};

/** A page with the table as the data has it. */
export function withTable(text: string, page: string = "README.md"): string {
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${page} has no ${START} followed by ${END}`);
  const hasSources = page.startsWith("docs/");
  const header = hasSources ? [...HEADER, ...SOURCE_HEADER] : HEADER;
  const cells = lifetimeLimits.map((limit) => hasSources ? [...toRow(limit), ...toSource(limit)] : toRow(limit));
  const rows = [header, header.map((name) => "-".repeat(name.length)), ...cells];
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0, row === rows[1] ? "-" : " ")).join(" | ")} |`
  );
  return [before, START, "\n\n", lines.join("\n"), "\n\n", END, after].join("");
}

function toRow({ platform, trigger, plan, ms, origin, atLimit, warning, warnsAt }: LifetimeLimit): string[] {
  const warned = warning === "none" ? "" : warnsAt ? `, warned at ${warnsAt * 100} %` : ", warned by a signal";
  return [
    [platform, trigger === "http" ? "" : trigger, plan].filter(Boolean).join(", "),
    ms === null ? "not known" : `${ms / 1_000} s`,
    origin === "response-end" ? "response end or disconnect" : origin === "none" ? "" : origin.replace("-", " "),
    AT_LIMIT[atLimit] + warned,
    whatWeDo({ platform, ms, origin, warning }),
  ];
}

function toSource({ confidence, asOf, ref, max }: LifetimeLimit): string[] {
  return [confidence, asOf, max === undefined ? ref : `${ref}; up to ${max / 1_000} s can be set`];
}

function whatWeDo({ platform, ms, origin, warning }: Pick<LifetimeLimit, "platform" | "ms" | "origin" | "warning">) {
  if (platform === "lambda") return "refuse, unless the invocation awaits it";
  if (origin === "shutdown") return "drain, cancel what does not fit";
  if (ms === null) return "hold it, your deadline counts";
  return warning === "event" ? "refuse what does not fit, cancel at the warning" : "refuse what does not fit";
}

/** What is wrong with the tables; nothing if they are up to date. */
export async function limitsTableProblems(): Promise<string[]> {
  const problems: string[] = [];
  for (const page of PAGES) {
    const text = await Deno.readTextFile(join(ROOT, page));
    if (withTable(text, page) !== text) problems.push(`${page}: the table of limits is old, run tools/limits_table.ts`);
  }
  return problems;
}

if (import.meta.main) {
  for (const page of PAGES) {
    const path = join(ROOT, page);
    await Deno.writeTextFile(path, withTable(await Deno.readTextFile(path), page));
  }
}
