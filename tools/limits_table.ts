/**
 * Writes the table of limits in docs/platforms.md from the data in src/platforms/limits_data.ts.
 *
 * ```sh
 * deno run -A tools/std.ts run -A tools/limits_table.ts
 * ```
 */
import { type LifetimeLimit, lifetimeLimits } from "@taskscope/taskscope/platforms";
import { ROOT } from "./lib/command.ts";
import { join } from "./lib/path.ts";
import { markdownTable, splitAtMarkers } from "./lib/table.ts";

const PAGE = "docs/platforms.md";
const HEADER = ["platform", "how long", "from", "at the limit", "what we do", "how sure", "looked up", "source"];
const AT_LIMIT = {
  "cancel-silent": "canceled, no `finally`",
  "cancel-logged": "canceled with a log line, no `finally`",
  kill: "killed",
  freeze: "frozen, thawed in another invocation",
  nothing: "nothing",
};

/** The page with the table as the data has it. */
export function withTable(page: string): string {
  const [before, , after] = splitAtMarkers(page, "limits");
  return `${before}\n\n${markdownTable([HEADER, ...lifetimeLimits.map(toRow)])}\n\n${after}`;
}

function toRow(limit: LifetimeLimit): string[] {
  const { platform, trigger, plan, ms, origin, atLimit, warning, warnsAt, confidence, asOf, ref, max } = limit;
  const warned = warning === "none" ? "" : warnsAt ? `, warned at ${warnsAt * 100} %` : ", warned by a signal";
  return [
    [platform, trigger === "http" ? "" : trigger, plan].filter(Boolean).join(", "),
    ms === null ? "not known" : `${ms / 1_000} s`,
    origin === "response-end" ? "response end or disconnect" : origin === "none" ? "" : origin.replace("-", " "),
    AT_LIMIT[atLimit] + warned,
    whatWeDo(limit),
    ...[confidence, asOf, max === undefined ? ref : `${ref}; up to ${max / 1_000} s can be set`],
  ];
}

function whatWeDo({ platform, ms, origin, warning }: Pick<LifetimeLimit, "platform" | "ms" | "origin" | "warning">) {
  if (platform === "lambda") return "refuse, unless the invocation awaits it";
  if (origin === "shutdown") return "drain, cancel what does not fit";
  if (ms === null) return "hold it, your deadline counts";
  return warning === "event" ? "refuse what does not fit, cancel at the warning" : "refuse what does not fit";
}

/** What is wrong with the table; nothing if it is up to date. */
export async function limitsTableProblems(): Promise<string[]> {
  const page = await Deno.readTextFile(join(ROOT, PAGE));
  return withTable(page) === page ? [] : [`${PAGE}: the table of limits is old, run tools/limits_table.ts`];
}

if (import.meta.main) {
  const path = join(ROOT, PAGE);
  await Deno.writeTextFile(path, withTable(await Deno.readTextFile(path)));
}
