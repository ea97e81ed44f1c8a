import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc"); // what follows is the way to `gc` where no flag was given at the start
const gc: () => void = runInNewContext("gc");

/** The live heap in bytes, after garbage collections. */
export async function liveHeap(): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve)); // finalizers run between turns
    gc();
    least = Math.min(least, heapNow());
  }
  return least;
}

/** The heap in bytes, garbage and all. */
export function heapNow(): number {
  return Deno.memoryUsage().heapUsed;
}
