import { assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { retry, type RetryOptions, TaskScope } from "@taskscope/taskscope";

/** How long retry() waits before each attempt, where all of them fail and chance is always the same. */
async function waits(options: RetryOptions, chance: number): Promise<number[]> {
  using time = new FakeTime();
  const { random } = Math;
  Math.random = () => chance;
  const at: number[] = [];
  const ran = TaskScope.run((scope) =>
    retry(scope, () => {
      at.push(Date.now());
      throw new Error("busy");
    }, options)
  ).catch(() => {});
  for (let i = 0; i < 30; i++) await time.nextAsync();
  await ran;
  Math.random = random;
  return at.slice(1).map((moment, index) => moment - (at[index] ?? 0));
}

Deno.test("retry() tries five times by default, waits a second, then twice as long each time, less what is random", async () => {
  assertEquals(await waits({}, 0), [1_000, 2_000, 4_000, 8_000]);
  assertEquals(await waits({}, 0.25), [750, 1_500, 3_000, 6_000]);
  assertEquals(await waits({ jitter: 0.5 }, 0.5), [750, 1_500, 3_000, 6_000]);
});

Deno.test("retry() waits a minute at most by default, and as long each time with a multiplier of 1", async () => {
  assertEquals(await waits({ maxAttempts: 8, jitter: 0 }, 0), [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000]);
  assertEquals(await waits({ maxAttempts: 4, multiplier: 1 }, 0), [1_000, 1_000, 1_000]);
});
