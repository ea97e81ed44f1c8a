/** The script of the live page is the one that its modules make. */
import { assertEquals } from "@std/assert";
import { hashOfScript, hashOfSources } from "../../tools/build_page.ts";

Deno.test("the script of the live page is up to date; if not: deno task build:page", async () => {
  assertEquals(await hashOfScript(), await hashOfSources());
});
