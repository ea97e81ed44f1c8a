interface Runtime {
  readonly gc?: () => void;
  readonly Bun?: { gc(force: boolean): void };
  readonly Deno?: { memoryUsage(): { heapUsed: number } };
  readonly process?: { memoryUsage(): { heapUsed: number; rss: number } };
}

const runtime = globalThis as Runtime;

/** The live heap in bytes, after collections; finalizers run between turns. */
export async function liveHeap(): Promise<number> {
  let least = Infinity;
  for (let i = 0; i < 4; i++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    if (runtime.Bun) runtime.Bun.gc(true);
    else runtime.gc?.();
    least = Math.min(least, heapNow());
  }
  return least;
}

/** The heap in bytes, garbage and all. */
export function heapNow(): number {
  return (runtime.Deno ?? runtime.process)?.memoryUsage().heapUsed ?? NaN;
}
