/** What became of the mutants, file by file. */
import type { Mutant } from "./mutants.ts";
import type { Verdict } from "./trials.ts";

/** Why no test can notice a mutant: by file, and by the key of the mutant. */
export type Explained = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The table of a run, and the mutants that no test noticed and nobody explained. */
export function results(
  verdicts: ReadonlyMap<Mutant, Verdict>,
  explained: Explained,
): { readonly table: string; readonly open: readonly Mutant[] } {
  const files = new Map<string, { killed: number; explained: number; open: number }>();
  const open: Mutant[] = [];
  const total = { killed: 0, explained: 0, open: 0 };
  for (const [mutant, { killed }] of verdicts) {
    const counts = files.get(mutant.file) ?? { killed: 0, explained: 0, open: 0 };
    files.set(mutant.file, counts);
    const fate = killed ? "killed" : explained[mutant.file]?.[mutant.key] === undefined ? "open" : "explained";
    counts[fate]++;
    total[fate]++;
    if (fate === "open") open.push(mutant);
  }
  const rows = [...files].sort(([a], [b]) => a < b ? -1 : 1);
  const lines = [...rows, ["**all**", total] as const].map(([name, { killed, explained, open }]) =>
    `| ${name} | ${killed + explained + open} | ${killed} | ${explained} | ${open} |`
  );
  const head = ["| file | mutants | killed | explained | survived |", "| --- | ---: | ---: | ---: | ---: |"];
  return { table: [...head, ...lines, ""].join("\n"), open: open.sort((a, b) => a.id - b.id) };
}
