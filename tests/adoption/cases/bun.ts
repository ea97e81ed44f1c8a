import { Newcomer } from "../newcomer.ts";
import { readme, start } from "../page.ts";
import { type Case, MISSING, withoutDeadline } from "./case.ts";

export const bun: readonly Case[] = [
  {
    name: "README on Bun",
    async run(world) {
      await using newcomer = new Newcomer(world, "readme_bun");
      const { file, commands: [, serve = ""] } = readme.section("Start");
      await newcomer.run(...readme.section("Install").commands.filter((line) => line.startsWith("bun ")));
      await newcomer.write("server.ts", file("server.ts"));
      const server = await newcomer.serve(serve);
      await server.answersAndGoesOn();
    },
  },
  {
    name: "Bun",
    async run(world) {
      await using newcomer = new Newcomer(world, "bun");
      const { file, commands: [add = "", serve = ""] } = start.section("Bun");
      await newcomer.run(add);
      await newcomer.write("server.ts", withoutDeadline(file("server.ts")));
      await (await newcomer.serve(serve)).refuses(MISSING.atRunTime);
      await newcomer.write("server.ts", file("server.ts"));
      const server = await newcomer.serve(serve);
      await server.answersAndGoesOn();
      await server.drains(143);
    },
  },
];
