import { assertEquals } from "@std/assert";
import { isCancellation } from "../src/outcome.ts";
import { isNews } from "../src/failure.ts";

Deno.test("isCancellation() takes no error for a reason that nobody holds any more", () => {
  assertEquals(isCancellation({ reason: undefined }, new Error("boom")), false);
  assertEquals(isCancellation(undefined, new Error("boom")), false);
});

Deno.test("isNews() of an error whose scope nobody holds any more", () => {
  assertEquals(isNews({ reason: undefined, origin: undefined }, new Error("boom")), true);
});
