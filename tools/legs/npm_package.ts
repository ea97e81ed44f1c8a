import config from "../../deno.json" with { type: "json" };
import { command } from "../lib/command.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, type Outcome, verdict } from "../lib/leg.ts";
import { join } from "../lib/path.ts";
import { tsc } from "../lib/typescript.ts";

/** The npm package can be built, packed and installed, and TypeScript accepts its declarations, strictly. */
export function npmPackageLegs(ground: Ground): Leg[] {
  return [
    {
      name: "npm package builds and installs",
      run: async () => verdict(await ground.project() !== "", {}),
    },
    ...["nodenext", "preserve"].map((module) => ({
      name: `npm package types, module ${module}`,
      run: () => checkTypes(ground, module),
    })),
  ];
}

/** A program that has every declaration of the package in it. */
export function everyEntry(): string {
  const imports = Object.keys(config.exports).map((entry, index) =>
    `export * as entry${index} from "${config.name}${entry.slice(1)}";\n`
  );
  return imports.join("");
}

async function checkTypes(ground: Ground, module: string): Promise<Outcome> {
  const project = await ground.project();
  const consumer = `consumer_${module}.ts`;
  await Deno.writeTextFile(join(project, consumer), everyEntry());
  const { code, output } = await command(ground.runtimes.node24.path, [
    await tsc(),
    ...["--noEmit", "--strict", "--target", "esnext"],
    ...["--module", module, consumer],
  ], { cwd: project });
  return verdict(code === 0, { output });
}
