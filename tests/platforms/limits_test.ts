import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { lifetimeLimits, limitOf } from "@taskscope/taskscope/platforms";

Deno.test("every limit has a reference, a date, and a plausible length", () => {
  for (const { platform, ms, ref, asOf } of lifetimeLimits) {
    assert(ref !== "" && /^\d{4}-\d\d-\d\d$/.test(asOf), platform);
    assert(ms === null || (ms >= 1_000 && ms <= 900_000), platform);
  }
});

Deno.test("every limit can be found, and no two are the same", () => {
  for (const limit of lifetimeLimits) assertStrictEquals(limitOf(limit.platform, limit), limit);
});

Deno.test("limitOf() takes the shorter plan if none is given", () => {
  assertEquals([limitOf("supabase").ms, limitOf("supabase", { plan: "paid" }).ms], [150_000, 400_000]);
});

Deno.test("limitOf() takes an override, and says that it is one", () => {
  const { ms, ref, confidence } = limitOf("netlify", { limits: { http: 26_000 } });
  assertEquals([ms, ref, confidence], [26_000, "limits.http, set by the program", "program"]);
  assertEquals(limitOf("netlify", { limits: { http: null } }).ms, null);
  assertEquals(limitOf("netlify", { limits: { edge: 5 } }).ms, 60_000);
});

Deno.test("limitOf() names a bad override", () => {
  for (const http of [0, -1, 1e15]) {
    const error = assertThrows(() => limitOf("vercel", { limits: { http } }), RangeError);
    const needed = "limits.http needs milliseconds above 0 and up to 31622400000, or null";
    assertEquals(error.message, `Cannot set the limits of vercel: ${needed}, got ${http}`);
  }
  for (const http of [NaN, Infinity, "30s", {}]) {
    assertThrows(() => limitOf("vercel", { limits: { http: http as never } }), TypeError, "limits.http needs");
  }
  const misspelled = { htpp: 5 } as never;
  assertThrows(() => limitOf("vercel", { limits: misspelled }), TypeError, "one for each trigger: http, cron, queue,");
  for (const limits of [5, null, "http", [5]]) {
    assertThrows(() => limitOf("vercel", { limits: limits as never }), TypeError, "Cannot set the limits of vercel");
  }
  assertThrows(() => limitOf("supabase", { plan: "pro" as never }), TypeError, "plan must be free or paid");
});

Deno.test("limitOf() names what is not known", () => {
  assertThrows(() => limitOf("geocities"), TypeError, 'there is no such platform, got "geocities"');
  assertThrows(() => limitOf("vercel", { trigger: "cron" }), TypeError, 'its triggers are http, edge, got "cron"');
});

Deno.test("no limit is a guess where a number is given", () => {
  for (const { platform, trigger, ms, confidence } of lifetimeLimits) {
    assert(ms === null || confidence !== "guess", `${platform}, ${trigger}`);
  }
});
