import { ROOT } from "./command.ts";
import { join } from "./path.ts";

/** The pages of the project: Markdown at its root and in `docs/`, as paths from the root, sorted. */
export function markdownFiles(): string[] {
  const pages = (folder: string, prefix: string): string[] =>
    [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".md"))
      .map((name) => `${prefix}${name}`).sort();
  return [...pages(ROOT, ""), ...pages(join(ROOT, "docs"), "docs/")];
}
