import { assertEquals, assertThrows } from "@std/assert";
import { contextKey } from "@taskscope/taskscope";
import { captureContext, type ContextKey, extendValues, lookUp } from "../src/context.ts";

Deno.test("lookUp() finds the nearest binding, by identity of the key", () => {
  const [a, b] = [contextKey<string>("id"), contextKey<string>("id")];
  const outer = extendValues(undefined, [a.with("outer"), b.with("other")], "Cannot");
  const inner = extendValues(outer, [a.with("first"), a.with("second")], "Cannot");
  assertEquals([lookUp(outer, a), lookUp(inner, a), lookUp(inner, b)], ["outer", "second", "other"]);
  assertEquals(lookUp(undefined, a), undefined);
});

Deno.test("lookUp() refuses what is no key", () => {
  assertThrows(() => lookUp(undefined, "id" as never), TypeError, '"id"');
});

Deno.test("extendValues() drops what nobody can read any more, however deep (G13)", () => {
  const keys = [contextKey("a"), contextKey("b"), contextKey("c")];
  let values = extendValues(undefined, keys.map((key) => key.with(0)), "Cannot");
  for (let i = 1; i < 9; i++) values = extendValues(values, [(keys[i % 3] as ContextKey<unknown>).with(i)], "Cannot");
  const bound: unknown[] = [];
  for (let each = values; each; each = each.outer) bound.push(each.binding.value);
  assertEquals([bound, keys.map(({ name }) => name)], [[8, 7, 6], ["a", "b", "c"]]);
});

Deno.test("extendValues() refuses what is no binding, and names it", () => {
  assertThrows(() => extendValues(undefined, "id" as never, "Cannot spawn"), TypeError, "Cannot spawn: context must");
  assertThrows(() => extendValues(undefined, [5] as never, "Cannot spawn"), TypeError, "5");
});

Deno.test("contextKey() refuses a name that is none", () => {
  assertThrows(() => contextKey(""), TypeError, '""');
  assertThrows(() => contextKey(5 as never), TypeError, "5");
});

Deno.test("captureContext() is absent without error where there is no AsyncLocalStorage", async () => {
  const { process } = globalThis as { process?: unknown };
  Object.assign(globalThis, { process: undefined });
  try {
    const fresh: { captureContext: typeof captureContext } = await import(`../src/context.ts?fresh=${Math.random()}`);
    assertEquals(fresh.captureContext(), undefined);
  } finally {
    Object.assign(globalThis, { process });
  }
});

Deno.test("captureContext() runs a function in the async context of the capture", async () => {
  const { AsyncLocalStorage } = await import("node:async_hooks");
  const storage = new AsyncLocalStorage<string>();
  const runner = storage.run("here", captureContext);
  let seen: string | undefined;
  storage.run("there", () => runner?.(() => seen = storage.getStore()));
  assertEquals(seen, "here");
});
