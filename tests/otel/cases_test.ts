import { assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { cases } from "./cases.ts";

for (const [name, run] of Object.entries(cases)) Deno.test(`instrument(): ${name}`, run);

Deno.test("instrument() names the version of the package", async () => {
  const source = await Deno.readTextFile(new URL("../../src/otel.ts", import.meta.url));
  assertEquals(source.match(/const VERSION = "(.*)"/)?.[1], config.version);
});
