import { assertEquals, assertStringIncludes } from "@std/assert";
import { Newcomer } from "../newcomer.ts";
import { readme, start } from "../page.ts";
import { type Case, MISSING, withoutDeadline } from "./case.ts";

export const deno: readonly Case[] = [
  {
    name: "README on Deno",
    async run(world) {
      await using newcomer = new Newcomer(world, "readme_deno");
      const { file, commands: [serve = ""] } = readme.section("Start");
      await newcomer.run(...readme.section("Install").commands.filter((line) => line.startsWith("deno ")));
      await newcomer.write("server.ts", file("server.ts"));
      const server = await newcomer.serve(serve);
      await server.answersAndGoesOn();
    },
  },
  {
    name: "Deno",
    async run(world) {
      await using newcomer = new Newcomer(world, "deno");
      const { file, commands: [add = "", serve = ""] } = start.section("Deno");
      await newcomer.run(add);
      await newcomer.write("server.ts", file("server.ts"));
      await newcomer.write("wrong.ts", withoutDeadline(file("server.ts")));
      const { code, output } = await newcomer.attempt("deno check server.ts wrong.ts");
      assertEquals([code, output.includes("/wrong.ts:"), output.includes("/server.ts:")], [1, true, false], output);
      assertStringIncludes(output, MISSING.inTypeScript);
      const unchecked = await newcomer.serve(serve.replace("server.ts", "wrong.ts"));
      await unchecked.refuses(MISSING.atRunTime);
      const server = await newcomer.serve(serve);
      await server.answersAndGoesOn();
      await server.drains(143);
      assertEquals(server.printed.includes("request.signal aborts"), false);
    },
  },
];
