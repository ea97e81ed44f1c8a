/** Measures of the built artifact: what a bundle of it weighs, and how long a fresh process takes to import it. */
import { command } from "./lib/command.ts";
import { Failure } from "./lib/failure.ts";
import { join } from "./lib/path.ts";
import type { Runtime } from "./runtimes.ts";

export interface Size {
  readonly name: string;
  readonly minified: number;
  readonly gzip: number;
}

export interface Start {
  readonly runtime: string;
  /** Milliseconds that the import took, the median of fresh processes. */
  readonly figures: Readonly<Record<string, number>>;
}

/** The same job: open a scope, start a task in it, wait for it, cancel. */
const ENTRIES: Readonly<Record<string, string>> = {
  "TaskScope, core": 'import { TaskScope } from "@taskscope/taskscope"; self.all = { TaskScope };',
  "TaskScope, everything": 'import * as all from "@taskscope/taskscope"; self.all = all;',
  "Effect, fork and scope": 'import { Effect, Fiber } from "effect"; self.all = [Effect.runPromise, Effect.scoped, ' +
    "Effect.gen, Effect.forkScoped, Effect.promise, Effect.timeout, Fiber.join, Fiber.interrupt];",
  "Effection": 'import { call, createScope, run, sleep, spawn } from "effection"; ' +
    "self.all = { call, createScope, run, sleep, spawn };",
  "abort-controller-x": 'import { spawn } from "abort-controller-x"; self.all = { spawn };',
  "p-queue": 'import PQueue from "p-queue"; self.all = { PQueue };',
  "p-limit": 'import limit from "p-limit"; self.all = { limit };',
};

export async function bundleSizes(project: string): Promise<Size[]> {
  const sizes: Size[] = [];
  for (const [name, code] of Object.entries(ENTRIES)) {
    await Deno.writeTextFile(join(project, "size.js"), code);
    const args = ["bundle", "--quiet", "--platform", "browser", "--minify", "--output", "size.min.js", "size.js"];
    const { code: exit, output } = await command(Deno.execPath(), args, { cwd: project });
    if (exit !== 0) throw new Failure(`Cannot bundle ${name}:\n${output}`);
    const bytes = await Deno.readFile(join(project, "size.min.js"));
    const zipped = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
    sizes.push({ name, minified: bytes.length, gzip: (await new Response(zipped).bytes()).length });
  }
  return sizes;
}

const MODULES = ["@taskscope/taskscope", "effect", "effection", "abort-controller-x", "p-queue"];
const PROCESSES = 5;

export async function coldStart({ label, path }: Runtime, project: string): Promise<Start> {
  const found: Record<string, number[]> = {};
  for (let round = 0; round < PROCESSES; round++) {
    for (const name of MODULES) {
      const code = `const started = performance.now(); await import("${name}"); ` +
        "console.log(performance.now() - started);";
      await Deno.writeTextFile(join(project, "start.mjs"), code);
      const args = path === Deno.execPath() ? ["run", "-A", "start.mjs"] : ["start.mjs"];
      const { code: exit, stdout, output } = await command(path, args, { cwd: project });
      if (exit !== 0) throw new Failure(`Cannot import ${name}:\n${output}`);
      (found[name] ??= []).push(Number(stdout));
    }
  }
  const figures = Object.fromEntries(
    Object.entries(found).map(([name, all]) => [name, all.toSorted((a, b) => a - b)[all.length >> 1] ?? NaN]),
  );
  return { runtime: label, figures };
}
