import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { ROOT } from "../../tools/lib/command.ts";
import { Failure } from "../../tools/lib/failure.ts";
import { listFiles } from "../../tools/lib/files.ts";
import { join } from "../../tools/lib/path.ts";
import { npmTag, whatToPublish } from "../../tools/what_to_publish.ts";

const { name, version } = config;
const WORKFLOWS = join(ROOT, ".github/workflows");
const TAG = `v${version}`;
const CHANGELOG = `# Changelog\n\n## [${version}] - 2026-12-24\n`;

/** Registries that have these versions of the package; `undefined`: they do not know it. */
async function withRegistries(
  versions: { jsr?: string[]; npm?: string[] },
  use: (registries: { jsr: string; npm: string }) => Promise<void>,
): Promise<void> {
  const paths: Record<string, string[] | undefined> = {
    [`/jsr/${name}/meta.json`]: versions.jsr,
    [`/npm/${name.replace("/", "%2f")}`]: versions.npm,
  };
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    const found = paths[new URL(url).pathname];
    if (!found) return new Response("not found", { status: 404 });
    return Response.json({ versions: Object.fromEntries(found.map((version) => [version, {}])) });
  });
  const origin = `http://127.0.0.1:${server.addr.port}`;
  await use({ jsr: `${origin}/jsr`, npm: `${origin}/npm` });
}

/** What is missing everywhere, and is the newest. */
const ALL = { jsr: true, npm: true, npm_tag: "latest" };

Deno.test("whatToPublish() goes on where an earlier run stopped", async () => {
  await withRegistries({ npm: ["0.0.0"] }, async (registries) => {
    assertEquals(await whatToPublish(TAG, CHANGELOG, registries), ALL);
  });
  await withRegistries({ jsr: [version], npm: ["0.0.0"] }, async (registries) => {
    assertEquals(await whatToPublish(TAG, CHANGELOG, registries), { ...ALL, jsr: false });
  });
  await withRegistries({ jsr: [], npm: ["0.0.0", version] }, async (registries) => {
    assertEquals(await whatToPublish(TAG, CHANGELOG, registries), { ...ALL, npm: false });
  });
});

// npm refuses to make these the latest by itself, when JSR has them already: the release could never go on.
Deno.test("npmTag() is latest for the newest version only, not for one before a release or of an older line", () => {
  assertEquals(npmTag("0.1.0", []), "latest");
  assertEquals(npmTag("0.10.0", ["0.0.0", "0.9.1", "1.0.0-rc.1"]), "latest");
  assertEquals(npmTag("0.2.0-beta.1", ["0.1.0"]), "next");
  assertEquals(npmTag("0.9.2", ["0.9.1", "0.10.0"]), "backport");
});

Deno.test("whatToPublish() says in one sentence that a registry cannot be reached", async () => {
  const closed = "http://127.0.0.1:9";
  await assertRejects(() => whatToPublish(TAG, CHANGELOG, { jsr: closed, npm: closed }), Failure, "cannot be reached");
});

Deno.test("whatToPublish() refuses what is published, another tag, and a version that has no day", async () => {
  await withRegistries({ jsr: [version], npm: [version] }, async (registries) => {
    await assertRejects(() => whatToPublish(TAG, CHANGELOG, registries), Failure, "have it already");
    await assertRejects(() => whatToPublish("v9.9.9", CHANGELOG, registries), Failure, `has version ${version}`);
    await assertRejects(() => whatToPublish(version, CHANGELOG, registries), Failure, `has version ${version}`);
    const unreleased = CHANGELOG.replace("2026-12-24", "unreleased");
    await assertRejects(() => whatToPublish(TAG, unreleased, registries), Failure, "the day of the release");
    await assertRejects(() => whatToPublish(TAG, "# Changelog", registries), Failure, "the day of the release");
  });
});

Deno.test("whatToPublish() does not take a registry that fails for one that has nothing", async () => {
  await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => {
    return new Response("busy", { status: 503 });
  });
  const busy = `http://127.0.0.1:${server.addr.port}`;
  await assertRejects(() => whatToPublish(TAG, CHANGELOG, { jsr: busy, npm: busy }), Failure, "answers 503");
});

Deno.test("workflows take actions by their commit, and none of them keeps the token of the repository", async () => {
  for (const name of await listFiles(WORKFLOWS)) {
    const workflow = await Deno.readTextFile(join(WORKFLOWS, name));
    const actions = Array.from(workflow.matchAll(/uses: (\S+( #.*)?)/g), ([, action = ""]) => action);
    assert(actions.length > 0, name);
    for (const action of actions) assertMatch(action, /^actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, name);
    const checkouts = workflow.match(/checkout@.*\n +with:\n +persist-credentials: false\n/g) ?? [];
    assertEquals(checkouts.length, actions.filter((action) => action.includes("checkout@")).length, name);
    assert(!workflow.includes("secrets."), name);
  }
});

Deno.test("publish.yml lets only the job that publishes ask for a token, and no test near what is published", async () => {
  const workflow = await Deno.readTextFile(join(WORKFLOWS, "publish.yml"));
  const [, gate = "", pack = "", publish = ""] = workflow.split(/\n {2}(?:gate|package|publish):\n/);
  assert(!`${gate}${pack}`.includes("id-token"));
  assertStringIncludes(gate, ".ci/run");
  assert(!`${pack}${publish}`.includes(".ci/run"));
  assertStringIncludes(publish, "needs: [gate, package]\n");
  assertStringIncludes(publish, "id-token: write");
});

Deno.test("publish.yml can run again as a whole, and names what npm is to call the version", async () => {
  const workflow = await Deno.readTextFile(join(WORKFLOWS, "publish.yml"));
  assertMatch(workflow, /upload-artifact@.*\n +with:\n( +.*\n)*? +overwrite: true /);
  assertMatch(
    workflow,
    /npm publish .* --tag "\$NPM_TAG"\n +env:\n +NPM_TAG: \$\{\{ steps\.missing\.outputs\.npm_tag \}\}/,
  );
});
