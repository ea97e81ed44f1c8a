import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { toJson } from "../../src/durable/serializable.ts";

class Point {
  x = 1;
}
const cyclic: Record<string, unknown> = { name: "a" };
cyclic.self = { again: cyclic };
let deep: unknown = 0;
for (let i = 0; i < 10_000; i++) deep = [deep];

for (
  const [name, value, message] of [
    ["a Date in an array of objects", { items: [1, 2, 3, { at: new Date(0) }] }, "input.items[3].at: a Date"],
    ["undefined as a property", { a: undefined }, "input.a: undefined"],
    ["undefined in an array", [undefined], "input[0]: undefined"],
    ["a hole in an array", [1, , 3], "input[1]: undefined"], // deno-lint-ignore no-sparse-arrays
    ["a function", { f() {} }, "input.f: a function"],
    ["a symbol", { s: Symbol("s") }, "input.s: a symbol"],
    ["a symbol as a key", { [Symbol("s")]: 1 }, "input: a symbol as a key"],
    ["a bigint", { n: 1n }, "input.n: a bigint"],
    ["NaN", { n: NaN }, "input.n: NaN"],
    ["Infinity", [-Infinity], "input[0]: -Infinity"],
    ["a Map", { m: new Map() }, "input.m: a Map"],
    ["a Set", { m: new Set() }, "input.m: a Set"],
    ["an instance of a class", { p: new Point() }, "input.p: an instance of Point"],
    ["bytes", new Uint8Array(1), "input: an instance of Uint8Array"],
    ["an error", [new RangeError("x")], "input[0]: an instance of RangeError"],
    ["a boxed string", [new String("x")], "input[0]: an instance of String"],
    ["a cycle", cyclic, "input.self.again: a cycle"],
    ["what is nested too deep", deep, "nested deeper than 500"],
    ["a key that is no name", { "a b": { "c-d": 1n } }, 'input["a b"]["c-d"]: a bigint'],
  ] as const
) {
  Deno.test(`toJson() refuses ${name}, and says where`, () => {
    assertThrows(() => toJson(value, "input", "Cannot hand off"), TypeError, `Cannot hand off: `);
    assertThrows(() => toJson(value, "input", "Cannot hand off"), TypeError, message);
  });
}

Deno.test("toJson() takes the same object twice, null prototypes, and what another realm made", () => {
  const shared = { a: 1 };
  const bare = Object.assign(Object.create(null), { b: [shared, shared] });
  assertEquals(toJson(bare, "input", ""), '{"b":[{"a":1},{"a":1}]}');
});

Deno.test("toJson() calls a getter once, and what it throws comes out", () => {
  let calls = 0;
  const value = {
    get a() {
      return ++calls;
    },
  };
  assertEquals([toJson(value, "input", ""), calls], ['{"a":1}', 1]);
  const boom = new Error("boom");
  const throwing = {
    get a() {
      throw boom;
    },
  };
  let thrown: unknown;
  try {
    toJson(throwing, "input", "");
  } catch (error) {
    thrown = error;
  }
  assertStrictEquals(thrown, boom);
});

Deno.test("toJson() gives what reads back as an equal value, or throws: any JSON goes through unchanged", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const clean = JSON.parse(JSON.stringify(value)); // fast-check makes -0
    assertEquals(JSON.parse(toJson(clean, "input", "")), clean);
  }));
});

Deno.test("toJson() keeps a key named __proto__ a key", () => {
  const value = JSON.parse('{"__proto__":{"admin":true}}');
  const back = JSON.parse(toJson(value, "input", ""));
  assertEquals([Object.keys(back), back.admin], [["__proto__"], undefined]);
});
