import { pathToFileURL } from "node:url";
import { command, ROOT } from "../lib/command.ts";

/** What belongs to the package on JSR; no tests, tools, examples or pictures. */
const KINDS = /^(deno\.json|(README|CHANGELOG)\.md|LICENSE|mod\.ts|src\/[\w/]+\.ts)$/;

/** Has JSR's own checks run without publishing; sentences about what they, or the list of files, say is wrong. */
export async function jsrPackageProblems(env: { JSR_URL: string }): Promise<string[]> {
  const { code, output } = await command(Deno.execPath(), ["publish", "--dry-run", "--allow-dirty"], { env });
  if (code !== 0) return [output];
  const root = `${pathToFileURL(ROOT)}`;
  const files = Array.from(output.matchAll(/^\s+(file:\S+) \([\d.]+ ?\w+\)$/gm), ([, url = ""]) => url);
  if (files.length === 0) return [`deno publish --dry-run names no files:\n${output}`];
  return files.filter((url) => !url.startsWith(root) || !KINDS.test(url.slice(root.length)))
    .map((url) => `${url} should not be on JSR`);
}
