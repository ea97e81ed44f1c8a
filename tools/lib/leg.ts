import { Failure } from "./failure.ts";

/** What one leg of `deno task test` found. */
export interface Outcome {
  passed: number;
  failed: number;
  skipped?: number;
  /** A few words for the line of the leg. */
  note?: string;
  /** Printed in full if the leg failed. */
  output?: string;
}

export interface Total {
  passed: number;
  failed: number;
  skipped: number;
}

/** The line that people and machines read last. */
export function closingLine({ passed, failed, skipped }: Total): string {
  const tail = skipped > 0 ? `, ${skipped} skipped` : "";
  return `${passed} passed, ${failed} failed${tail}`;
}

export interface Leg {
  readonly name: string;
  run(): Promise<Outcome>;
}

/** The outcome of a leg that is one yes or no. */
export function verdict(
  ok: boolean,
  details: Omit<Outcome, "passed" | "failed">,
): Outcome {
  return { passed: ok ? 1 : 0, failed: ok ? 0 : 1, ...details };
}

/**
 * The legs whose name contains one of the words; all of them if there is no word.
 *
 * @throws {Failure} If there is none.
 */
export function chooseLegs(
  legs: readonly Leg[],
  words: readonly string[],
): readonly Leg[] {
  if (words.length === 0) return legs;
  const chosen = legs.filter(({ name }) => words.some((word) => name.includes(word)));
  if (chosen.length > 0) return chosen;
  throw new Failure(
    `Cannot choose what to run: no name contains ${words.join(" or ")}; the names are ${
      legs.map(({ name }) => name).join(", ")
    }.`,
  );
}

/** Runs legs, `limit` at a time and in their order, prints a line for each, and adds up. */
export async function runLegs(
  legs: readonly Leg[],
  limit: number,
): Promise<Total> {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const queue = [...legs];
  async function work(): Promise<void> {
    for (let leg = queue.shift(); leg; leg = queue.shift()) {
      const started = performance.now();
      const outcome = await runLeg(leg);
      const seconds = (performance.now() - started) / 1_000;
      print(leg.name, outcome, seconds);
      total.passed += outcome.passed;
      total.failed += outcome.failed;
      total.skipped += outcome.skipped ?? 0;
    }
  }
  await Promise.all(Array.from({ length: limit }, work));
  return total;
}

async function runLeg(leg: Leg): Promise<Outcome> {
  try {
    const outcome = await leg.run();
    // A suite that silently stopped running anything must not look green.
    if (outcome.passed + outcome.failed > 0) return outcome;
    return { ...outcome, failed: 1, note: "ran nothing" };
  } catch (error) {
    const output = error instanceof Failure ? error.message : String(error instanceof Error ? error.stack : error);
    return { passed: 0, failed: 1, output };
  }
}

function print(name: string, outcome: Outcome, seconds: number): void {
  const { passed, failed, skipped = 0, note = "", output = "" } = outcome;
  const counts = [`${passed} passed`];
  if (failed > 0) counts.push(`${failed} failed`);
  if (skipped > 0) counts.push(`${skipped} skipped`);
  const columns = [
    failed > 0 ? "FAIL" : "ok  ",
    name.padEnd(50),
    counts.join(", ").padEnd(12),
    `${seconds.toFixed(1).padStart(6)} s`,
    note,
  ];
  console.log(columns.join("  ").trimEnd());
  if (failed > 0 && output) console.log(`\n${output}\n`);
}
