import { ROOT } from "./command.ts";
import { join } from "./path.ts";

/** The pages of the project: Markdown at its root and in `docs/`, as paths from the root, sorted. */
export function markdownFiles(): string[] {
  const pages = (folder: string, prefix: string): string[] =>
    [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => name.endsWith(".md"))
      .map((name) => `${prefix}${name}`).sort();
  return [...pages(ROOT, ""), ...pages(join(ROOT, "docs"), "docs/")];
}

/** A fenced block of code on a page. */
export interface CodeBlock {
  /** The text of the heading that it stands under. */
  readonly heading: string;
  /** The first word after the fence, such as `ts`. */
  readonly language: string;
  /** The words after it, such as `ignore`. */
  readonly info: string;
  readonly text: string;
}

/** The fenced blocks of code in Markdown, in their order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let heading = "";
  for (const part of markdown.matchAll(/^#+ (.*)$|^```(\w*)(.*)\n([\s\S]*?)^```$/gm)) {
    const [, title, language = "", info = "", text = ""] = part;
    if (title === undefined) blocks.push({ heading, language, info: info.trim(), text });
    else heading = title;
  }
  return blocks;
}
