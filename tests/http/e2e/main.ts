/**
 * Runs the scenarios against servers, each a process of its own.
 *
 * ```sh
 * deno run -A tests/http/e2e/main.ts process deno run -A server.ts
 * deno run -A tests/http/e2e/main.ts workerd workerd folder
 * ```
 *
 * The last line printed is `{"passed":…,"failed":…}`.
 */
import { abortBinding, type Client, connectTo } from "./client.ts";
import { drains } from "./drain.ts";
import { startProcess, startWorkerd } from "./engines.ts";
import { type Knowledge, scenarios } from "./scenarios.ts";

const total = { passed: 0, failed: 0 };

async function test(name: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
    total.passed++;
    console.log(`ok    ${name}`);
  } catch (error) {
    total.failed++;
    console.log(`FAIL  ${name}\n${error instanceof Error ? error.stack : error}`);
  }
}

/** Scenarios do not disturb each other, save the last, which looks at all of them. */
async function runScenarios(where: string, client: Client, knows: Knowledge): Promise<void> {
  const run = (scenario: typeof scenarios[number], index: number) =>
    test(`${scenario.name}${where}`, () => scenario.run(client, `r${total.passed + total.failed}x${index}`, knows));
  await Promise.all(scenarios.slice(0, -1).map(run));
  await Promise.all(scenarios.slice(-1).map((last) => run(last, scenarios.length)));
}

const UNKNOWN = "client disconnect is not observable here: ";

async function onWorkerd(workerd: string, folder: string): Promise<void> {
  await using engine = await startWorkerd(workerd, folder);
  const { ports: [on = 0, off = 0, onBehind = 0, offBehind = 0] } = engine;
  // Over a plain socket, workerd itself hears of a client that left before the first byte only when it answers.
  await runScenarios(", over a socket", connectTo(on), { before: false, note: null });
  await runScenarios(", over a socket, without the flag", connectTo(off), { before: false, note: UNKNOWN });
  await runScenarios(", over a binding", connectTo(onBehind, abortBinding), { before: true, note: null });
  const behind = connectTo(offBehind, abortBinding);
  await runScenarios(", over a binding, without the flag", behind, { before: false, note: UNKNOWN });
}

async function onProcess(args: string[]): Promise<void> {
  {
    await using server = await startProcess(args);
    await runScenarios("", connectTo(server.port), { before: true, note: null });
  }
  if (Deno.build.os !== "windows") await test("SIGTERM drains", () => drains(args)); // it has no SIGTERM
}

const [kind, ...args] = Deno.args;
if (kind === "workerd") await onWorkerd(args[0] ?? "", args[1] ?? "");
else await onProcess(args);
console.log(JSON.stringify(total));
Deno.exit(total.failed > 0 ? 1 : 0);
