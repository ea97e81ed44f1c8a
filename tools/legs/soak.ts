import { bundle } from "../lib/bundle.ts";
import { command } from "../lib/command.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, type Outcome, verdict } from "../lib/leg.ts";
import { join } from "../lib/path.ts";

const FOLDER = "tests/soak";

/** 20 000 requests of clients that leave when they like, to each kind of server; see tests/soak/soak.ts. */
export function soak(ground: Ground): Leg[] {
  const { node24, bun } = ground.runtimes;
  const deno = ["run", "-A", "--quiet", "--v8-flags=--expose-gc", `${FOLDER}/server.ts`];
  return [
    {
      name: `soak, Deno ${Deno.version.deno}`,
      run: () => check(ground, [Deno.execPath(), ...deno]),
    },
    ...[{ ...node24, flags: ["--expose-gc"] }, { ...bun, flags: [] }].map(({ label, path, flags }) => ({
      name: `soak, ${label}`,
      async run() {
        // One copy a runtime: these legs run at the same time.
        const script = join(ground.scratch, `soak_${label.replaceAll(" ", "_")}.mjs`);
        await bundle(ground.env, ["--external=node:*", "--output", script, `${FOLDER}/server.ts`]);
        return await check(ground, [path, ...flags, script]);
      },
    })),
  ];
}

/** The last line that the script prints is `{ "passed": boolean, "detail": string }`. */
async function check({ env }: Ground, server: readonly string[]): Promise<Outcome> {
  const args = ["run", "-A", "--quiet", `${FOLDER}/soak.ts`, ...server];
  const { code, stdout, output } = await command(Deno.execPath(), args, { env, timeout: 280 });
  const last = stdout.trimEnd().split("\n").at(-1) ?? "";
  const { passed, detail }: { passed: boolean; detail: string } = last.startsWith("{")
    ? JSON.parse(last)
    : { passed: false, detail: "no verdict printed" };
  return verdict(code === 0 && passed === true, { note: detail, output });
}
