/**
 * The suite as a process of its own: one run without a mutant, to learn which case meets which mutants, and one for each
 * mutant, which ends at the first case that fails.
 */
import { Failure } from "../lib/failure.ts";

/** A case of the suite, and what is known of it. */
export interface Measured {
  readonly index: number;
  readonly name: string;
  /** In milliseconds. */
  readonly took: number;
  /** The mutants it meets. */
  readonly met: readonly number[];
}

/** What a run without a mutant tells. */
export interface Survey {
  readonly cases: readonly Measured[];
  /** The mutants met before the first case, which all cases meet. */
  readonly always: readonly number[];
}

/** What became of a mutant: which case it failed, if it failed one. */
export interface Verdict {
  readonly killed: boolean;
  readonly why: string;
  /** The case that it failed. */
  readonly by?: Measured | undefined;
}

/** A line that the suite prints. */
type Event =
  | { readonly always: readonly number[] }
  | { readonly started: number; readonly limit: number }
  | ({ readonly ended: true } & Measured)
  | { readonly failed: string; readonly why: string }
  | { readonly passed: true };

const PATIENCE = 3_000; // with the start of the process, and with its end

/** Runs all cases without a mutant. */
export async function survey(program: string): Promise<Survey> {
  const cases: Measured[] = [];
  let always: readonly number[] = [];
  const ended = await run(program, { mutant: 0 }, (event) => {
    if ("failed" in event) console.log(`Left out, as it fails without a mutant: ${event.failed}`);
    if ("always" in event) ({ always } = event);
    if ("ended" in event) cases.push(event);
  });
  if (!ended) throw new Failure("Without a mutant, the suite does not end.");
  return { cases, always };
}

/** Tries a mutant with some cases. One that fails only once does not count: on a busy machine it may have been the time. */
export async function tryMutant(program: string, mutant: number, cases: readonly Measured[]): Promise<Verdict> {
  const verdict = await tryOnce(program, mutant, cases);
  const { by } = verdict;
  if (!verdict.killed || !by || (await tryOnce(program, mutant, [by])).killed) return verdict;
  return await tryMutant(program, mutant, cases.filter((one) => one !== by));
}

async function tryOnce(program: string, mutant: number, cases: readonly Measured[]): Promise<Verdict> {
  const trials = cases.map(({ index, took }) => [index, Math.ceil(1_500 + 5 * took)]);
  let why = "it ends before the first case";
  let by: Measured | undefined;
  let passed = false;
  const ended = await run(program, { mutant, trials }, (event) => {
    if ("started" in event) {
      by = cases.find(({ index }) => index === event.started);
      why = `hangs: ${by?.name}`;
    }
    if ("failed" in event) why = `${event.failed}: ${event.why}`;
    if ("passed" in event) [passed, why] = [true, "something is left running"];
  });
  return passed && ended ? { killed: false, why: "" } : { killed: true, why, by: passed ? undefined : by };
}

/**
 * Runs the suite.
 *
 * @returns Whether it ended by itself.
 */
async function run(program: string, task: object, tell: (event: Event) => void): Promise<boolean> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-config",
      "--v8-flags=--max-old-space-size=1000,--expose-gc",
      program,
      JSON.stringify(task),
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  let killed = false;
  const kill = () => {
    try {
      child.kill("SIGKILL");
      killed = true;
    } catch {
      // It ended by itself a moment ago.
    }
  };
  let watchdog = setTimeout(kill, PATIENCE);
  try {
    for await (const line of lines(child.stdout)) {
      const event: Event = JSON.parse(line);
      clearTimeout(watchdog);
      watchdog = setTimeout(kill, "limit" in event ? event.limit + PATIENCE : PATIENCE);
      tell(event);
    }
    await child.status;
    return !killed;
  } finally {
    clearTimeout(watchdog);
    if (!killed) await child.status;
  }
}

async function* lines(stream: ReadableStream<BufferSource>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
