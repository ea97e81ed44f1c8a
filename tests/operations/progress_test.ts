import { assertEquals } from "@std/assert";
import { toProgress } from "../../src/http/operations/progress.ts";

Deno.test("toProgress() makes fit what a function tells, whatever it is", () => {
  assertEquals(toProgress(0.4, "second pass"), { fraction: 0.4, message: "second pass" });
  assertEquals([-1, 7, NaN, Infinity].map((each) => toProgress(each).fraction), [0, 1, 0, 1]);
  assertEquals(toProgress(1, "x".repeat(5_000)).message?.length, 500);
  assertEquals(toProgress("0.5" as unknown as number, 42 as unknown as string), { fraction: 0.5, message: "42" });
});
