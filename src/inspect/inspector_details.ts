/**
 * What a person may want to know of one scope or task.
 *
 * @module
 */
import type { Counters } from "../observer.ts";
import type { ScopeNode } from "../scope_node.ts";
import { walk } from "../scope_tree.ts";
import { inertText } from "../inert_text.ts";
import type { SpawnEvent } from "./events.ts";
import type { Live } from "./inspector_live.ts";
import { stateOf } from "./inspector_row.ts";
import { chainOf } from "./inspector_text.ts";
import { kindOf } from "./kind_of.ts";
import { SOURCES } from "./stack.ts";

/** What the page shows beside the tree. All texts are inert. */
export interface Details {
  readonly id: number;
  readonly path: string;
  readonly kind: string;
  readonly state: string;
  readonly born: number;
  readonly deadline: number | null;
  /** Whether the deadline is its own, and not that of a scope above. */
  readonly hasOwnDeadline: boolean;
  readonly note: string | null;
  /** Names of context keys. Values are nobody's business: there may be secrets among them. */
  readonly context: readonly string[];
  readonly counters: Counters | null;
  /** How many live below it. */
  readonly below: number;
  /** Why it is canceled, and the causes behind that. */
  readonly reasons: readonly string[];
  /** Where that began. */
  readonly origin: string | null;
  readonly since: number | null;
  /** What has failed in it so far. */
  readonly failures: readonly string[];
  /** Who called `spawn`. */
  readonly spawner: number | null;
  /** Where in the code, if that was recorded. */
  readonly stack: readonly string[];
}

const LONG = 1_000;
const SHORT = 120;
const MOST_KEYS = 100;
const MOST_FAILURES = 10;
const MOST_FRAMES = 20;
const INTERNAL = /[(@ ](?:ext|node|bun|native|internal):|\[native code\]|\(native\)/;

/** The details of a node that lives. */
export function detailsOf(id: number, node: ScopeNode, live: Live, spawn: SpawnEvent | undefined): Details {
  const { cancellation, limit, nursery, extras, failures = [] } = node;
  return {
    id,
    path: inertText(node.path, LONG),
    kind: kindOf(node),
    state: stateOf(node),
    born: node.env.since + node.born,
    deadline: limit?.at ?? null,
    hasOwnDeadline: node.ownLimit !== undefined,
    note: extras?.note === undefined ? null : inertText(extras.note, LONG),
    context: contextNames(node),
    counters: nursery ? { ...nursery.counters } : null,
    below: countBelow(node),
    reasons: cancellation ? chainOf(cancellation.reason) : [],
    origin: cancellation ? inertText(cancellation.origin.path, LONG) : null,
    since: live.canceledSince(node) ?? null,
    failures: failures.slice(0, MOST_FAILURES).map((error) => chainOf(error).join(" ← ")),
    spawner: spawn?.spawner ?? null,
    stack: framesOf(spawn?.stack ?? ""),
  };
}

function contextNames(node: ScopeNode): string[] {
  const names: string[] = [];
  for (let at = node.values; at && names.length < MOST_KEYS; at = at.outer) {
    names.push(inertText(String(at.binding.key.name), SHORT));
  }
  return names.sort();
}

/** The program's own frames: between them are this library, which called it back, and the runtime. All if there is none. */
function framesOf(stack: string): string[] {
  const lines = stack.split("\n", MOST_FRAMES).map((line) => line.trim()).filter((line) => line !== "");
  const own = lines.filter((line) => !INTERNAL.test(line) && !(SOURCES && line.includes(SOURCES)));
  return (own.length > 0 ? own : lines).map((line) => inertText(line, LONG));
}

function countBelow(root: ScopeNode): number {
  let count = -1; // itself
  walk(root, () => {
    count++;
    return true;
  });
  return count;
}
