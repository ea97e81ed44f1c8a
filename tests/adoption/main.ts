/**
 * Takes up the package on each runtime, from an empty folder, with what README.md and docs/start.md say and nothing else.
 *
 * ```sh
 * deno run -A tests/adoption/main.ts '{"world": {…}, "packages": {…}}'
 * ```
 *
 * The last line printed is `{"passed":…,"failed":…}`.
 */
import { assertEquals } from "@std/assert";
import { pathToFileURL } from "node:url";
import { join } from "../../tools/lib/path.ts";
import { bun } from "./cases/bun.ts";
import type { Case } from "./cases/case.ts";
import { cloudflare } from "./cases/cloudflare.ts";
import { deno } from "./cases/deno.ts";
import { hono } from "./cases/hono.ts";
import { node } from "./cases/node.ts";
import { layOutJsr } from "./jsr_registry.ts";
import { serveNpm } from "./npm_registry.ts";
import { readme, start } from "./page.ts";
import type { World } from "./world.ts";

/** What one waits for, another computes. */
const AT_ONCE = 4;

interface Input {
  readonly world: Omit<World, "registry" | "jsr">;
  /** The folders of the packages that the npm registry has. */
  readonly packages: Readonly<Record<string, string>>;
}

const total = { passed: 0, failed: 0 };

async function test(name: string, run: () => unknown): Promise<void> {
  const started = performance.now();
  try {
    await run();
    total.passed++;
    console.log(`ok    ${name} (${Math.round(performance.now() - started)} ms)`);
  } catch (error) {
    total.failed++;
    console.log(`FAIL  ${name}\n${error instanceof Error ? error.stack : error}`);
  }
}

async function runAll(cases: readonly Case[], world: World): Promise<void> {
  const queue = [...cases];
  const work = async () => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { name, run } = next;
      await test(name, () => run(world));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

const { world, packages }: Input = JSON.parse(Deno.args[0] ?? "");
{
  await using npm = serveNpm(packages);
  const jsr = join(world.scratch, "jsr");
  await layOutJsr(jsr);
  const cases = [...node, ...deno, ...bun, ...cloudflare, ...hono];
  await runAll(cases, { ...world, registry: npm.url, jsr: `${pathToFileURL(jsr)}/` });
}
await test("each block of docs/start.md was followed", () => assertEquals(start.unread(), []));
await test("README.md installs as docs/start.md does", () => {
  const commands = ["Deno", "Bun", "Node, JavaScript"].flatMap((heading) => start.section(heading).commands);
  assertEquals(readme.section("Install").commands.filter((line) => !commands.includes(line)), []);
});
await test("README's first steps were followed", () => assertEquals(readme.unread("Install", "Start"), []));
console.log(JSON.stringify(total));
Deno.exit(total.failed > 0 ? 1 : 0);
