/**
 * The random walk: programs of scopes, tasks, cancellations, deadlines and moments, played on the library and on a simple
 * model of what it guarantees, compared after every step. Runs unchanged on every runtime; time is the walk's own.
 */
import { runCase, watchStrayErrors } from "../conformance/run_case.ts";
import { generate } from "./generate.ts";
import { Random } from "./random.ts";
import { shrink } from "./shrink.ts";
import { type Program, showStep } from "./step.ts";
import { type Verdict, walkProgram } from "./walk_program.ts";

export interface WalkOptions {
  /** Each one brings the same programs back. */
  readonly seeds: readonly number[];
  /** How many programs to play for each seed. */
  readonly programs?: number | undefined;
  /** Or how long to go on, in milliseconds. */
  readonly ms?: number | undefined;
  /** Only this program. */
  readonly replay?: Program | undefined;
  /** How people run a program again; the program goes at its end. */
  readonly command: string;
}

/** The last line that the walk prints, as JSON. */
export interface WalkReport {
  readonly programs: number;
  readonly steps: number;
  readonly undecided: number;
  readonly failed: number;
}

const BATCH = 20; // programs between two turns of the event loop

/** Walks until a program fails, or the end is reached. */
export async function main(
  { seeds, programs = Infinity, ms = Infinity, replay, command }: WalkOptions,
): Promise<WalkReport> {
  watchStrayErrors();
  const report = { programs: 0, steps: 0, undecided: 0, failed: 0 };
  const start = Date.now();
  let batch: Program[] = replay ? [replay] : [];
  for (const seed of replay ? [0] : seeds) {
    const random = new Random(seed);
    for (let left = replay ? 1 : programs; left > 0 && Date.now() - start < ms && report.failed === 0; left -= BATCH) {
      if (!replay) batch = Array.from({ length: Math.min(BATCH, left) }, () => generate(random));
      if (await problemOf(batch, report) === undefined) continue;
      report.failed++;
      await explain(batch, `${command} --replay`);
    }
  }
  console.log(JSON.stringify(report));
  return report;
}

/** What is wrong with some programs; nothing, hopefully. */
async function problemOf(
  programs: readonly Program[],
  report?: { -readonly [K in keyof WalkReport]: number },
): Promise<string | undefined> {
  let last: Verdict | undefined;
  const errors = await runCase({
    name: "walk",
    async run() {
      for (const program of programs) {
        last = await walkProgram(program);
        if (last.problem) throw new Error(`after step ${last.at}: ${last.problem}`);
        if (!report) continue;
        report.programs++;
        report.steps += last.at;
        if (last.isUndecided) report.undecided++;
      }
    },
  });
  if (errors.length === 0) return undefined;
  return errors.map((error) => error instanceof Error ? `${error.message} ${error.cause ?? ""}` : error).join("; ");
}

/** Prints the shortest program that fails, and how to run it again. */
async function explain(programs: readonly Program[], command: string): Promise<void> {
  for (const program of programs) {
    if (await problemOf([program]) === undefined) continue;
    const short = await shrink(program, async (shorter) => await problemOf([shorter]) !== undefined);
    console.log(`FAILED ${await problemOf([short]) ?? "(and then not again)"}\n`);
    console.log(`lifetime ${short.lifetime === null ? "without an end" : `of ${short.lifetime} ms`}`);
    short.steps.forEach((step, at) => console.log(`${String(at).padStart(2)} ${showStep(step)}`));
    return console.log(`\n${command} '${JSON.stringify(short)}'`);
  }
  console.log("FAILED, but no program of these did alone");
}
