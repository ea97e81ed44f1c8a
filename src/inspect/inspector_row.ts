/**
 * One row of the live page.
 *
 * @module
 */
import * as Flag from "../flags.ts";
import type { ScopeNode } from "../scope_node.ts";
import type { SpawnKind } from "./events.ts";

/** What the page knows of a node without asking. Optional parts are left out: there may be thousands. */
export interface Row {
  readonly id: number;
  /** The scope that owns it. */
  readonly parent?: number;
  readonly kind: SpawnKind;
  readonly name: string;
  readonly state: "queued" | "running" | "open" | "canceling" | "cleanup";
  /** In milliseconds since 1970. */
  readonly born: number;
  readonly deadline?: number;
  /** Where it was detached. */
  readonly from?: string;
  /** Why it is canceled. */
  readonly why?: string;
  /** Since when it is canceled, if that was seen. */
  readonly since?: number;
}

/** What has changed since a version. */
export interface RowChanges {
  /** Whether `rows` are all there are. */
  readonly full: boolean;
  readonly rows: readonly Row[];
  readonly gone: readonly number[];
}

/** Where a node that lives is in its life. */
export function stateOf(node: ScopeNode): Row["state"] {
  if (node.is(Flag.CLEANING)) return "cleanup";
  if (node.cancellation) return "canceling";
  if (node.is(Flag.QUEUED)) return "queued";
  return node.is(Flag.MANUAL) ? "open" : "running";
}
