import { assertEquals } from "@std/assert";
import { afterEntry } from "../../src/inspect/place_of_call.ts";

Deno.test("afterEntry: in a bundle, the library ends with what the program called", () => {
  const v8 = [
    "at placeOfCall (file:///app.js:1:2)",
    "at spawnChild (file:///app.js:1:2)",
    "at TaskScope.spawn (file:///app.js:1:2)",
    "at handler (file:///app.js:1:2)",
    "at start (file:///app.js:1:2)",
    "at TaskScope.run (file:///app.js:1:2)",
  ];
  assertEquals(v8[afterEntry(v8)], "at handler (file:///app.js:1:2)");
  const topLevel = [
    "at openRoot (file:///app.js:1:2)",
    "at new TaskScope (file:///app.js:1:2)",
    "at file:///@run/app.js:1:2",
  ];
  assertEquals(afterEntry(topLevel), 2);
  const jsc = ["placeOfCall@/app.js:1:2", "spawnChild@/app.js:1:2", "handler@/app.js:1:2"];
  assertEquals(afterEntry(jsc), 2);
  const bun = ["at placeOfCall (/app.js:1:2)", "at spawnDetached (/app.js:1:2)", "at /app.js:1:2"];
  assertEquals(afterEntry(bun), 2);
});

Deno.test("afterEntry: where all names are gone, nothing is left out", () => {
  assertEquals([afterEntry(["at a (/app.js:1:2)", "at b (/app.js:1:2)"]), afterEntry([])], [0, -1]);
});
