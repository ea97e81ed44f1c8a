import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type Envelope, seal, unseal } from "../../src/durable/envelope.ts";

const ENVELOPE: Envelope = {
  ...{ v: 1, task: "a", input: { n: 1 }, deadline: 2_000, enqueuedAt: 1_000, key: "k", attempt: 1, context: {} },
};

Deno.test("an envelope comes out as it went in", () => {
  fc.assert(fc.property(
    fc.record({
      task: fc.string({ minLength: 1, maxLength: 200 }),
      input: fc.jsonValue().map((value) => JSON.parse(JSON.stringify(value))),
      key: fc.string({ minLength: 1, maxLength: 255 }),
      deadline: fc.nat(),
      context: fc.dictionary(fc.string().filter((key) => key !== "__proto__"), fc.string(), { noNullPrototype: true }),
    }),
    (part) => {
      const envelope = { ...ENVELOPE, ...part };
      const read = unseal(seal(envelope, "Cannot hand off"));
      assert("envelope" in read, "reason" in read ? read.reason : "");
      assertEquals(read.envelope, envelope);
    },
  ));
});

Deno.test("an envelope with more than is known here is read, one of another version is not", () => {
  assert("envelope" in unseal(JSON.stringify({ ...ENVELOPE, later: true })));
  assertEquals(unseal(JSON.stringify({ ...ENVELOPE, v: 2 })), {
    reason: "The envelope has version 2, only 1 is known here",
  });
});

for (
  const [body, reason] of [
    ["", "not JSON"],
    ["{", "not JSON"],
    ["null", "version undefined"],
    ["[]", "version undefined"],
    ['"x"', "version undefined"],
    ['{"v":"1"}', 'version "1"'],
    ['{"v":1}', "task: "],
    [JSON.stringify({ ...ENVELOPE, task: "" }), "task: "],
    [JSON.stringify({ ...ENVELOPE, deadline: "tomorrow" }), "deadline: "],
    [JSON.stringify({ ...ENVELOPE, deadline: 1e300 }), "deadline: "],
    [JSON.stringify({ ...ENVELOPE, attempt: 0 }), "attempt: "],
    [JSON.stringify({ ...ENVELOPE, context: [] }), "context: "],
    [JSON.stringify({ ...ENVELOPE, key: undefined }), "key: "],
  ] as const
) {
  Deno.test(`unseal() tells why it cannot read ${body.slice(0, 60)}`, () => {
    const read = unseal(body);
    assert("reason" in read && read.reason.includes(reason), JSON.stringify(read));
  });
}

Deno.test("seal() writes nothing that would not be read", () => {
  assertThrows(() => seal({ ...ENVELOPE, deadline: NaN }, "Cannot hand off"), TypeError, "Cannot hand off: ");
});
