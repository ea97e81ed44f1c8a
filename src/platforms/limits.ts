/**
 * How long each host keeps detached work alive: data with an origin, a date and a reference, never a promise.
 *
 * @module
 */
import { gt, lte, nullable, number, optional, strictObject } from "zod/mini";
import { assertOneOf, assertOptions, show, wrong } from "../validate.ts";
import { type LifetimeLimit, LIMITS, type LimitTrigger } from "./limits_data.ts";

export type { LifetimeLimit, LimitTrigger };

/** Limits of your own, in milliseconds, by trigger; `null`: no limit is known. See {@linkcode PlatformLifetime}. */
export type LimitOverrides = { readonly [Trigger in LimitTrigger]?: number | null };

/**
 * Every limit that is known here.
 *
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { lifetimeLimits } from "@taskscope/taskscope/platforms";
 *
 * assert(lifetimeLimits.some(({ platform, origin }) => platform === "cloudflare" && origin === "response-end"));
 * ```
 */
export const lifetimeLimits: readonly LifetimeLimit[] = LIMITS;

const LONGEST = 366 * 86_400_000;
const milliseconds = optional(nullable(number().check(gt(0), lte(LONGEST))));
const overrides = strictObject({
  http: milliseconds,
  cron: milliseconds,
  queue: milliseconds,
  alarm: milliseconds,
  edge: milliseconds,
  background: milliseconds,
  "durable-object": milliseconds,
});

/** Where to look, besides the name of the host. See {@linkcode limitOf}. */
export interface LimitQuery {
  /**
   * What began the invocation.
   *
   * @default "http"
   */
  readonly trigger?: LimitTrigger | undefined;
  /** The plan, where plans differ; the shorter limit without it. */
  readonly plan?: "free" | "paid" | undefined;
  /** What is known better than here. */
  readonly limits?: LimitOverrides | undefined;
}

/**
 * Finds the limit of a host.
 *
 * @param platform The name of the host, as in {@linkcode lifetimeLimits}.
 * @param query Trigger, plan, and your own numbers.
 * @returns The limit; with a number of yours, `ref` and `confidence` say so.
 * @throws {TypeError} If there is no such limit, or an override is of the wrong shape.
 * @throws {RangeError} If an override is zero, negative, or longer than a year.
 *
 * @example
 * ```ts
 * import { assertEquals, assertThrows } from "@std/assert";
 * import { limitOf } from "@taskscope/taskscope/platforms";
 *
 * assertEquals(limitOf("cloudflare").ms, 30_000);
 * assertEquals(limitOf("vercel", { limits: { http: 800_000 } }).ms, 800_000);
 * assertThrows(() => limitOf("vercel", { limits: { http: -1 } }), RangeError, "limits.http");
 * ```
 */
export function limitOf(platform: string, query: LimitQuery = {}): LifetimeLimit {
  const { trigger = "http", plan, limits = {} } = query;
  const what = `Cannot set the limits of ${platform}`;
  assertOverrides(limits, what);
  if (plan !== undefined) assertOneOf(plan, ["free", "paid"], "plan", what);
  const limit = LIMITS.find((each) =>
    each.platform === platform && each.trigger === trigger && (!plan || !each.plan || each.plan === plan)
  );
  if (!limit) {
    const triggers = [...new Set(LIMITS.filter((each) => each.platform === platform).map((each) => each.trigger))];
    const known = triggers.length > 0 ? `its triggers are ${triggers.join(", ")}` : "there is no such platform";
    throw wrong(what, known, triggers.length > 0 ? trigger : platform);
  }
  const ms = limits[trigger];
  return ms === undefined
    ? limit
    : { ...limit, ms, ref: `limits.${trigger}, set by the program`, confidence: "program" };
}

/**
 * @throws {TypeError} If `options` is not an object, or has a property that is no option of a host's lifetime.
 */
export function assertKnownOptions(platform: string, options: unknown, known: readonly string[]): void {
  assertOptions(options, known, `Cannot use the lifetime of ${platform}`);
}

function assertOverrides(value: unknown, what: string): void {
  const issue = overrides.safeParse(value).error?.issues[0];
  if (!issue) return;
  if (issue.code === "unrecognized_keys") {
    throw wrong(what, `limits has one for each trigger: ${Object.keys(overrides.def.shape).join(", ")}`, issue.keys[0]);
  }
  const name = ["limits", ...issue.path].join(".");
  if (issue.path.length === 0) throw wrong(what, "limits needs an object, such as { http: 60_000 }", value);
  const given = (value as Record<PropertyKey, unknown>)[issue.path[0] as PropertyKey];
  const needed = `${name} needs milliseconds above 0 and up to ${LONGEST}, or null`;
  if (issue.code !== "too_small" && issue.code !== "too_big") throw wrong(what, needed, given);
  throw new RangeError(`${what}: ${needed}, got ${show(given)}`);
}
