import { command } from "../lib/command.ts";
import { listFiles } from "../lib/files.ts";
import { dirname, join } from "../lib/path.ts";

/** Sentences about what `deno doc --html` complains of, and about its links that lead nowhere; none if all is well. */
export async function documentationHtmlProblems(
  entries: readonly string[],
  env: Record<string, string>,
): Promise<string[]> {
  const folder = await Deno.makeTempDir({ prefix: "taskscope-doc-" });
  try {
    const args = ["doc", "--quiet", "--html", "--name=TaskScope", `--output=${folder}`, ...entries];
    const { code, output } = await command(Deno.execPath(), args, { env });
    if (code !== 0 || output !== "") return [output];
    const files = new Set(await listFiles(folder));
    const pages = [...files].filter((file) => file.endsWith(".html"));
    return (await Promise.all(pages.map(async (page) => {
      const html = await Deno.readTextFile(join(folder, page));
      return [
        ...linksOf(html).filter((link) => !leadsTo(link, page, files)).map((link) =>
          `links to ${link}, which is no page`
        ),
        ...(html.includes("{@link") ? ["has a link that is shown as it was written"] : []),
      ].map((problem) => `${page} ${problem}`);
    }))).flat();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Links to other pages: not to the web, the source, or a place in the page itself. */
function linksOf(html: string): string[] {
  const links = [...html.matchAll(/<a\b[^>]*\bhref="([^"]*)"/g)]
    .map(([, link = ""]) => link.replaceAll("&#x2F;", "/").replaceAll("&amp;", "&").replace(/#.*/, ""))
    .filter((link) => link !== "" && !/^[a-z]+:/.test(link));
  return [...new Set(links)];
}

/** Some files have the escapes of their links in their names: with `:` on Windows there would be no file. */
function leadsTo(link: string, page: string, files: ReadonlySet<string>): boolean {
  const path = join(dirname(page), link).replaceAll("\\", "/");
  return [path, decodeURIComponent(path), join(path, "index.html")].some((path) => files.has(path));
}
