import type { CommandResult } from "./command.ts";
import type { Outcome } from "./leg.ts";

/** Reads the counts that a program of tests prints last; one that ends without them has failed. */
export function readCounts({ code, stdout, output }: CommandResult): Outcome {
  const counts = stdout.match(/^\{"passed":(\d+),"failed":(\d+)\}$/m);
  const failed = Number(counts?.[2] ?? 0);
  return { passed: Number(counts?.[1] ?? 0), failed: code !== 0 && failed === 0 ? 1 : failed, output };
}
