import { assertEquals } from "@std/assert";
import { listedDependencies } from "../../tools/lib/listed_dependencies.ts";

const page = (...items: string[]) =>
  `- \`ahead\`: of the section\n\n## Dependencies\n\nSome, \`here\`.\n\n${
    items.join("\n")
  }\n\nAnd \`more\`.\n\n## End\n\n- \`b\`\n`;

Deno.test("listedDependencies() reads what is published, with its entries, and what is not, also over several lines", () => {
  const { listed, problems } = listedDependencies(page(
    "- `zod` (MIT, dependency) checks limits: `./http`,\n  `./testing`",
    "- `bullmq` (MIT, optional peer) is the engine: yours, for: `./durable/bullmq`",
    "",
    "- MIT, runtimes and\n  servers: `node-*`,\n  `@hono/node-server`",
    "- MIT OR Apache-2.0: `@cloudflare/workers-types`",
  ));
  assertEquals(problems, []);
  assertEquals(Object.fromEntries(listed), {
    zod: { license: "MIT", as: "dependency", entries: ["./http", "./testing"] },
    bullmq: { license: "MIT", as: "optional peer", entries: ["./durable/bullmq"] },
    "node-*": { license: "MIT", entries: [] },
    "@hono/node-server": { license: "MIT", entries: [] },
    "@cloudflare/workers-types": { license: "MIT OR Apache-2.0", entries: [] },
  });
});

Deno.test("listedDependencies() reports a package that is listed twice, and an item that it cannot read", () => {
  const { problems } = listedDependencies(page("- MIT: `ajv`", "- ISC: `ajv`", "- `saxes` of ISC", "- MIT: none"));
  assertEquals(problems, [
    "ajv is in SECURITY.md twice",
    "SECURITY.md has a dependency in no known form: `saxes` of ISC",
    "SECURITY.md has a dependency in no known form: MIT: none",
  ]);
});
