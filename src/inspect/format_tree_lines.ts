/**
 * The lines of a tree, one for each scope or task.
 *
 * @module
 */
import type { ScopeTree } from "../observer.ts";
import { show } from "../validate.ts";
import { inertText } from "../inert_text.ts";
import { columns, fit } from "./columns.ts";
import { count, sum } from "./format_tree_count.ts";
import { paint, type Style } from "./format_tree_terminal.ts";

/** How many columns a level is indented by. */
export const INDENT = 3;

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

/** What does not change while a tree is shown. */
export interface View {
  readonly isColored: boolean;
  readonly width: number;
  readonly children: number;
  readonly depth: number;
  readonly ignored: number;
  /** When each cancellation began, by the path of where it began. */
  readonly canceledAt: ReadonlyMap<string, number> | undefined;
}

/** A line to be: a node with what stands left of it, or a remark. */
type Row =
  | { readonly tree: ScopeTree; readonly above: ScopeTree | undefined; readonly left: string; readonly depth: number }
  | { readonly remark: string; readonly left: string };

/** The lines of a tree, without its total. Without recursion: a tree may be deeper than the stack. */
export function linesOf(root: ScopeTree, view: View): string[] {
  const lines: string[] = [];
  const rows: Row[] = [{ tree: root, above: undefined, left: "", depth: 1 }];
  for (let row = rows.pop(); row; row = rows.pop()) {
    const left = paint(fit(row.left, view.width), "dim", view.isColored);
    const most = Math.max(0, view.width - columns(row.left));
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
    const isNew = reason.origin !== above?.reason?.origin || reason.message !== above?.reason?.message;
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
    left -= gap.length + columns(text);
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

function duration(ms: unknown): string {
  if (typeof ms !== "number" || !Number.isFinite(ms)) return inertText(show(ms), 20);
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor(ms / 1_000) % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} days`;
}
