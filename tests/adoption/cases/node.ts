import { assertNotEquals, assertStringIncludes } from "@std/assert";
import { Newcomer } from "../newcomer.ts";
import { start } from "../page.ts";
import { type Case, MISSING, NODES, withoutDeadline } from "./case.ts";

/** What the page says of a bundler. */
const FOR_A_BUNDLER = '"module": "esnext", "moduleResolution": "bundler"';

/** Node 22 knows no such syntax: what the page says of the target is for this. */
const AWAIT_USING = `
import { TaskScope } from "@taskscope/taskscope";
await using scope = new TaskScope();
scope.defer(() => console.log("closed"));
`;

const [ENDS_WELL = ""] = start.section("When the process is told to end").texts;

export const node: readonly Case[] = [
  {
    name: "Node, TypeScript",
    async run(world) {
      await using newcomer = new Newcomer(world, "typescript");
      const { file, commands } = start.section("Node, TypeScript");
      const [compile = "", serve = ""] = commands.slice(-2);
      await newcomer.run(...commands.slice(0, -2));
      await newcomer.write("tsconfig.json", file("tsconfig.json"));

      await newcomer.write("server.ts", withoutDeadline(file("server.ts")));
      const { code, output } = await newcomer.attempt(compile);
      assertNotEquals(code, 0);
      assertStringIncludes(output, MISSING.inTypeScript);

      await newcomer.write("server.ts", file("server.ts"));
      await newcomer.write("scope.ts", AWAIT_USING);
      await newcomer.run(compile);
      for (const version of NODES) {
        newcomer.node = world[version];
        await newcomer.run("node dist/scope.js");
        const server = await newcomer.serve(serve);
        await server.answersAndGoesOn();
        await server.drains(143);
        await (await newcomer.serve("node server.ts")).answersAndGoesOn();
      }

      await newcomer.write("tsconfig.json", file("tsconfig.json").replace('"module": "nodenext"', FOR_A_BUNDLER));
      await newcomer.run(compile);
      for (const version of NODES) {
        newcomer.node = world[version];
        await (await newcomer.serve(serve)).answersAndGoesOn();
      }
    },
  },
  {
    name: "Node, JavaScript",
    async run(world) {
      await using newcomer = new Newcomer(world, "javascript");
      const { file, commands } = start.section("Node, JavaScript");
      const [serve = ""] = commands.slice(-1);
      await newcomer.run(...commands.slice(0, -1));
      const module = start.section("Node, TypeScript").file("server.ts"); // "has no types in it"
      await newcomer.write("wrong.mjs", withoutDeadline(module));
      await newcomer.write("server.mjs", module.replace("nodeLifetime();", ENDS_WELL));
      await newcomer.write("server.cjs", file("server.cjs"));
      for (const version of NODES) {
        newcomer.node = world[version];
        await (await newcomer.serve("node wrong.mjs")).refuses(MISSING.atRunTime);
        const esm = await newcomer.serve("node server.mjs");
        await esm.answersAndGoesOn();
        await esm.drains(0);
        const commonJs = await newcomer.serve(serve);
        await commonJs.answersAndGoesOn();
        await commonJs.drains(143);
      }
    },
  },
];
