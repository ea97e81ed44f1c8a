/**
 * A tree of scopes and tasks as text, for people at a terminal.
 *
 * @module
 */
import type { Lifetime } from "../lifetime.ts";
import type { ScopeTree } from "../observer.ts";
import { assertCount, assertNumber, assertOneOf, assertOptions, wrong } from "../validate.ts";
import { fit } from "./columns.ts";
import type { LifecycleEvent } from "./events.ts";
import { count, sum } from "./format_tree_count.ts";
import { INDENT, linesOf } from "./format_tree_lines.ts";
import { hasColor, paint, terminalWidth } from "./format_tree_terminal.ts";

/** Options of {@linkcode formatTree}. */
export interface FormatTreeOptions {
  /**
   * Whether to use colors. `"auto"`: on a terminal that has them; `NO_COLOR` switches them off, `FORCE_COLOR` on.
   *
   * @default "auto"
   */
  readonly color?: boolean | "auto" | undefined;
  /**
   * How many columns a line may take; what is longer is cut.
   *
   * @default that of the terminal, or 120
   */
  readonly width?: number | undefined;
  /**
   * How many children of one scope are shown; the others are counted.
   *
   * @default 50
   */
  readonly children?: number | undefined;
  /**
   * How many levels are shown, but never more than half a line is indented; what is below is counted.
   *
   * @default 20
   */
  readonly depth?: number | undefined;
  /** What a `Recorder` has: with it, the text says for how long what was canceled has gone on. */
  readonly events?: readonly LifecycleEvent[] | undefined;
  /**
   * For how long a canceled task must have gone on to be called one that ignores its cancellation, in milliseconds.
   * Without `events` nothing tells how long that is: then every task that was canceled and still runs is marked.
   *
   * @default 1000
   */
  readonly ignored?: number | undefined;
}

/** What has a tree, or several. See {@linkcode formatTree}. */
export interface HasTree {
  /** The live tree, or those of the detached tasks. */
  tree(): ScopeTree | readonly ScopeTree[];
}

const OPTIONS = ["color", "width", "children", "depth", "events", "ignored"];
const WIDEST = 10_000;
const DEEPEST = 1_000;
const WHAT = "Cannot format a tree";
/**
 * The tree of a scope, or of what is detached, as text. A line each has name, state, age, time left, why it was
 * canceled and whether it goes on nevertheless; the last line counts. Everything in it is inert: no name or reason can
 * move the cursor, add a line or change a color.
 *
 * @param source A scope, a lifetime that lists its tasks (`processLifetime()`), or what `tree()` returned.
 * @param options See {@linkcode FormatTreeOptions}.
 * @returns Lines, without a newline at the end.
 * @throws {TypeError} If `source` has no tree, as the lifetimes of hosts other than a process, or an option is wrong.
 * @throws {RangeError} If a number is out of range.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { TaskScope } from "@taskscope/taskscope";
 * import { formatTree } from "@taskscope/taskscope/inspect";
 *
 * await TaskScope.run((scope) => {
 *   scope.spawn(() => 1, { name: "user" });
 *   const lines = formatTree(scope, { color: false }).replace(/\d+ ms/g, "0 ms").split("\n");
 *   assertEquals(lines, ["page  open  0 ms old", "└─ user  running  0 ms old", "2 in all: 1 running, 1 open"]);
 * }, { name: "page" });
 * ```
 */
export function formatTree(
  source: HasTree | Lifetime | ScopeTree | readonly ScopeTree[],
  options: FormatTreeOptions = {},
): string {
  assertOptions(options, OPTIONS, WHAT);
  const { color = "auto", width = terminalWidth(), children = 50, depth = 20, events = [], ignored = 1_000 } = options;
  assertOneOf(color, [true, false, "auto"], "color", WHAT);
  assertCount(width, "width", WHAT, WIDEST);
  assertCount(children, "children", WHAT);
  assertCount(depth, "depth", WHAT, DEEPEST);
  assertNumber(ignored, "ignored", WHAT, 0, Infinity);
  if (!Array.isArray(events)) throw wrong(WHAT, "events must be an array, as a Recorder has it", events);
  const view = {
    isColored: color === "auto" ? hasColor() : color,
    width,
    children,
    depth: Math.min(depth, 1 + Math.floor(width / 2 / INDENT)),
    ignored,
    canceledAt: events.length > 0 ? canceledAt(events) : undefined,
  };
  const trees = treesOf(source);
  const lines = trees.flatMap((tree) => linesOf(tree, view));
  const all = count(trees);
  const total = all.total === 0 ? "nothing runs" : `${all.total} in all: ${sum(all)}`;
  return [...lines, paint(fit(total, width), "dim", view.isColored)].join("\n");
}

function treesOf(source: unknown): readonly ScopeTree[] {
  const { tree, waitUntil } = Object(source) as { tree?: unknown; waitUntil?: unknown };
  if (typeof tree === "function") return treesOf(tree.call(source));
  if (typeof waitUntil === "function") {
    const how = "format the scope instead, or use a Recorder";
    throw new TypeError(`${WHAT}: this lifetime does not list its tasks, only that of a process does; ${how}`);
  }
  const trees = Array.isArray(source) ? source : [source];
  const unseen: unknown[] = [...trees];
  while (unseen.length > 0) { // also below: it may come from elsewhere
    const each = unseen.pop();
    if (!isTree(each)) throw wrong(WHAT, "a scope, a lifetime or a tree is needed", each);
    for (const child of each.children) unseen.push(child);
  }
  return trees as ScopeTree[];
}

function isTree(value: unknown): value is ScopeTree {
  const { name, children } = Object(value) as Partial<ScopeTree>;
  return typeof name === "string" && Array.isArray(children);
}

function canceledAt(events: readonly LifecycleEvent[]): Map<string, number> {
  return new Map(events.flatMap((event) => event.type === "cancel" ? [[event.origin, event.at]] : []));
}
