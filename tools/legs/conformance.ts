import { bundle } from "../lib/bundle.ts";
import { command, type CommandResult, ROOT } from "../lib/command.ts";
import { type Ground, once } from "../lib/ground.ts";
import type { Leg, Outcome } from "../lib/leg.ts";
import { join } from "../lib/path.ts";
import type { Runtime } from "../runtimes.ts";

const ENTRY = "tests/conformance/worker.ts";

/** The conformance suite where there is no `Deno.test`, and on Deno while everything is watched. */
export function conformance(ground: Ground): Leg[] {
  const { node22, node24, bun } = ground.runtimes;
  const installed = once(() => bundleForPackage(ground));
  const whole = once(() => bundleForWorkerd(ground));
  return [
    ...[node22, node24, bun].map((runtime) => onServer(runtime, installed)),
    onWorkerd(ground, "node", "", whole),
    onWorkerd(ground, "plain", " without Node APIs", whole),
    watched(ground),
  ];
}

/** Node and Bun run the suite against the installed npm package, as users do. */
function onServer(runtime: Runtime, project: () => Promise<string>): Leg {
  return {
    name: `conformance, ${runtime.label}`,
    async run() {
      const start = 'import("./conformance.js").then((suite) => suite.main())';
      const cwd = await project();
      return read(
        await command(runtime.path, ["-e", start], { cwd, timeout: 120 }),
      );
    },
  };
}

function onWorkerd(
  { runtimes: { workerd } }: Ground,
  service: string,
  suffix: string,
  folder: () => Promise<string>,
): Leg {
  return {
    name: `conformance, ${workerd.label}${suffix}`,
    async run() {
      const args = ["test", "workerd.capnp", service];
      const cwd = await folder();
      return read(await command(workerd.path, args, { cwd, timeout: 120 }));
    },
  };
}

/** On Deno, with a recorder and warnings of misuse. */
function watched({ env }: Ground): Leg {
  return {
    name: `conformance, Deno ${Deno.version.deno}, watched`,
    async run() {
      const args = ["run", "-A", "tests/conformance/watched.ts"];
      return read(await command(Deno.execPath(), args, { env, timeout: 120 }));
    },
  };
}

async function bundleForPackage(ground: Ground): Promise<string> {
  const project = await ground.project();
  await bundle(ground.env, [
    "--external=@taskscope/taskscope",
    ...["--output", join(project, "conformance.js"), ENTRY],
  ]);
  return project;
}

async function bundleForWorkerd({ env, scratch }: Ground): Promise<string> {
  const folder = join(scratch, "workerd");
  await Deno.mkdir(folder);
  await bundle(env, ["--output", join(folder, "conformance.js"), ENTRY]);
  await Deno.copyFile(
    join(ROOT, "tests/conformance/workerd.capnp"),
    join(folder, "workerd.capnp"),
  );
  return folder;
}

/** The suite prints its counts last; a process that fails without them, or after them, is one more failure. */
function read({ code, stdout, output }: CommandResult): Outcome {
  const counts = stdout.match(/^\{"passed":(\d+),"failed":(\d+)\}$/m);
  const passed = Number(counts?.[1] ?? 0);
  const failed = Number(counts?.[2] ?? 0);
  return {
    passed,
    failed: code !== 0 && failed === 0 ? 1 : failed,
    output,
  };
}
