/**
 * A tree of scopes and tasks as text, for people at a terminal.
 *
 * @module
 */
import type { Lifetime } from "../lifetime.ts";
import type { ScopeTree } from "../observer.ts";
import { assertCount, assertNumber, assertOneOf, assertOptions, show, wrong } from "../validate.ts";
import { inertText } from "./escape.ts";
import type { LifecycleEvent } from "./events.ts";
import { hasColor, paint, type Style, terminalWidth, widthOf } from "./format_tree_terminal.ts";

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

/** What has a tree, or several. */
export interface HasTree {
  /** The live tree, or those of the detached tasks. */
  tree(): ScopeTree | readonly ScopeTree[];
}

const OPTIONS = ["color", "width", "children", "depth", "events", "ignored"];
const WIDEST = 10_000;
const DEEPEST = 1_000;
const INDENT = 3;
const WHAT = "Cannot format a tree";
const STATES = ["queued", "running", "open", "canceling", "succeeded", "failed", "canceled", "abandoned", "closed"];
const COLORS: Readonly<Record<string, Style>> = {
  running: "cyan",
  open: "cyan",
  queued: "dim",
  canceling: "yellow",
  canceled: "yellow",
  failed: "red",
  abandoned: "red",
  succeeded: "green",
};

/**
 * The tree of a scope, or of what is detached, as text: a line each with name, state, age, time left, why it was canceled
 * and whether it goes on nevertheless; the last line counts. Everything in it is inert: no name or reason can move the
 * cursor, add a line or change a color.
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
  const view: View = {
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

/** What does not change while a tree is shown. */
interface View {
  readonly isColored: boolean;
  readonly width: number;
  readonly children: number;
  readonly depth: number;
  readonly ignored: number;
  /** When each cancellation began, by the path of where it began. */
  readonly canceledAt: ReadonlyMap<string, number> | undefined;
}

function treesOf(source: unknown): readonly ScopeTree[] {
  const { tree, waitUntil } = Object(source) as { tree?: unknown; waitUntil?: unknown };
  if (typeof tree === "function") return treesOf(tree.call(source));
  if (typeof waitUntil === "function") {
    const how = "format the scope instead, or use a Recorder";
    throw new TypeError(`${WHAT}: this lifetime does not list its tasks, only that of a process does; ${how}`);
  }
  const trees = Array.isArray(source) ? source : [source];
  for (const each of trees) if (!isTree(each)) throw wrong(WHAT, "a scope, a lifetime or a tree is needed", each);
  return trees as ScopeTree[];
}

function isTree(value: unknown): value is ScopeTree {
  const { name, children } = Object(value) as Partial<ScopeTree>;
  return typeof name === "string" && Array.isArray(children);
}

function canceledAt(events: readonly LifecycleEvent[]): Map<string, number> {
  return new Map(events.flatMap((event) => event.type === "cancel" ? [[event.origin, event.at]] : []));
}

/** A line to be: a node with what stands left of it, or a remark. */
type Row =
  | { readonly tree: ScopeTree; readonly above: ScopeTree | undefined; readonly left: string; readonly depth: number }
  | { readonly remark: string; readonly left: string };

/** Without recursion: a tree may be deeper than the stack. */
function linesOf(root: ScopeTree, view: View): string[] {
  const lines: string[] = [];
  const rows: Row[] = [{ tree: root, above: undefined, left: "", depth: 1 }];
  for (let row = rows.pop(); row; row = rows.pop()) {
    const left = paint(fit(row.left, view.width), "dim", view.isColored);
    const most = Math.max(0, view.width - widthOf(row.left));
    if ("remark" in row) {
      lines.push(left + paint(fit(row.remark, most), "dim", view.isColored));
      continue;
    }
    lines.push(left + describe(row.tree, row.above, most, view));
    rows.push(...below(row.tree, row.left, row.depth, view).reverse());
  }
  return lines;
}

function below(tree: ScopeTree, left: string, depth: number, view: View): Row[] {
  const stem = left.slice(0, -3) + ({ "├─ ": "│  ", "└─ ": "   " }[left.slice(-3)] ?? left.slice(-3));
  const isDeep = depth >= view.depth;
  const shown = isDeep ? [] : tree.children.slice(0, view.children);
  const hidden = tree.children.slice(shown.length);
  const rows: Row[] = shown.map((child, index) => {
    const isLast = index === shown.length - 1 && hidden.length === 0;
    return { tree: child, above: tree, left: stem + (isLast ? "└─ " : "├─ "), depth: depth + 1 };
  });
  if (hidden.length === 0) return rows;
  const counted = count(hidden);
  const where = isDeep ? "below" : "more";
  return [...rows, { remark: `… ${counted.total} ${where} (${sum(counted)})`, left: `${stem}└─ ` }];
}

const LONGEST_NAME = 60;
const LONGEST_NOTE = 200;

function describe(tree: ScopeTree, above: ScopeTree | undefined, most: number, view: View): string {
  const { name, state, age, remaining, note, detached, shield, reason } = tree;
  const parts: [string, Style][] = [
    [inertText(name, LONGEST_NAME), "bold"],
    [inertText(String(state)), COLORS[state] ?? "plain"],
    [`${duration(age)} old`, "dim"],
  ];
  if (remaining === 0) parts.push(["deadline passed", "yellow"]);
  else if (typeof remaining === "number") parts.push([`${duration(remaining)} left`, "plain"]);
  if (detached) parts.push(["detached", "magenta"]);
  if (shield) parts.push(["shield", "magenta"]);
  if (reason) {
    const isNew = reason.origin !== above?.reason?.origin || reason.message !== above.reason.message;
    const { kind, origin, message } = reason;
    const why = `canceled (${inertText(String(kind))} at ${inertText(String(origin))}): ${inertText(String(message))}`;
    if (isNew) parts.push([why, "yellow"]);
    const ignoring = ignoringOf(tree, view);
    if (ignoring !== undefined) parts.push([ignoring, "alert"]);
  }
  if (note) parts.push([`note: ${inertText(String(note), LONGEST_NOTE)}`, "dim"]);
  let left = most;
  return parts.map(([text, style], index) => {
    const gap = index === 0 ? "" : "  ";
    if (left <= gap.length) return "";
    const fitting = fit(text, left - gap.length);
    left -= gap.length + widthOf(text);
    return gap + paint(fitting, style, view.isColored);
  }).join("");
}

/** What is said of a node that was canceled and has nothing to wait for, but has not ended. */
function ignoringOf({ state, reason, children }: ScopeTree, { canceledAt, ignored }: View): string | undefined {
  if (!reason || state !== "running" || children.length > 0) return undefined;
  if (!canceledAt) return "STILL RUNNING";
  const at = canceledAt.get(reason.origin);
  if (at === undefined) return "STILL RUNNING";
  const since = Date.now() - at;
  return since < ignored ? undefined : `STILL RUNNING ${duration(since)} after it was canceled`;
}

interface Counted {
  total: number;
  readonly states: Map<string, number>;
  /** Canceled, still running, and waiting for nothing below. */
  ignoring: number;
}

function count(trees: readonly ScopeTree[]): Counted {
  const counted: Counted = { total: 0, states: new Map(), ignoring: 0 };
  const left = [...trees];
  for (let tree = left.pop(); tree; tree = left.pop()) {
    counted.total++;
    counted.states.set(tree.state, (counted.states.get(tree.state) ?? 0) + 1);
    if (tree.reason && tree.state === "running" && tree.children.length === 0) counted.ignoring++;
    for (const child of tree.children) left.push(child);
  }
  return counted;
}

function sum({ states, ignoring }: Counted): string {
  const known = STATES.flatMap((state) => states.has(state) ? [`${states.get(state)} ${state}`] : []);
  if (ignoring > 0) known.push(`${ignoring} canceled and still running`);
  return known.join(", ");
}

function duration(ms: unknown): string {
  if (typeof ms !== "number" || !Number.isFinite(ms)) return inertText(show(ms), 20);
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor(ms / 1_000) % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}

/** Cuts a text to a width in columns. */
function fit(text: string, most: number): string {
  if (widthOf(text) <= most) return text;
  let fitting = "";
  let width = 0;
  for (const character of text) {
    width += widthOf(character);
    if (width > most - 1) break;
    fitting += character;
  }
  return most < 1 ? "" : `${fitting}…`;
}
