import { ROOT } from "../lib/command.ts";
import { listFiles } from "../lib/files.ts";
import { join } from "../lib/path.ts";

interface Rule {
  readonly pattern: RegExp;
  /** Files, and folders with a slash at the end, that are the one place for it. */
  readonly home: readonly string[];
  readonly message: string;
}

/** What can be seen line by line; lint and types see the rest. */
const RULES: readonly Rule[] = [
  {
    pattern: /\b(setTimeout|setInterval)\b/,
    home: ["deadline.ts", "testing/timers.ts", "inspect/page/"], // of tests, and of what runs in a browser
    message: "a timer outside of deadline.ts",
  },
  {
    pattern: /\baddEventListener\b|\bAbortSignal\.(any|timeout)\b/,
    home: ["signals.ts", "inspect/page/"],
    message: "a native signal composed or listened to outside of signals.ts",
  },
  {
    pattern: /^\s*export default\b/,
    home: [],
    message: "a default export",
  },
  {
    pattern: /\bexport \* from\b/,
    home: [],
    message: "a re-export without names",
  },
];

/** Sentences about lines of src/ that break a rule of the house; none if all is well. */
export async function houseRuleProblems(): Promise<string[]> {
  const problems: string[] = [];
  const src = join(ROOT, "src");
  for (const file of await listFiles(src)) {
    const lines = withoutComments(await Deno.readTextFile(join(src, file)))
      .split("\n");
    for (const [index, line] of lines.entries()) {
      for (const { pattern, home, message } of RULES) {
        if (
          pattern.test(line) && !home.some((place) => file === place || (place.endsWith("/") && file.startsWith(place)))
        ) {
          problems.push(`src/${file}:${index + 1}: ${message}: ${line.trim()}`);
        }
      }
    }
  }
  return problems;
}

/** Blanks comments, and keeps the line numbers. */
function withoutComments(code: string): string {
  return code
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, " "))
    .replace(/(^|\s)\/\/.*$/gm, "");
}
