/**
 * Walks at random over the library and a model of it, on every runtime.
 *
 * ```sh
 * deno task walk                                        # 10 minutes, shared by all runtimes, with a new seed
 * deno task walk --seed 123 --minutes 2 --runtime bun   # on the runtimes whose name contains a word
 * deno task walk --seed 123 --programs 1000
 * ```
 *
 * A program that fails is printed as short as it can be, with the command that plays it again.
 */
import { parseArgs } from "node:util";
import { freshSeed, walkLegs } from "./legs/random_walk.ts";
import { Failure, runMain } from "./lib/failure.ts";
import { chooseLegs, closingLine, runLegs } from "./lib/leg.ts";
import { runtimes } from "./runtimes.ts";
import { stdEnv } from "./std.ts";

const RUNTIMES = 5;
const MINUTE = 60_000;

await runMain(async () => {
  const text = { type: "string" } as const;
  const options = { seed: text, minutes: text, programs: text, runtime: text, replay: text };
  const { values } = parseArgs({ args: Deno.args, options });
  const number = (name: "seed" | "minutes" | "programs", otherwise: number) => {
    const value = Number(values[name] ?? otherwise);
    if (value >= 0) return value;
    throw new Failure(`Cannot walk: --${name} must be a number, got ${values[name]}.`);
  };
  const { runtime } = values;
  const ground = { env: await stdEnv(), runtimes: await runtimes(), scratch: await Deno.makeTempDir() };
  try {
    const legs = walkLegs(ground, {
      seeds: [number("seed", freshSeed())],
      replay: values.replay === undefined ? undefined : JSON.parse(values.replay),
      ...(values.programs === undefined
        ? { ms: number("minutes", 10) * MINUTE / (runtime === undefined ? RUNTIMES : 1) }
        : { programs: number("programs", 0) }),
    });
    const meant = legs.filter(({ name }) => name.toLowerCase().includes(`, ${runtime?.toLowerCase()}`));
    const words = meant.length > 0 ? meant.map(({ name }) => name) : runtime ?? [];
    const total = await runLegs(chooseLegs(legs, [words].flat()), 1);
    console.log(`\n${closingLine(total)}`);
    return total.failed > 0 ? 1 : 0;
  } finally {
    await Deno.remove(ground.scratch, { recursive: true }).catch(() => {});
  }
});
