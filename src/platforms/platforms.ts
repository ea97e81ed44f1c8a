/**
 * All hosts: finding the lifetime wherever the code runs, and the limits as data.
 *
 * @module
 */
export { detectLifetime } from "./detect.ts";
export {
  type LifetimeLimit,
  lifetimeLimits,
  limitOf,
  type LimitOverrides,
  type LimitQuery,
  type LimitTrigger,
} from "./limits.ts";
export type { PlatformLifetime } from "./host.ts";
