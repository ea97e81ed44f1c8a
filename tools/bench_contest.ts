import type { Measure } from "../bench/lib/measure.ts";
import { Failure } from "./lib/failure.ts";
import type { Runtime } from "./runtimes.ts";

/** What one measure found on one runtime. */
export interface Contest {
  readonly id: string;
  readonly measure: Measure;
  readonly runtime: string;
  /** The median of each contender. */
  readonly figures: Readonly<Record<string, number>>;
  /** Why it did not run. */
  readonly why?: string | undefined;
}

export interface Entry {
  readonly id: string;
  readonly measure: Measure;
  /** As in the words of the command line. */
  readonly name: string;
  readonly runtime: Runtime;
  readonly project: string;
}

/** A contender in a process of its own. */
interface Player {
  round(): Promise<number>;
  end(): Promise<void>;
}

const TURNS = 5;
const TURN = 120; // ms; a process that was idle needs some rounds to get its caches and its heap back
const WARM_UP = 400; // ms
const LONGEST_ROUND = 120; // seconds

/** Lets the contenders take turns, each in its own process, so that none works in the garbage of another. */
export async function contest({ id, measure, name, runtime, project }: Entry): Promise<Contest> {
  const contenders = Object.keys(measure.contenders);
  const why = measure.not?.[name];
  if (why !== undefined) return { id, measure, runtime: runtime.label, figures: {}, why: `not measured: ${why}` };
  const players: [string, Player][] = [];
  const found: Record<string, number[]> = {};
  try {
    for (const contender of contenders) {
      const player = name === "workerd"
        ? await startWorkerd(runtime.path, project, id, contender, measure.operations)
        : await startProcess(name, runtime.path, project, id, contender);
      players.push([contender, player]);
      if (!measure.isOnce) await play(player, WARM_UP);
    }
    for (let turn = 0; turn < (measure.isOnce ? 1 : TURNS); turn++) {
      for (const [contender, player] of players) {
        (found[contender] ??= []).push(await play(player, measure.isOnce ? 0 : TURN));
      }
    }
  } finally {
    for (const [, player] of players) await player.end();
  }
  const figures = Object.fromEntries(Object.entries(found).map(([name, rounds]) => [name, median(rounds)]));
  return { id, measure, runtime: runtime.label, figures };
}

/** A turn: rounds for so many milliseconds, at least one; their median. */
async function play(player: Player, length: number): Promise<number> {
  const figures: number[] = [];
  const started = performance.now();
  do figures.push(await player.round()); while (performance.now() - started < length);
  return median(figures);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = NaN, high = NaN] = [sorted[sorted.length % 2 === 1 ? middle : middle - 1], sorted[middle]];
  return (low + high) / 2;
}

async function startProcess(
  name: string,
  path: string,
  project: string,
  id: string,
  contender: string,
): Promise<Player> {
  const flags = name === "deno" ? ["run", "-A", "--v8-flags=--expose-gc"] : ["--expose-gc"];
  const child = new Deno.Command(path, {
    args: [...flags, "bench/run.js", id, contender],
    cwd: project,
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = linesOf(child.stdout);
  const input = child.stdin.getWriter();
  const hear = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const { value, done } = await within(lines.next(), `${id}, ${contender}`);
      if (done) throw new Failure(`${id}, ${contender}: ${path} ended before its figure`);
      const match = value.match(pattern);
      if (match) return match[1] ?? "";
    }
  };
  await hear(/^ready$/);
  return {
    async round() {
      await input.write(new TextEncoder().encode("go\n"));
      return Number(await hear(/^figure (.+)$/));
    },
    async end() {
      child.kill("SIGKILL"); // timers may keep it alive for minutes
      await input.abort().catch(() => {});
      await child.status;
      await lines.return(undefined).catch(() => {});
    },
  };
}

/** Its clock stands still during a request in production, so a round is timed from here. */
async function startWorkerd(
  path: string,
  project: string,
  id: string,
  contender: string,
  operations: number,
): Promise<Player> {
  const child = new Deno.Command(path, {
    args: ["serve", "workerd.capnp", "--control-fd=1"],
    cwd: project,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = linesOf(child.stdout);
  const { value = "" } = await within(lines.next(), "workerd");
  const { port } = JSON.parse(value) as { port: number };
  const url = `http://127.0.0.1:${port}/${id}/${encodeURIComponent(contender)}`;
  return {
    async round() {
      const started = performance.now();
      const response = await within(fetch(url), `${id}, ${contender}`);
      const text = await response.text();
      if (!response.ok) throw new Failure(`${id}, ${contender} on workerd: ${text}`);
      return (performance.now() - started) * 1e6 / operations;
    },
    async end() {
      child.kill("SIGKILL");
      await child.status;
      await lines.return(undefined).catch(() => {});
    },
  };
}

async function* linesOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  return undefined;
}

async function within<T>(work: Promise<T>, what: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const fail = () => late.reject(new Failure(`${what}: no answer within ${LONGEST_ROUND} s`));
  const timer = setTimeout(fail, LONGEST_ROUND * 1_000);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
