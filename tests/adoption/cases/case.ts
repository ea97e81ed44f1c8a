/** What the cases have in common. */
import { assert } from "@std/assert";
import { start } from "../page.ts";
import type { World } from "../world.ts";

/** One newcomer, or one who tries ways that begin alike. */
export interface Case {
  readonly name: string;
  run(world: World): Promise<void>;
}

/** A newcomer to Node installs once, and tries both. */
export const NODES = ["node22", "node24"] as const;

const [inTypeScript = "", atRunTime = ""] = start.section("When the deadline is missing").texts;

/** What the page says is said when the deadline is missing. */
export const MISSING = { inTypeScript, atRunTime };

/** A file of the page, whose work has lost its deadline. */
export function withoutDeadline(text: string): string {
  const without = text.replace(", deadline: { seconds: 20 }", "");
  assert(without !== text, "the work on the page has no deadline");
  return without;
}
