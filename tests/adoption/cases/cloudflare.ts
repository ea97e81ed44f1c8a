import { assertEquals } from "@std/assert";
import { Newcomer } from "../newcomer.ts";
import { readme, start } from "../page.ts";
import type { Case } from "./case.ts";

/** As much of wrangler.jsonc as workerd needs. */
export interface WranglerConfig {
  readonly main: string;
  readonly compatibility_date: string;
  readonly compatibility_flags: readonly string[];
}

/** The settings of the page. */
export function wranglerConfig(): WranglerConfig {
  const text = start.section("Cloudflare Workers").file("wrangler.jsonc");
  return JSON.parse(text.replace(/\/\/ .*$/gm, ""));
}

/**
 * What `wrangler dev` does, without wrangler, which is large: one file is made of `main` with esbuild, by way of
 * `deno bundle`, and workerd is started with the date and the flags.
 */
export async function wranglerDev(newcomer: Newcomer, config: WranglerConfig) {
  await newcomer.bundle(config.main, "worker.js");
  await newcomer.write(
    "workerd.capnp",
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker.js", esModule = embed "worker.js")],
    compatibilityDate = ${JSON.stringify(config.compatibility_date)},
    compatibilityFlags = ${JSON.stringify(config.compatibility_flags)},
  ))],
  sockets = [(name = "http", address = "127.0.0.1:8000", http = (), service = "main")],
);
`,
  );
  return await newcomer.serve("workerd serve workerd.capnp");
}

export const cloudflare: readonly Case[] = [
  {
    name: "Cloudflare Worker",
    async run(world) {
      await using newcomer = new Newcomer(world, "cloudflare");
      const { commands } = start.section("Cloudflare Workers");
      await newcomer.run(...commands.filter((line) => !line.includes("wrangler")));
      await newcomer.write("server.ts", readme.section("Start").file("server.ts"));
      const config = wranglerConfig();
      assertEquals(config.compatibility_flags.includes("enable_request_signal"), true);
      await (await wranglerDev(newcomer, config)).answersAndGoesOn();
    },
  },
];
