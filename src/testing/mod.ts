/**
 * For your own tests: a host that treats handlers as the real ones do, and assertions about what is left.
 *
 * @example What the limit cuts off
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { FakeTime } from "@std/testing/time";
 * import { SimulatedHost } from "@taskscope/taskscope/testing";
 *
 * using time = new FakeTime();
 * using host = new SimulatedHost("cloudflare");
 * const handler = (_request: Request, _env: unknown, ctx: { waitUntil(work: Promise<unknown>): void }) => {
 *   ctx.waitUntil(new Promise((resolve) => setTimeout(resolve, 60_000)));
 *   return new Response("started");
 * };
 *
 * const call = host.fetch(handler);
 * await time.tickAsync(60_000);
 * assertEquals(call.report().work.map(({ name, by, at }) => [name, by, at]), [["waitUntil 1", "limit", 30_000]]);
 * ```
 *
 * @module
 */
export type { LimitOverrides, LimitQuery, LimitTrigger } from "../platforms/limits.ts";
export type { LifetimeLimit } from "../platforms/limits_data.ts";
export type { SimulatedContext, SimulatedInfo, SimulatedLambdaContext } from "./arguments.ts";
export { assertConserved, AssertionError, assertNothingPending, type CountedScope } from "./assertions.ts";
export type {
  ErrorSink,
  HostOverrides,
  HostProfile,
  ProfileName,
  ShutdownRules,
  SimulatedProfile,
  WaitUntilRules,
} from "./profile.ts";
export type { CallReport, CutBy, ErrorReport, HostReport, WorkReport } from "./report.ts";
export type { SimulatedCall } from "./simulated_call.ts";
export { type SimulatedEventHandler, type SimulatedHandler, SimulatedHost } from "./simulated_host.ts";
