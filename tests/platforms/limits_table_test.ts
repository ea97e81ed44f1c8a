import { assertEquals, assertThrows } from "@std/assert";
import { limitsTableProblems, withTable } from "../../tools/limits_table.ts";

Deno.test("docs/platforms.md has the table of limits as the data has it", async () => {
  assertEquals(await limitsTableProblems(), []);
});

Deno.test("withTable() needs its place", () => {
  assertThrows(() => withTable("# Readme"), Error, "limits: start");
});
