import { assert, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { bareError } from "../src/bare_error.ts";

/** As a driver makes it, if nothing listens at either address. */
function refused(): AggregateError {
  const each = ["::1", "127.0.0.1"].map((address) =>
    Object.assign(new Error(`connect ECONNREFUSED ${address}`), { address, command: ["auth", "s3cret"] })
  );
  return Object.assign(new AggregateError(each), { code: "ECONNREFUSED", query: "s3cret" });
}

// As an error, it was shown by Bun with the place where it was copied, and without those that it is made of.
Deno.test("bareError() is a text of what a driver made, on every runtime: several errors in one, where each is from", () => {
  const text = `${bareError(refused())}`;
  assertMatch(text, /^AggregateError: \n +at refused \(/);
  assertMatch(text, /\n {2}\[errors 1\]: Error: connect ECONNREFUSED ::1\n +at /);
  assertMatch(text, /\n {2}\[errors 2\]: Error: connect ECONNREFUSED 127\.0\.0\.1\n +at /);
  assert(!text.includes("s3cret"), text);
});

Deno.test("bareError() has the name, the message and the cause of an error, and of what is none only its keys", () => {
  class PostgresError extends Error {
    override readonly name = "PostgresError";
    readonly parameters = ["s3cret"];
  }
  const text = `${bareError(new PostgresError("duplicate key", { cause: { detail: "s3cret" } }))}`;
  assertMatch(text, /^PostgresError: duplicate key\n( +at .*\n)+ {2}\[cause\]: \{ detail \}$/);
  assertEquals(bareError({ command: "s3cret" }), "{ command }");
  const self = new Error("itself");
  self.cause = self;
  assertEquals(`${bareError(self)}`.match(/itself/g)?.length, 5);
});

Deno.test("bareError() leaves an error alone that has nothing of a driver in it", () => {
  const error = new AggregateError([new TypeError("one"), "two"], "both", { cause: new RangeError("why") });
  assertStrictEquals(bareError(error), error);
  assertStrictEquals(bareError("text"), "text");
  const hidden = new Error("outer", {
    cause: new AggregateError([Object.assign(new Error("inner"), { [Symbol()]: 1 })]),
  });
  assertMatch(
    `${bareError(hidden)}`,
    /^Error: outer\n[^]*\[cause\]: AggregateError: \n[^]*\[errors 1\]: Error: inner\n/,
  );
});
