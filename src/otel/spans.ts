/**
 * Spans: where one belongs, and what it says in the end.
 *
 * @module
 */
import {
  type Attributes,
  type Context,
  context,
  isSpanContextValid,
  type Link,
  type Span,
  SpanStatusCode,
  trace,
  type Tracer,
} from "@opentelemetry/api";
import { lookUp } from "../context.ts";
import * as Flag from "../flags.ts";
import { TraceParent } from "../http/trace_parent.ts";
import type { CancelKind } from "../errors.ts";
import { kindOf } from "../inspect/kind_of.ts";
import type { Outcome } from "../observer.ts";
import type { ScopeNode } from "../scope_node.ts";
import { factsOf, stackOf } from "./error_facts.ts";
import { inert, inertPath } from "./inert.ts";
import { nameOf, pathOf } from "./names.ts";
import { Told } from "./told.ts";
import type { Track } from "./track.ts";

const LATEST_DATE = 8.64e15;

/** A span, and the context in which its task runs. */
export interface Opened {
  readonly span: Span;
  readonly context: Context;
}

/**
 * The context that a span made here belongs to: the active span, which flows from the place of the spawn (G3). Where that
 * is no more than what was active when the scope's own span began, or where nothing is active, the scope's span is
 * nearer; without any, the trace that the request came with.
 */
export function surroundings(node: ScopeNode, cover: Track | undefined): Context {
  const here = context.active();
  const active = trace.getSpan(here);
  const isAny = active !== undefined && isSpanContextValid(active.spanContext());
  if (cover?.span && (!isAny || active === cover.outer)) return trace.setSpan(here, cover.span);
  if (isAny) return here;
  const caller = lookUp(node.values, TraceParent);
  if (!caller) return here;
  const { traceId, parentId: spanId, flags: traceFlags } = caller;
  return trace.setSpanContext(here, { traceId, spanId, traceFlags, isRemote: true });
}

/** What an error is told with. */
type Teller = Pick<Track, "span" | "told" | "owner">;

/**
 * Begins the span of a node; of a detached task: a new trace that is linked to where it came from. Nothing where no SDK
 * is: a span without an id would only hide the one that is active.
 */
export function openSpan(tracer: Tracer, node: ScopeNode, around: Context, extra: Attributes): Opened | undefined {
  const kind = kindOf(node);
  const attributes: Attributes = {
    ...extra,
    "taskscope.task.path": pathOf(node),
    "taskscope.task.kind": kind,
    ...(node.is(Flag.QUEUED) && { "taskscope.task.queued": true }),
  };
  const at = node.limit?.at ?? Infinity;
  if (at <= LATEST_DATE) attributes["taskscope.deadline"] = new Date(at).toISOString();
  const isRoot = kind === "detached";
  const within = isRoot ? trace.deleteSpan(around) : around; // baggage and all else stay
  const span = tracer.startSpan(nameOf(node), { attributes, ...(isRoot && { links: linksTo(around) }) }, within);
  return isSpanContextValid(span.spanContext()) ? { span, context: trace.setSpan(within, span) } : undefined;
}

function linksTo(from: Context): Link[] {
  const spanContext = trace.getSpanContext(from);
  if (!spanContext || !isSpanContextValid(spanContext)) return [];
  return [{ context: spanContext, attributes: { "taskscope.link.type": "spawner" } }];
}

/** Says on a span that a cancellation began here. */
export function tellCancel(
  span: Span,
  reason: unknown,
  info: { readonly kind: CancelKind; readonly origin: string },
): void {
  if (span.isRecording()) span.addEvent("taskscope.cancel", cancelAttributes(reason, info));
}

/** Says on a span what was thrown, unless one below it has said so. */
export function tellError(track: Teller, error: unknown): void {
  const { span, owner } = track;
  if (!span?.isRecording()) return;
  const isKnown = track.told?.has(error);
  for (const each of owner ? [track, owner] : [track]) (each.told ??= new Told()).add(error);
  if (isKnown) return;
  const facts = factsOf(error);
  const stack = stackOf(error, facts);
  span.recordException({ name: facts.type, message: facts.message, ...(stack !== undefined && { stack }) });
}

/** Ends the span of a node. */
export function closeSpan(track: Teller, node: ScopeNode, outcome: Outcome<unknown>, exceptions: boolean): void {
  const { span } = track;
  if (!span) return;
  try {
    if (span.isRecording()) describe(span, track, node, outcome, exceptions);
  } finally {
    span.end();
  }
}

function describe(
  span: Span,
  track: Teller,
  node: ScopeNode,
  outcome: Outcome<unknown>,
  exceptions: boolean,
): void {
  const { cancellation } = node;
  const isOwnFailure = cancellation?.kind === "body-failed" && cancellation.origin === node; // canceled what it owned
  span.setAttributes({
    "taskscope.task.state": outcome.state,
    ...(outcome.state === "succeeded" && outcome.late && { "taskscope.task.late": true }),
    ...(outcome.state === "abandoned" && { "taskscope.task.abandoned": true }),
    ...(cancellation && !isOwnFailure && cancelAttributes(cancellation.reason, cancellation.info)),
  });
  const error = errorOf(outcome);
  if (!error) return;
  const { type, message } = factsOf(error.value);
  span.setAttribute("error.type", type);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  if (exceptions && outcome.state !== "canceled") tellError(track, error.value);
}

/** What makes an outcome an error: a failure, or that time ran out. Being canceled is none. */
export function errorOf(outcome: Outcome<unknown>): { readonly value: unknown } | undefined {
  if (outcome.state === "succeeded") return undefined;
  if (outcome.state !== "canceled") return { value: outcome.error };
  return outcome.kind === "deadline" ? { value: outcome.reason } : undefined;
}

function cancelAttributes(
  reason: unknown,
  { kind, origin }: { readonly kind: CancelKind; readonly origin: string },
): Attributes {
  return {
    "taskscope.cancel.kind": inert(String(kind)), // a reason of the user's may be a CancelReason of any kind
    "taskscope.cancel.origin": inertPath(String(origin)),
    "taskscope.cancel.reason": factsOf(reason).message,
  };
}

/** The end of what was abandoned, below its span, which has ended: from the abandonment to the end. */
export function tellLateEnd(
  tracer: Tracer,
  node: ScopeNode,
  around: Context,
  startTime: Date,
  outcome: Outcome<unknown>,
  exceptions: boolean,
): void {
  const attributes: Attributes = {
    "taskscope.task.path": pathOf(node),
    "taskscope.task.kind": kindOf(node),
    "taskscope.task.after_abandon": true,
  };
  const span = tracer.startSpan(nameOf(node), { startTime, attributes }, around);
  closeSpan({ span, told: undefined, owner: undefined }, node, outcome, exceptions);
}
