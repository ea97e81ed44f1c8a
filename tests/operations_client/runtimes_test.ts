/** The client on each runtime, against a real server; and what it weighs. */
import { assert, assertEquals } from "@std/assert";
import { bundle } from "../../tools/lib/bundle.ts";
import { command } from "../../tools/lib/command.ts";
import { moduleGraph } from "../../tools/lib/module_graph.ts";
import { join } from "../../tools/lib/path.ts";
import { runtimes } from "../../tools/runtimes.ts";
import { stdEnv } from "../../tools/std.ts";
import { serve, type TestServer } from "./server.ts";
import { tour } from "./tour.ts";

const LIMIT_BYTES = 6 * 1024; // compressed

const EXPECTED = [
  "events: succeeded, a has 3 pages",
  "polls: succeeded, b has 3 pages",
  "cancel: canceled, AbortError",
  "cancel again: canceled",
  "result: no such report",
  "problem: 400 Bad Request, title",
  "one key: one operation",
  "signal: true",
  "left while running",
];

const CONFIG = (port: string) =>
  `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (services = [
  (name = "main", worker = .worker),
  (name = "internet", network = (allow = ["private"])),
]);
const worker :Workerd.Worker = (
  modules = [(name = "tour.js", esModule = embed "tour.js")],
  compatibilityDate = "2026-11-01",
  bindings = [(name = "BASE", text = "http://127.0.0.1:${port}")],
);
`;

/** Every client has left, every operation has ended: nothing of them is held. */
async function assertIdle({ operations }: TestServer): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const { running, listeners } = operations.counters;
    if (running + listeners === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10)); // the server hears of a client that left when it hears of it
  }
  assertEquals(operations.counters, { running: 0, listeners: 0 });
}

async function onServer(run: (server: TestServer) => Promise<string[]>): Promise<void> {
  const server = serve();
  try {
    assertEquals(await run(server), EXPECTED);
    await assertIdle(server);
  } finally {
    await server.close();
  }
}

Deno.test("operationsClient() on Deno", async () => {
  await onServer(({ url }) => tour(url));
});

Deno.test("operationsClient() on Bun, Node and workerd", async (t) => {
  const installed = await runtimes();
  const folder = await Deno.makeTempDir({ prefix: "taskscope-client-" });
  try {
    await bundle(await stdEnv(), ["--output", join(folder, "tour.js"), "tests/operations_client/tour.ts"]);
    const linesOf = async (program: string, args: string[]) => {
      const { code, output } = await command(program, args, { cwd: folder, timeout: 60 });
      assertEquals(code, 0, output);
      return output.split("\n").filter((line) => EXPECTED.includes(line) || !line.includes("[ PASS ]"));
    };
    for (const { label, path } of [installed.bun, installed.node22, installed.node24]) {
      await t.step(label, () =>
        onServer(({ url }) => {
          const code = `import("./tour.js").then(async ({ tour }) => console.log((await tour("${url}")).join("\\n")))`;
          return linesOf(path, ["-e", code]);
        }));
    }
    await t.step(installed.workerd.label, () =>
      onServer(async ({ url }) => {
        await Deno.writeTextFile(join(folder, "workerd.capnp"), CONFIG(new URL(url).port));
        const lines = await linesOf(installed.workerd.path, ["test", "workerd.capnp"]);
        return lines.filter((line) => EXPECTED.includes(line) || /error|fail/i.test(line));
      }));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test(`operationsClient() is less than ${LIMIT_BYTES} bytes, and has neither the core nor a package in it`, async () => {
  const env = await stdEnv();
  const folder = await Deno.makeTempDir({ prefix: "taskscope-client-" });
  try {
    const [entry, script] = [join(folder, "entry.ts"), join(folder, "entry.js")];
    const name = "@taskscope/taskscope/operations/client";
    await Deno.writeTextFile(
      entry,
      `import { operationsClient } from "${name}"; Object.assign(self, { operationsClient });`,
    );
    await bundle(env, ["--config=deno.json", "--minify", "--output", script, entry]);
    const file = await Deno.open(script);
    const bytes = await new Response(file.readable.pipeThrough(new CompressionStream("gzip"))).bytes();
    assert(bytes.length < LIMIT_BYTES, `${bytes.length} bytes`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  const modules = await moduleGraph(["src/http/operations_client/mod.ts"], env);
  const files = modules.map(({ specifier }) => specifier.replace(/^.*\/src\//, ""));
  assertEquals(files.filter((file) => !/^http\/operations_client\//.test(file)).sort(), [
    "deadline.ts",
    "http/digest.ts",
    "http/operations/bell.ts",
    "http/operations/operation.ts",
    "http/operations/standard_schema.ts",
    "signals.ts",
    "validate.ts",
  ]);
});
