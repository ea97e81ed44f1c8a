import * as files from "./all.ts";
import type { Case } from "./case.ts";

/**
 * Every case of every file listed in all.ts.
 *
 * @throws {Error} If two cases have the same name.
 */
export function collect(): Case[] {
  const cases = Object.values<readonly Case[]>(files).flat();
  const names = new Set<string>();
  for (const { name } of cases) {
    if (names.has(name)) throw new Error(`Two cases are named "${name}"`);
    names.add(name);
  }
  return cases;
}
