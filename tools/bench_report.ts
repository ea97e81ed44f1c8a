import type { Goal } from "../bench/lib/measure.ts";
import type { Size, Start } from "./bench_artifact.ts";
import type { Contest } from "./bench_contest.ts";

export interface Results {
  readonly contests: Contest[];
  sizes: Size[];
  starts: Start[];
}

/** A goal, what was measured, and whether it is met. */
interface Verdict {
  readonly measure: string;
  readonly goal: string;
  readonly runtime: string;
  readonly measured: string;
  readonly isMet: boolean;
}

/** Everything as Markdown. */
export function report(results: Results, versions: readonly string[]): string {
  const { contests, sizes, starts } = results;
  const parts = [
    "# Results",
    "Written by `deno task bench`; what was tried and why something is as it is: [NOTES.md](NOTES.md).",
    `${new Date().toISOString().slice(0, 10)}; ${Deno.build.os} ${Deno.build.arch}, ${navigator.hardwareConcurrency} ` +
    `cores; ${
      versions.join(", ")
    }. The built npm package, installed from its tarball. Each contender in a process of ` +
    "its own, in turns; medians.",
  ];
  if (contests.length > 0) parts.push("![Times against TaskScope](results.svg)");
  const verdicts = [...contests.flatMap(verdictsOf), ...verdictsOfSizes(sizes)];
  if (verdicts.length > 0) {
    parts.push("## Goals");
    parts.push(table(
      ["measure", "goal", "runtime", "measured", "met?"],
      verdicts.map(({ measure, goal, runtime, measured, isMet }) => [
        measure,
        goal,
        runtime,
        measured,
        isMet ? "yes" : "**no**",
      ]),
    ));
  }
  for (const id of new Set(contests.map(({ id }) => id))) {
    const some = contests.filter((contest) => contest.id === id);
    const { title, unit, per, contenders } = (some[0] as Contest).measure;
    const names = Object.keys(contenders);
    parts.push(`## ${title}`, `\`${id}\`, ${unit} for one ${per}`);
    parts.push(table(
      ["runtime", ...names],
      some.map(({ runtime, figures, why }) => [
        runtime,
        ...names.map((name, index) => figures[name] === undefined ? index === 0 ? why ?? "" : "" : show(figures[name])),
      ]),
    ));
  }
  if (sizes.length > 0) {
    parts.push("## Bundle size", "`bundle_size`, bytes, what a bundler leaves of the parts that do the same job");
    parts.push(table(
      ["package", "minified", "gzip"],
      sizes.map(({ name, minified, gzip }) => [name, `${minified}`, `${gzip}`]),
    ));
  }
  if (starts.length > 0) {
    const names = Object.keys(starts[0]?.figures ?? {});
    parts.push("## Cold start", "`cold_start`, ms for the import in a fresh process");
    parts.push(table(
      ["runtime", ...names],
      starts.map(({ runtime, figures }) => [runtime, ...names.map((name) => (figures[name] ?? NaN).toFixed(1))]),
    ));
  }
  return parts.join("\n\n") + "\n";
}

function verdictsOf({ id, measure, runtime, figures }: Contest): Verdict[] {
  const [first = ""] = Object.keys(measure.contenders);
  const own = figures[first];
  if (own === undefined) return [];
  const verdicts = measure.goals.map((goal) => verdictOf(goal, own, figures[goal.against] ?? NaN));
  const { most } = measure;
  if (most !== undefined) {
    const measured = `${own.toFixed(1)} ${measure.unit}`;
    verdicts.push({ goal: `under ${most} ${measure.unit}`, measured, isMet: own < most });
  }
  return verdicts.map((verdict) => ({ measure: id, runtime, ...verdict }));
}

function verdictOf(goal: Goal, own: number, other: number): Omit<Verdict, "measure" | "runtime"> {
  if ("within" in goal) {
    const measured = `${ratio(own / other)} times`;
    return { goal: `within ${goal.within} times ${goal.against}`, measured, isMet: own / other <= goal.within };
  }
  const text = goal.timesLess === 1
    ? `faster than ${goal.against}`
    : `${goal.timesLess} times faster than ${goal.against}`;
  return { goal: text, measured: `${ratio(other / own)} times`, isMet: other / own >= goal.timesLess };
}

function verdictsOfSizes(sizes: readonly Size[]): Verdict[] {
  const of = (start: string) => sizes.find(({ name }) => name.startsWith(start))?.gzip ?? NaN;
  if (sizes.length === 0) return [];
  const core = of("TaskScope, core");
  const verdict = (goal: string, most: number): Verdict => ({
    measure: "bundle_size",
    goal,
    runtime: "",
    measured: `${core} of ${Math.round(most)} bytes gzip`,
    isMet: core < most,
  });
  return [
    verdict("smaller than Effection", of("Effection")),
    verdict("under a quarter of Effect", of("Effect, fork") / 4),
  ];
}

function ratio(value: number): string {
  return value.toFixed(value < 10 ? 1 : 0);
}

function show(value: number): string {
  return value < 10 ? value.toFixed(1) : String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, " ");
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const CHARTED = ["spawn_join", "one_task", "request"];
const WIDTH = 1_080;
const ROW = 18;
const LEFT = 330; // of the bars
const SCALE = 40; // pixels for each doubling

/** Bars on a logarithmic axis: how many times the time of TaskScope each contender takes. */
export function chart({ contests }: Results): string {
  const lines: string[] = [];
  let y = 24;
  const text = (x: number, name: string, content: string) =>
    lines.push(`<text x="${x}" y="${y}" class="${name}">${escape(content)}</text>`);
  for (const { id, measure, runtime, figures } of contests.filter(({ id }) => CHARTED.includes(id))) {
    const entries = Object.entries(figures);
    const own = entries[0]?.[1];
    if (own === undefined) continue;
    text(12, "head", `${id}, ${runtime}`);
    y += ROW;
    for (const [name, figure] of entries) {
      const length = Math.max(2, 140 + SCALE * Math.log2(figure / own));
      lines.push(
        `<rect x="${LEFT}" y="${y - 11}" width="${length.toFixed(0)}" height="12" rx="2" class="${
          figure === own ? "own" : "other"
        }"/>`,
      );
      text(30, "name", name);
      text(LEFT + length + 6, "value", `${show(figure)} ns for one ${measure.per}, ${ratio(figure / own)}x`);
      y += ROW;
    }
    y += ROW / 2;
  }
  const style = "text{font:12px system-ui,sans-serif;fill:#24292f}.head{font-weight:600}.value{fill:#57606a}" +
    ".own{fill:#0a7d50}.other{fill:#8c959f}@media(prefers-color-scheme:dark){text{fill:#e6edf3}.value{fill:#9da7b3}" +
    ".own{fill:#3fb983}.other{fill:#6e7681}}";
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y}" role="img">`,
    "<title>Time against TaskScope, on a logarithmic axis: shorter is faster</title>",
    `<style>${style}</style>`,
    ...lines,
    "</svg>\n",
  ].join("\n");
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
