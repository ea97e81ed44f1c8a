/**
 * What an inspector knows, and who is told: the seam between what is watched and the pages that are open.
 *
 * @module
 */
import { endOf, type Lifetime } from "../lifetime.ts";
import { watch } from "../watch.ts";
import { inertText } from "../inert_text.ts";
import type { LifecycleEvent, SpawnEvent } from "./events.ts";
import { randomToken } from "./inspector_answer.ts";
import { Live } from "./inspector_live.ts";
import { type Alert, Past } from "./inspector_past.ts";
import { messageOf } from "./inspector_text.ts";
import { type MisuseWarning, watchMisuse } from "./misuse.ts";
import { Client, type Position, type Source } from "./inspector_stream.ts";
import { Numbered } from "./numbered.ts";
import { Recorder } from "./recorder.ts";
import { renderTimeline } from "./timeline_svg.ts";

/** What it is made with. */
export interface FeedOptions {
  readonly recorder: Recorder | undefined;
  readonly stacks: boolean;
  readonly keepAlive: number;
  readonly cancel: boolean;
  readonly warnings: boolean | undefined;
  readonly patience: number | undefined;
}

const MOST_ALERTS = 200;
const MOST_CLIENTS = 32;
const LONGEST = 500;
const MOST_LANES = 300; // of a timeline that is drawn again and again
const PICTURE = 1_000; // for how long a timeline will do for who asks next, in milliseconds; longer if drawing it took long
const SHARE = 10; // at most one part in so many of all time is for drawing in one width
const MOST_WIDTHS = 2; // at a time; who wants another one has to take what there is

/** A timeline that was drawn. */
interface Picture {
  readonly width: number;
  readonly svg: string;
  readonly at: number;
  /** Until when it will do. */
  readonly until: number;
}

/** Watches from its making to `close`. */
export class Feed implements Source {
  readonly live: Live;
  readonly mayCancel: boolean;
  isClosed = false;
  readonly #lifetime: Lifetime;
  #recorder: Recorder | undefined; // until it is closed
  readonly #ownsRecorder: boolean;
  readonly #keepAlive: number;
  readonly #clients = new Set<Client>();
  #alerts = new Numbered<Alert>(MOST_ALERTS);
  readonly #misuse: Disposable;
  readonly #unwatch: () => void;
  #past = new Past(0);
  #pictures: Picture[] = [];
  #unsubscribe: (() => void) | undefined; // while there are clients
  #token: string | undefined; // at first use: workerd has no random numbers outside of requests
  #epoch: string | undefined;

  constructor(lifetime: Lifetime, options: FeedOptions) {
    const { recorder, stacks, keepAlive, cancel, warnings: enabled, patience } = options;
    this.#lifetime = lifetime;
    this.mayCancel = cancel;
    this.#keepAlive = keepAlive;
    this.#ownsRecorder = recorder === undefined;
    this.#recorder = recorder ?? new Recorder({ stacks });
    if (!recorder) this.#recorder.start();
    this.live = new Live(lifetime);
    this.#misuse = watchMisuse({ enabled, patience, onWarning: (warning) => this.#alerts.add(toAlert(warning)) });
    this.#unwatch = watch((node, sight, args) => {
      if (sight !== "onAbandon") return; // also in production, where nobody looks for misuse
      const message = inertText(messageOf(args[1]), LONGEST);
      this.#alerts.add({ kind: "abandoned", message, path: inertText(node.path), place: "", at: Date.now() });
    });
  }

  /** Whether another page may be opened; those that take nothing make room. */
  get hasRoom(): boolean {
    const now = Date.now();
    if (this.#clients.size >= MOST_CLIENTS) {
      for (const client of [...this.#clients]) if (client.isStalled(now)) client.close();
    }
    return this.#clients.size < MOST_CLIENTS;
  }

  /** Proves that a request comes from a page that was let in. */
  get token(): string {
    return this.#token ??= randomToken();
  }

  get epoch(): string {
    return this.#epoch ??= randomToken().slice(0, 16);
  }

  /** The spawn of a task that lives, if it was recorded. */
  spawnOf(id: number): SpawnEvent | undefined {
    const known = this.#past.spawnOf(id); // all events are many
    return known ?? this.events().findLast((event): event is SpawnEvent => event.type === "spawn" && event.id === id);
  }

  /** What was recorded, the oldest first. */
  events(): LifecycleEvent[] {
    return this.#recorder?.events() ?? [];
  }

  /** The timeline as SVG: drawing it takes a good while, so pages share it. */
  timeline(width: number): string {
    const now = Date.now();
    this.#pictures = this.#pictures.filter(({ at, until }) => now >= at && now < until);
    const known = this.#pictures.find((each) => each.width === width) ?? this.#pictures[MOST_WIDTHS - 1];
    if (known) return known.svg;
    const began = performance.now();
    const svg = renderTimeline(this.events(), { title: "Recorded events", width, maxLanes: MOST_LANES, now });
    this.#pictures.push({ width, svg, at: now, until: now + Math.max(PICTURE, SHARE * (performance.now() - began)) });
    return svg;
  }

  /** The stream of a page. */
  connect(lastId: string | null): ReadableStream<Uint8Array<ArrayBuffer>> {
    if (!this.#unsubscribe && this.#recorder) {
      const events = this.events();
      this.#past = new Past(this.#recorder.dropped);
      events.forEach(this.#past.take);
      this.#unsubscribe = this.#recorder.subscribe(this.#past.take);
    }
    const client = new Client(this, lastId, this.#keepAlive, () => this.#left(client));
    this.#clients.add(client);
    return client.stream;
  }

  #left(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    this.#unsubscribe?.();
    this.#unsubscribe = undefined;
  }

  greeting(): object {
    return { epoch: this.epoch, cancel: this.mayCancel, ...(this.mayCancel && { token: this.token }) };
  }

  news(since: Position): { readonly position: Position; readonly data: object | undefined } {
    this.live.update();
    const status = this.#status();
    const { version } = this.live;
    const rows = version === since.rows ? undefined : this.live.changesSince(since.rows);
    const ended = this.#past.after(since.ended);
    const alerts = this.#alerts.after(since.alerts);
    const position = { rows: version, ended: this.#past.last, alerts: this.#alerts.last, status };
    const isNothing = !rows && ended.length === 0 && alerts.length === 0 && status === since.status;
    if (isNothing) return { position, data: undefined };
    return { position, data: { now: Date.now(), ...rows, ended, alerts, status: JSON.parse(status) } };
  }

  /** Whether the host says that it is about to end. */
  get isClosing(): boolean {
    try {
      return this.#lifetime.closing?.aborted ?? false;
    } catch {
      return false; // a host may throw once its request has ended
    }
  }

  /** What stands above the tree, as a text that changes when it does. */
  #status(): string {
    try {
      const { pending } = this.#lifetime as { readonly pending?: unknown };
      const end = endOf(this.#lifetime);
      return JSON.stringify({
        pending: typeof pending === "number" ? pending : null,
        end: end === Infinity ? null : end,
        isClosing: this.#lifetime.closing?.aborted ?? false,
        hidden: this.live.hidden,
      });
    } catch {
      return "null"; // a host may throw once its request has ended
    }
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const client of [...this.#clients]) client.close();
    this.#past = new Past(0);
    this.#alerts = new Numbered(MOST_ALERTS);
    this.#pictures = [];
    this.live.stop();
    this.#unwatch();
    this.#misuse[Symbol.dispose]();
    if (this.#ownsRecorder) this.#recorder?.[Symbol.dispose]();
    this.#recorder = undefined;
  }
}

/** The kind has a place of its own in the lane. */
function toAlert({ kind, message, path, place = "", at }: MisuseWarning): Alert {
  const text = message.replace(/^Misuse \([a-z-]+\): /, "");
  return { kind, message: text, path, place: text.includes(place) ? "" : place, at };
}
