import type { WalkOptions, WalkReport } from "../../tests/random_walk/walk.ts";
import { bundle } from "../lib/bundle.ts";
import { command, type CommandResult, ROOT } from "../lib/command.ts";
import { type Ground, once } from "../lib/ground.ts";
import { type Leg, type Outcome, verdict } from "../lib/leg.ts";
import { join } from "../lib/path.ts";

const FOLDER = "tests/random_walk";
/** One seed is always the same, one is new each time. */
const FIXED_SEED = 1;
const PROGRAMS = 200; // for each seed

/** The short walk of the gate, on every runtime. */
export function randomWalk(ground: Ground): Leg[] {
  return walkLegs(ground, { seeds: [FIXED_SEED, freshSeed()], programs: PROGRAMS });
}

export function freshSeed(): number {
  return Math.floor(Math.random() * 2 ** 31);
}

/** A walk on every runtime; the library is in the same bundle everywhere. */
export function walkLegs(
  ground: Pick<Ground, "env" | "runtimes" | "scratch">,
  options: Omit<WalkOptions, "command">,
): Leg[] {
  const { node22, node24, bun, workerd } = ground.runtimes;
  const deno = { label: `Deno ${Deno.version.deno}`, path: Deno.execPath() };
  const folder = once(() => prepare(ground));
  const timeout = 120 + (options.ms ?? 0) / 1_000;

  const leg = (label: string, run: (json: string, cwd: string) => Promise<CommandResult>): Leg => ({
    name: `random walk, ${label}`,
    async run() {
      const replay = `deno task walk --runtime ${label.split(" ")[0]}`;
      const all: WalkOptions = { ...options, command: replay };
      return read(await run(JSON.stringify(all), await folder()), options.seeds);
    },
  });
  const onServer = ({ label, path }: { label: string; path: string }, ...args: string[]) =>
    leg(label, (json, cwd) => {
      const start = `import("./walk.js").then(({ main }) => main(${json}))`;
      return command(path, [...args, start], { cwd, timeout });
    });
  return [
    onServer(deno, "eval"),
    onServer(node22, "-e"),
    onServer(node24, "-e"),
    onServer(bun, "-e"),
    leg(workerd.label, async (json, cwd) => {
      await Deno.writeTextFile(join(cwd, "options.json"), json);
      return await command(workerd.path, ["test", "workerd.capnp"], { cwd, timeout });
    }),
  ];
}

async function prepare({ env, scratch }: Pick<Ground, "env" | "scratch">): Promise<string> {
  const folder = join(scratch, "random_walk");
  await Deno.mkdir(folder);
  await bundle(env, ["--output", join(folder, "walk.js"), `${FOLDER}/worker.ts`]);
  await Deno.copyFile(join(ROOT, FOLDER, "workerd.capnp"), join(folder, "workerd.capnp"));
  return folder;
}

/** The walk prints its report last. */
function read({ code, stdout, output }: CommandResult, seeds: readonly number[]): Outcome {
  const line = /^\{"programs":.*\}$/m.exec(stdout)?.[0];
  if (line === undefined) return verdict(false, { output, note: "no report" });
  const { programs, steps, undecided, failed }: WalkReport = JSON.parse(line);
  const note = `${programs} programs, ${steps} steps, ${undecided} undecided, seeds ${seeds.join(" and ")}`;
  return verdict(code === 0 && failed === 0 && steps > 0, { note, output });
}
