/**
 * Follows nodes from their spawn to their end, and never disturbs them: what a tracer or a meter throws is told once.
 *
 * @module
 */
import { type Attributes, context, trace, type Tracer } from "@opentelemetry/api";
import { kindOf } from "../inspect/kind_of.ts";
import { infoOf } from "../notify.ts";
import type { Outcome, ScopeInfo, TaskInfo } from "../observer.ts";
import type { ScopeNode } from "../scope_node.ts";
import { causeOf, endingOf, putAround, type Sight, watch } from "../watch.ts";
import { isThenable } from "../validate.ts";
import { factsOf } from "./error_facts.ts";
import type { Instruments } from "./metrics.ts";
import { nameOf } from "./names.ts";
import {
  closeSpan,
  errorOf,
  type Opened,
  openSpan,
  surroundings,
  tellCancel,
  tellError,
  tellLateEnd,
} from "./spans.ts";
import { Track } from "./track.ts";

/** What `instrument` was asked for. */
export interface Settings {
  readonly tracer: Tracer;
  /** Reads the instruments at each spawn: an SDK may be registered later. */
  readonly instruments: () => Instruments | undefined;
  readonly wantsTask: (task: TaskInfo) => boolean;
  readonly wantsScope: (scope: ScopeInfo) => boolean;
  readonly attributes: (info: TaskInfo | ScopeInfo) => Attributes;
  readonly hasNames: boolean;
  readonly hasExceptions: boolean;
}

/** Kept of an abandoned task for as long as its function exists. */
interface Abandoned {
  readonly track: Track;
  readonly since: Date;
}

/** Follows everything in this process until it is stopped, and then what it has seen so far to its end. */
export class Tracker {
  readonly #settings: Settings;
  readonly #tracks = new Map<number, Track>(); // each until its node has ended
  readonly #abandoned = new WeakMap<ScopeNode, Abandoned>();
  #release: (() => void) | undefined; // until stopped, and nothing is followed any more
  #isStopped = false;
  #hasComplained = false; // for good

  constructor(settings: Settings) {
    this.#settings = settings;
    const unwatch = watch((node, sight, args, spawner) => this.attempt(() => this.#see(node, sight, args, spawner)));
    const takeAway = putAround((node, call) => this.#run(node, call));
    this.#release = () => {
      unwatch();
      takeAway();
    };
  }

  /** How many nodes are followed now. */
  get size(): number {
    return this.#tracks.size;
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#tracks.size > 0) return;
    this.#release?.();
    this.#release = undefined;
  }

  #see(node: ScopeNode, sight: Sight, args: readonly unknown[], spawner: number): void {
    if (sight === "onSpawn" || sight === "onOpen") return this.#open(node, spawner);
    const track = this.#tracks.get(node.mark);
    if (!track) {
      if (sight === "onSettle") this.#closeLate(node, endingOf(node, args));
    } else if (sight === "onSettle") {
      this.#close(node, track, endingOf(node, args));
    } else if (sight === "onAbandon") {
      this.#abandoned.set(node, { track, since: new Date() });
      this.#close(node, track, { state: "abandoned", error: node.failures?.[0] ?? args[1] });
    } else if (track.span) {
      this.#tell(node, track, sight, args);
    }
  }

  #open(node: ScopeNode, spawner: number): void {
    if (this.#isStopped) return;
    const { tracer, wantsTask, wantsScope, attributes, hasNames } = this.#settings;
    const kind = kindOf(node);
    const info = kind === "scope" ? node.scope : infoOf(node);
    const instruments = kind === "scope" ? undefined : this.attempt(this.#settings.instruments);
    const isWanted = this.attempt(() => kind === "scope" ? wantsScope(info as ScopeInfo) : wantsTask(infoOf(node)));
    if (!isWanted && !instruments) return;
    const above = this.#tracks.get(spawner)?.cover;
    const owner = node.parent && above;
    const here = context.active();
    const opened = !isWanted ? undefined : this.attempt((): Opened | undefined => {
      return openSpan(tracer, node, surroundings(node, above), this.attempt(() => attributes(info as TaskInfo)) ?? {});
    });
    const labels = { "taskscope.task.kind": kind, ...(hasNames && { "taskscope.task.name": nameOf(node) }) };
    const track = new Track(node, {
      context: opened?.context ?? here,
      span: opened?.span,
      outer: trace.getSpan(here),
      ...{ owner, above, labels, instruments },
    });
    this.#tracks.set(node.mark, track);
    this.attempt(() => instruments?.spawned(labels, track.context));
  }

  #tell(node: ScopeNode, track: Track, sight: Sight, args: readonly unknown[]): void {
    const { span } = track;
    if (sight === "onStart" && track.wasQueued) span?.addEvent("taskscope.task.start");
    if (sight === "onError" && this.#settings.hasExceptions) tellError(track, args[0]);
    if (sight !== "onCancel" || !span) return;
    const { reason, info } = causeOf(node);
    tellCancel(span, reason, info);
  }

  #close(node: ScopeNode, track: Track, outcome: Outcome<unknown>): void {
    this.#tracks.delete(node.mark);
    if (this.#isStopped) this.stop();
    this.attempt(() => closeSpan(track, node, outcome, this.#settings.hasExceptions));
    const error = errorOf(outcome);
    track.instruments?.settled(track.labels, track.context, {
      state: outcome.state,
      errorType: error && factsOf(error.value).type,
      duration: (performance.now() - track.since) / 1_000,
      slack: node.limit && (node.limit.at - Date.now()) / 1_000,
    });
  }

  #closeLate(node: ScopeNode, outcome: Outcome<unknown>): void {
    const { track, since } = this.#abandoned.get(node) ?? {};
    if (!track || !since) return;
    const { tracer, hasExceptions } = this.#settings;
    this.attempt(() => track.span && tellLateEnd(tracer, node, track.context, since, outcome, hasExceptions));
    track.instruments?.settledLate(track.labels, track.context, outcome.state);
  }

  /** Calls the function of a node once, in the context of its span, and has it return and throw what it does. */
  #run(node: ScopeNode, call: () => unknown): unknown {
    const track = this.#tracks.get(node.mark);
    if (!track?.span) return call();
    let end: (() => unknown) | undefined;
    const run = () => {
      try {
        const value = call();
        end = () => value;
      } catch (error) {
        end = () => {
          throw error;
        };
      }
    };
    this.attempt(() => context.with(track.context, run));
    return end ? end() : call();
  }

  /** Calls something that may throw, or reject, and tells the first time that it does. */
  attempt<T>(fn: () => T): T | undefined {
    try {
      const result = fn();
      // An async filter must not end the process.
      if (isThenable(result)) Promise.resolve(result).then(undefined, (error) => this.#complain(error));
      return result;
    } catch (error) {
      this.#complain(error);
      return undefined;
    }
  }

  #complain(error: unknown): void {
    if (this.#hasComplained) return;
    this.#hasComplained = true;
    console.error("TaskScope: OpenTelemetry threw (told once):", error);
  }
}
