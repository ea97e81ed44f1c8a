/** What a measure is made of. One file a measure in `measures/`, each contender in a process of its own. */

/** One round; a number that it returns is the figure, otherwise the time it took is, divided by `operations`. */
export type Round = () => void | number | Promise<void | number>;

/** What `TaskScope` should reach: so many times less than a contender, or at most so many times as much. */
export type Goal =
  | { readonly against: string; readonly timesLess: number }
  | { readonly against: string; readonly within: number };

export interface Measure {
  /** A sentence. */
  readonly title: string;
  readonly unit: "ns" | "bytes" | "timers";
  /** What one figure is for, such as `task`. */
  readonly per: string;
  /** How many of these one round does. */
  readonly operations: number;
  /** Whether a contender does one round in all, in a fresh process. Otherwise there are turns of many rounds each. */
  readonly isOnce?: boolean;
  /** Where it cannot run, and why. */
  readonly not?: Readonly<Record<string, string>>;
  /** The name of each contender, and what makes its rounds. The first is the one all others are compared with. */
  readonly contenders: Readonly<Record<string, Round>>;
  readonly goals: readonly Goal[];
  /** The largest figure that `TaskScope` may have. */
  readonly most?: number;
}

/** A task that does next to nothing: what is measured is the structure around it. */
export async function work(value: number): Promise<number> {
  return await value;
}

/** A signal that lives as long as the process, as that of a server does. */
export const shutdown: AbortController = new AbortController();

/** A host that keeps what it is given alive. */
export const lifetime = { waitUntil(): void {} };

export function ignore(): void {}
