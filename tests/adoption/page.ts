/** What a page tells its reader to write and to type; what it does not tell, the newcomer of these tests does not know. */
import { assert } from "@std/assert";
import { ROOT } from "../../tools/lib/command.ts";
import { type CodeBlock, codeBlocks } from "../../tools/lib/markdown.ts";
import { join } from "../../tools/lib/path.ts";

/** A section: what is below one heading. */
export interface Section {
  /** The text of the block whose first line is the comment `// name`. */
  file(name: string): string;
  /** The lines of the blocks of shell, without comments. */
  readonly commands: readonly string[];
  /** The texts of the other blocks. */
  readonly texts: readonly string[];
}

export class Page {
  readonly #name: string;
  readonly #blocks: readonly CodeBlock[];
  readonly #unread: Set<CodeBlock>;

  constructor(name: string) {
    this.#name = name;
    this.#blocks = codeBlocks(Deno.readTextFileSync(join(ROOT, name)));
    this.#unread = new Set(this.#blocks.filter(({ language, info }) => language !== "ts" || info === "ignore"));
  }

  /** @throws {AssertionError} If there is no code under such a heading. */
  section(heading: string): Section {
    const blocks = this.#blocks.filter((block) => block.heading === heading);
    assert(blocks.length > 0, `${this.#name} has no code under "${heading}"`);
    const unnamed = blocks.filter((block) => nameOf(block) === undefined);
    for (const block of unnamed) this.#unread.delete(block);
    return {
      file: (name) => {
        const block = blocks.find((block) => nameOf(block) === name);
        assert(block, `${this.#name} has no ${name} under "${heading}"`);
        this.#unread.delete(block);
        return block.text;
      },
      commands: unnamed.filter(({ language }) => language === "sh").flatMap(({ text }) => commandsOf(text)),
      texts: unnamed.filter(({ language }) => language !== "sh").map(({ text }) => text.trim()),
    };
  }

  /** The blocks below these headings, or any, that neither a case has read nor a doc test runs. */
  unread(...headings: readonly string[]): string[] {
    return [...this.#unread].filter(({ heading }) => headings.length === 0 || headings.includes(heading))
      .map(({ heading, text }) => `${this.#name}, "${heading}": ${text.split("\n")[0]}`);
  }
}

function nameOf({ text }: CodeBlock): string | undefined {
  return /^\/\/ (\S+)\n/.exec(text)?.[1];
}

function commandsOf(text: string): string[] {
  return text.split("\n").map((line) => line.replace(/\s+#.*$/, "").trim()).filter((line) => line !== "");
}

export const readme: Page = new Page("README.md");
export const start: Page = new Page("docs/start.md");
