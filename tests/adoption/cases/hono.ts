import { Newcomer } from "../newcomer.ts";
import { start } from "../page.ts";
import type { World } from "../world.ts";
import { type Case, NODES } from "./case.ts";
import { wranglerConfig, wranglerDev } from "./cloudflare.ts";

export const hono: readonly Case[] = [
  { name: "Hono on Deno", run: (world) => onServer(world, "Hono on Deno") },
  { name: "Hono on Bun", run: (world) => onServer(world, "Hono on Bun") },
  { name: "Hono on Node", run: (world) => onServer(world, "Hono on Node", NODES) },
  {
    name: "Hono on Cloudflare",
    async run(world) {
      await using newcomer = new Newcomer(world, "hono_cloudflare");
      await newcomer.run(...start.section("Hono on Bun").commands.filter((line) => line.startsWith("bun add ")));
      await newcomer.write("app.ts", start.section("Hono").file("app.ts"));
      await (await wranglerDev(newcomer, { ...wranglerConfig(), main: "app.ts" })).answersAndGoesOn();
    },
  },
];

async function onServer(world: World, heading: string, nodes: readonly (typeof NODES)[number][] = ["node24"]) {
  await using newcomer = new Newcomer(world, heading);
  const { file, commands } = start.section(heading);
  await newcomer.run(...commands.slice(0, -1));
  await newcomer.write("app.ts", start.section("Hono").file("app.ts"));
  await newcomer.write("server.ts", file("server.ts"));
  for (const version of nodes) {
    newcomer.node = world[version];
    const server = await newcomer.serve(commands.at(-1) ?? "");
    await server.answersAndGoesOn();
    await server.drains(143);
  }
}
