import { assert, assertEquals, assertThrows } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { command } from "../../tools/lib/command.ts";
import { Failure } from "../../tools/lib/failure.ts";
import { absoluteLinks, releaseOf } from "../../tools/lib/release.ts";

const JSR = { JSR_URL: "https://jsr.io" };
const ACTIONS = { GITHUB_REPOSITORY: "Some-Owner/name.of.it" };

Deno.test("releaseOf() names the repository as GitHub Actions does, in its case", () => {
  const { manifest } = releaseOf(JSR, ACTIONS);
  assertEquals(manifest.repository, { type: "git", url: "git+https://github.com/Some-Owner/name.of.it.git" });
  assertEquals(manifest.homepage, "https://github.com/Some-Owner/name.of.it#readme");
  assertEquals(manifest.bugs, { url: "https://github.com/Some-Owner/name.of.it/issues" });
  const elsewhere = releaseOf(JSR, { ...ACTIONS, GITHUB_SERVER_URL: "https://git.example" });
  assertEquals(elsewhere.manifest.homepage, "https://git.example/Some-Owner/name.of.it#readme");
});

Deno.test("releaseOf() refuses without a repository", () => {
  for (const repository of [undefined, "", "name", "a/b/c", "a/b c"]) {
    const actions: Record<string, string> = repository === undefined ? {} : { GITHUB_REPOSITORY: repository };
    assertThrows(() => releaseOf(JSR, actions), Failure, "GITHUB_REPOSITORY must be owner/name");
  }
});

Deno.test("absoluteLinks() makes links to files absolute, and leaves all others", () => {
  const { files } = releaseOf(JSR, ACTIONS);
  const page = "[a](docs/why.md) [b](docs/x.md#y) [c](#here) [d](https://semver.org) [e](mailto:a@b.c) ![f](f.svg)";
  const base = `https://github.com/Some-Owner/name.of.it/blob/v${config.version}/`;
  assertEquals(
    absoluteLinks(page, { files }),
    `[a](${base}docs/why.md) [b](${base}docs/x.md#y) [c](#here) [d](https://semver.org) [e](mailto:a@b.c) ![f](${base}f.svg)`,
  );
  const code = "```js\nhandlers[0](request);\n```\n";
  assertEquals(absoluteLinks(code, { files }), code);
});

Deno.test("build:npm --release refuses @std that is not from JSR, before it touches anything", async () => {
  const { code, output } = await command(
    Deno.execPath(),
    ["run", "-A", "--quiet", "tools/build_npm.ts", "--release"],
    { env: { JSR_URL: "file:///a/stand-in/", ...ACTIONS } },
  );
  assertEquals(code, 1);
  assert(output.startsWith("Cannot build a release: @std becomes part of it"), output);
  assertEquals(output.split("\n").length, 1);
});
