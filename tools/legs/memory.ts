import { bundle } from "../lib/bundle.ts";
import { command, ROOT } from "../lib/command.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, type Outcome, verdict } from "../lib/leg.ts";
import { join } from "../lib/path.ts";

const SCRIPT = "tests/memory/requests.ts";

/** The memory check; each runtime shows its garbage collector to the script in its own way. */
export function memory(ground: Ground): Leg[] {
  const { node22, node24, bun } = ground.runtimes;
  const deno = { label: `Deno ${Deno.version.deno}`, path: Deno.execPath() };
  const script = "memory.js";
  return [
    {
      name: `memory, ${deno.label}`,
      run: () =>
        check(
          deno.path,
          ["run", "-A", "--v8-flags=--expose-gc", SCRIPT],
          ROOT,
          ground.env,
        ),
    },
    ...[node22, node24, bun].map(({ label, path }) => ({
      name: `memory, ${label}`,
      async run() {
        const project = await ground.project();
        // One copy a runtime: these legs run at the same time.
        const file = `${label.replaceAll(" ", "_")}_${script}`;
        await bundle(ground.env, [
          "--external=@taskscope/taskscope",
          ...["--output", join(project, file), SCRIPT],
        ]);
        return await check(path, ["--expose-gc", file], project);
      },
    })),
  ];
}

/** The last line that the script prints is `{ "passed": boolean, "detail": string }`. */
export async function check(
  program: string,
  args: string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<Outcome> {
  const { code, stdout, output } = await command(program, args, { cwd, env });
  const last = stdout.trimEnd().split("\n").at(-1) ?? "";
  const { passed, detail }: { passed: boolean; detail: string } = last.startsWith("{")
    ? JSON.parse(last)
    : { passed: false, detail: "no verdict printed" };
  return verdict(code === 0 && passed === true, { note: detail, output });
}
