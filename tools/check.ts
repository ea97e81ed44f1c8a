/**
 * Checks everything that can be seen without running it.
 *
 * ```sh
 * deno task check              # all checks
 * deno task check types lint   # those whose name contains one of the words
 * ```
 */
import config from "../deno.json" with { type: "json" };
import { changelogProblems } from "./checks/changelog.ts";
import { documentationProblems } from "./checks/documentation.ts";
import { documentationHtmlProblems } from "./checks/documentation_html.ts";
import { houseRuleProblems } from "./checks/house_rules.ts";
import { importProblems } from "./checks/imports.ts";
import { jsrPackageProblems } from "./checks/jsr_package.ts";
import { command } from "./lib/command.ts";
import { runMain } from "./lib/failure.ts";
import { chooseLegs, closingLine, type Leg, runLegs, verdict } from "./lib/leg.ts";
import { markdownFiles } from "./lib/markdown.ts";
import { prefetch } from "./lib/prefetch.ts";
import { stdEnv } from "./std.ts";

/** Checks are processes of their own that use one core each. */
const AT_ONCE = 2;

function allChecks(env: { JSR_URL: string }): Leg[] {
  const entries: string[] = Object.values(config.exports);

  const deno = (name: string, ...args: string[]): Leg => ({
    name,
    async run() {
      const { code, output } = await command(Deno.execPath(), args, { env });
      return verdict(code === 0, { output });
    },
  });
  const script = (name: string, find: () => Promise<string[]>): Leg => ({
    name,
    async run() {
      const problems = await find();
      return verdict(problems.length === 0, { output: problems.join("\n") });
    },
  });

  return [
    deno("types of code and JSDoc", "check", "--quiet", "--doc", "."),
    deno("types of Markdown", "check", "--quiet", "--doc-only", ...markdownFiles()),
    deno("lint", "lint", "--quiet"),
    deno(
      "lint: no non-null assertion in the package",
      ...["lint", "--quiet", "--rules-include=no-non-null-assertion"],
      ...["mod.ts", "src/"],
    ),
    deno("format", "fmt", "--check"),
    deno("documentation of every entry", "doc", "--lint", ...entries),
    script("documentation as HTML", () => documentationHtmlProblems(entries, env)),
    script("examples of every symbol", () => documentationProblems(entries, env)),
    script("direction of imports", () => importProblems(entries, env)),
    script("house rules", houseRuleProblems),
    script("changelog", changelogProblems),
    script("publish dry run", () => jsrPackageProblems(env)),
  ];
}

await runMain(async () => {
  const env = await stdEnv();
  await prefetch(env);
  const total = await runLegs(chooseLegs(allChecks(env), Deno.args), AT_ONCE);
  console.log(`\n${closingLine(total)}`);
  return total.failed > 0 ? 1 : 0;
});
