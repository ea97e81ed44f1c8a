import { assertEquals, assertThrows } from "@std/assert";
import { assertNumber, assertOptions, isA, show } from "../src/validate.ts";

Deno.test("show() is short, whatever the value", () => {
  assertEquals(show("a".repeat(81)), `"${"a".repeat(80)}"`);
  assertEquals([show(undefined), show(5), show(null)], ["undefined", "5", "null"]);
  assertEquals(show(new RangeError("too much")), "RangeError: too much");
  assertEquals(show({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }), "{ a, b, c, d, e }");
  assertEquals(show(Object.create(null, { x: { enumerable: true } })), "{ x }");
  assertEquals(show(new Map()), "an instance of Map");
  assertEquals(show(function named() {}), "the function named");
});

Deno.test("show() and isA() look at a value that throws as at any other", () => {
  const hostile = new Proxy({}, {
    get: () => {
      throw new Error("hands off");
    },
    getPrototypeOf: () => {
      throw new Error("hands off");
    },
  });
  assertEquals([show(hostile), isA(hostile, Error)], ["a value that cannot be shown", false]);
});

Deno.test("assertOptions() names what is no object, also null", () => {
  for (const value of [null, 5]) {
    assertThrows(() => assertOptions(value, ["name"], "Cannot"), TypeError, "Cannot: options must be an object");
  }
});

Deno.test("assertNumber() goes as far as whole numbers do", () => {
  assertNumber(2 ** 53, "ms", "Cannot");
  assertThrows(() => assertNumber(2 ** 53 + 2, "ms", "Cannot"), RangeError, "between 0 and 9007199254740992");
});
