/**
 * What is known of a node from its spawn to its end.
 *
 * @module
 */
import type { Attributes, Context, Span } from "@opentelemetry/api";
import * as Flag from "../flags.ts";
import type { ScopeNode } from "../scope_node.ts";
import type { Instruments } from "./metrics.ts";
import type { Told } from "./told.ts";

/** Kept until the node has ended. */
export class Track {
  /** What the node's function runs in, and its measurements are taken in. */
  readonly context: Context;
  /** If it has one. */
  readonly span: Span | undefined;
  /** The span that was active at the place of the spawn. */
  readonly outer: Span | undefined;
  /** The nearest track with a span, of the scopes that own the node. */
  readonly owner: Track | undefined;
  readonly labels: Attributes;
  /** None for what is not counted. */
  readonly instruments: Instruments | undefined;
  /** Errors that are on its span already, or on one below; made with the first. */
  told: Told | undefined;
  /** As `performance.now()` tells it. */
  readonly since: number = performance.now();
  readonly wasQueued: boolean;
  readonly #above: Track | undefined;

  constructor(
    node: ScopeNode,
    { context, span, outer, owner, above, labels, instruments }:
      & Pick<Track, "context" | "span" | "outer" | "owner" | "labels" | "instruments">
      & { readonly above: Track | undefined },
  ) {
    this.context = context;
    this.span = span;
    this.outer = outer;
    this.owner = owner;
    this.labels = labels;
    this.instruments = instruments;
    this.wasQueued = node.is(Flag.QUEUED);
    this.#above = span ? undefined : above; // not a chain: detached tasks may spawn each other for ever
  }

  /** The track whose span covers what is spawned in the node: this one, or the nearest above that has a span. */
  get cover(): Track | undefined {
    return this.span ? this : this.#above;
  }
}
