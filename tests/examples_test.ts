/** Every example runs to its end, and says what it claims: exit code 0, and nothing on stderr. */
import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);
const AT_ONCE = 3;
const LIMIT = 30_000; // of a loaded machine; alone, each takes well under 1.5 s
const LONGEST = 60; // lines

const names = Array.from(Deno.readDirSync(new URL("examples/", ROOT)), ({ name }) => name)
  .filter((name) => name.endsWith(".ts"))
  .sort();

Deno.test("examples: there is one for each pattern of the design", () => {
  for (
    const pattern of [
      "detach_with_deadline",
      "release_on_settle",
      "upload_accepted",
      "shield",
      "abortable",
      "refused_without_deadline",
      "await_using",
      "supervise",
      "limits_backpressure",
      "hedge_retry",
    ]
  ) assert(names.includes(`${pattern}.ts`), `examples/${pattern}.ts is missing`);
});

Deno.test(`examples: none is longer than ${LONGEST} lines`, async () => {
  for (const name of names) {
    const lines = (await Deno.readTextFile(new URL(`examples/${name}`, ROOT))).split("\n").length - 1;
    assert(lines <= LONGEST, `examples/${name} has ${lines} lines`);
  }
});

Deno.test("examples: each ends by itself with exit code 0", async (t) => {
  const left = [...names];
  const worker = async () => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await step(name);
  };
  const step = (name: string) =>
    t.step({
      name,
      fn: () => runExample(name),
      sanitizeExit: false, // all three: steps run beside each other
      sanitizeOps: false,
      sanitizeResources: false,
    });
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  assertEquals(left, []);
});

async function runExample(name: string): Promise<void> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--config", "deno.json", `examples/${name}`],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(LIMIT),
  }).output();
  const text = new TextDecoder();
  assertEquals({ code, stderr: text.decode(stderr) }, { code: 0, stderr: "" });
  assert(stdout.length > 0, "prints nothing");
}
