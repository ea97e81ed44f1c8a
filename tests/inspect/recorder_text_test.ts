import { assertEquals } from "@std/assert";
import { cut, messageOf } from "../../src/inspect/recorder_text.ts";

Deno.test("cut: not in the middle of a character", () => {
  assertEquals([cut("abc", 3), cut("abcd", 3), cut("a😀b", 3), cut("😀😀", 3)], ["abc", "ab…", "a…", "😀…"]);
});

Deno.test("messageOf: of anything that can be thrown", () => {
  const proxy = new Proxy({}, {
    get() {
      throw new Error("no");
    },
  });
  assertEquals(
    ["text", 1, undefined, null, new Error(""), new Error("a", { cause: new Error("b") }), proxy, { message: "m" }]
      .map(messageOf),
    ["text", "1", "undefined", "null", "Error", "a ← b", "an error that cannot be read", "m"],
  );
});
