/**
 * What there is to say in words: of a lane, and of all of them. The picture alone would be silent to many.
 *
 * @module
 */
import { fit } from "./columns.ts";
import type { SpawnKind } from "./events.ts";
import type { Cancel, Lane } from "./timeline_lane.ts";
import type { Model } from "./timeline_model.ts";
import { formatDuration, formatMoment } from "./timeline_time.ts";

const KINDS: Readonly<Record<SpawnKind, string>> = {
  scope: "scope",
  task: "task",
  detached: "detached task",
  shield: "shield",
};
const NAMED = 3; // in the summary, of each sort
const LONGEST = 32; // of a name there, in columns

/** How alarming a lane is: what a person looks for first. 0: nothing special. */
export function interestOf(lane: Lane): number {
  if (lane.state === "abandoned" || lane.isMissed) return 5;
  if (lane.state === "failed" || lane.error !== "") return 4;
  if (lane.outlived !== undefined) return 3;
  if (lane.cancel !== undefined) return 2;
  return lane.kind === "detached" || lane.ended === undefined ? 1 : 0;
}

/**
 * What to know of a lane, the most important first: for the place at its end, where not all may fit.
 *
 * @param to When what has not ended was last seen, in milliseconds since 1970.
 */
export function notesOf(lane: Lane, to: number): string[] {
  const { spawned, deadline, error, message, state } = lane;
  const last = lane.last(to);
  const notes = [
    lane.isMissed ? missed(lane, last) : "",
    lane.outlived ? `outlived ${lane.outlived.name} by ${formatDuration(last - (lane.outlived.ended ?? last))}` : "",
    state === "abandoned" ? abandoned(lane) : ending(lane),
    lane.isLate && !lane.isMissed ? "ended well all the same" : "",
    isSpared(lane) ? `shielded from the cancellation of ${lane.owner?.name}` : "",
    lane.ended === undefined
      ? `still ${state} after ${formatDuration(last - spawned)}`
      : formatDuration(last - spawned),
    waited(lane),
    deadline !== undefined && !lane.isMissed ? `deadline ${formatDuration(deadline - spawned)}` : "",
    error !== "" && error !== message ? `error: ${error}` : "",
  ];
  return notes.filter((note) => note !== "");
}

/** The scope it is in was canceled before it ended. */
function isSpared({ kind, owner, ended = Infinity }: Lane): boolean {
  const { cancel } = owner ?? {};
  return kind === "shield" && cancel !== undefined && cancel.at < ended;
}

function missed({ deadline, spawned }: Lane, last: number): string {
  if (deadline === undefined) return "missed its deadline";
  const over = last - deadline;
  const by = over > 0 ? ` by ${formatDuration(over)}` : "";
  return `missed its deadline of ${formatDuration(deadline - spawned)}${by}`;
}

function abandoned({ spawned, ended = spawned, endedLate, lateState }: Lane): string {
  const end = endedLate === undefined ? "" : `, ${lateState} ${formatDuration(endedLate - ended)} later`;
  return `abandoned after ${formatDuration(ended - spawned)}${end}`;
}

function waited({ spawned, started, ended }: Lane): string {
  if (started === undefined) return ended === undefined ? "" : "never started";
  const wait = started - spawned;
  return wait > 0 ? `first queued for ${formatDuration(wait)}` : "";
}

function ending(lane: Lane): string {
  const { cancel, state, message, isMissed } = lane;
  if (cancel?.origin === lane && !(isMissed && cancel.kind === "deadline")) return began(cancel, lane);
  if (state === "failed") return isMissed ? "" : `failed: ${message}`;
  if (cancel !== undefined && cancel.origin !== lane) return `canceled by ${cancel.origin.name}${because(cancel)}`;
  if (state !== "canceled" || isMissed) return "";
  return lane.canceledBy && lane.canceledBy !== lane ? `canceled by ${lane.canceledBy.name}` : `canceled: ${message}`;
}

/** What is said of the scope in which a cancellation began. */
function began(cancel: Cancel, lane: Lane): string {
  const { kind, cause, by } = cancel;
  if (kind === "sibling-failed") return `${cause?.name ?? "a task"} failed, so the others were canceled`;
  if (kind === "body-failed") return `failed, so its tasks were canceled: ${lane.message || cancel.reason}`;
  return `canceled${isOutside(cancel) ? ` by ${by}` : ""}${because(cancel)}`;
}

/** The reason of a cancellation, in a few words; none where there is nothing to say. */
export function why({ kind, cause, reason }: Cancel): string {
  if (kind === "sibling-failed" && cause) return `${cause.name} failed`;
  if (kind !== "canceled") return kind;
  return reason.startsWith('"') ? "" : reason; // `"page" was canceled` says nothing new
}

function because(cancel: Cancel): string {
  const reason = why(cancel);
  return reason === "" ? "" : `: ${reason}`;
}

/**
 * All that is known of a lane, as lines: for a tooltip.
 *
 * @param from What times count from.
 */
export function describe(lane: Lane, from: number, to: number): string {
  const { spawned, cancel } = lane;
  const at = (moment: number) => formatDuration(moment - from);
  const end = lane.ended === undefined && lane.endedLate === undefined ? "not ended" : `to ${at(lane.last(to))}`;
  return [
    `${lane.name} (${KINDS[lane.kind]}): ${lane.isLate ? "succeeded, late" : lane.state}`,
    lane.path === lane.name ? "" : lane.path,
    lane.isPartial ? "its beginning was not recorded" : "",
    `from ${at(spawned)}, ${end}; spawned ${formatMoment(spawned)}`,
    lane.deadline === undefined ? "" : `deadline at ${at(lane.deadline)}, ${lane.isMissed ? "missed" : "kept"}`,
    ...notesOf(lane, to),
    lane.message === "" ? "" : `message: ${lane.message}`,
    cancel ? `canceled at ${at(cancel.at)}, begun in ${cancel.origin.path}: ${cancel.kind}, ${cancel.reason}` : "",
  ].filter((line) => line !== "").join("\n");
}

/** A name, for a list: with what it stands under, since there may be many of that name. */
function shortPath({ above, name }: Lane): string {
  return above ? `${short(above.name)}/${short(name)}` : short(name);
}

function short(name: string): string {
  return fit(name, LONGEST);
}

/** Who canceled it, for a list of names. */
function by(lane: Lane): string {
  if (lane.state !== "canceled" || lane.cancel === undefined) return "";
  const { origin, by, kind } = lane.cancel;
  if (origin !== lane) return ` by ${short(origin.name)}`;
  if (isOutside(lane.cancel)) return ` by ${short(by)}`;
  return kind === "canceled" ? "" : `: ${kind}`;
}

/** Whether the reason names somebody else than the scope in which the cancellation began. */
function isOutside({ by, origin: { path } }: Cancel): boolean {
  return by !== "" && by !== path && !path.endsWith(`/${by}`);
}

/** What stands out in all lanes, as parts of a sentence: `2 outlived their request (audit, mail)`. */
export function summaryOf({ lanes, from, to }: Model): string[] {
  if (lanes.length === 0) return ["nothing was recorded"];
  const sorts: readonly [string, string, (lane: Lane) => boolean][] = [
    ["outlived its request", "outlived their request", ({ outlived }) => outlived !== undefined],
    ["missed its deadline", "missed their deadline", ({ isMissed }) => isMissed],
    ["was abandoned", "were abandoned", ({ state }) => state === "abandoned"],
    ["failed", "failed", ({ state, isMissed }) => state === "failed" && !isMissed],
    ["was canceled", "were canceled", ({ state }) => state === "canceled"],
    ["is still queued", "are still queued", ({ state }) => state === "queued"],
    ["is still running", "are still running", ({ state }) => state === "running"],
  ];
  const found = sorts.map(([one, many, isIt]): string => {
    const those = lanes.filter(isIt);
    const names = those.slice(0, NAMED).map((lane) => shortPath(lane) + by(lane)).join(", ");
    const more = those.length > NAMED ? ", …" : "";
    return those.length === 0 ? "" : `${those.length} ${those.length === 1 ? one : many} (${names}${more})`;
  });
  const all = `${lanes.length} ${lanes.length === 1 ? "scope or task" : "scopes and tasks"} in ${
    formatDuration(to - from)
  }`;
  return [all, ...found.filter((part) => part !== "")];
}
