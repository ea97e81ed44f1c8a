import { assertEquals, assertThrows } from "@std/assert";
import { limitsTableProblems, withTable } from "../../tools/limits_table.ts";

Deno.test("README.md and docs/platforms.md have the table of limits as the data has it", async () => {
  assertEquals(await limitsTableProblems(), []);
});

Deno.test("withTable() needs its place", () => {
  assertThrows(() => withTable("# Readme"), Error, "limits: start");
});
