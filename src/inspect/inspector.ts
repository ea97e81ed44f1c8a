/**
 * The live page: a request handler that shows what runs in this process.
 *
 * @module
 */
import { CancelReason } from "../errors.ts";
import { cancelFor } from "../cancellation.ts";
import { assertLifetime, type Lifetime } from "../lifetime.ts";
import { assertFunction, assertNumber, assertOneOf, assertOptions, wrong } from "../validate.ts";
import { type InspectorGuard, refusal } from "./inspector_access.ts";
import { answer, isSame, json, say } from "./inspector_answer.ts";
import { detailsOf } from "./inspector_details.ts";
import { Feed } from "./inspector_feed.ts";
import { page } from "./page/page.ts";
import { Recorder } from "./recorder.ts";

/** Options of {@linkcode inspector}. */
export interface InspectorOptions {
  /**
   * Lets requests in, from wherever they come: only `true` does. It has to know its user, by a session or a password;
   * one that goes by the address alone has to check the `Host` header, too. A connection is asked for once, when it opens.
   *
   * @default only clients on this machine, and no proxy
   */
  readonly guard?: InspectorGuard | undefined;
  /**
   * Whether people may cancel tasks.
   *
   * @default true with a guard, false without
   */
  readonly cancel?: boolean | undefined;
  /**
   * What records the events of the timeline; it has to be started by whoever made it.
   *
   * @default one of its own
   */
  readonly recorder?: Recorder | undefined;
  /**
   * Whether a recorder of its own keeps where in the code each task was spawned: costs tens of microseconds a spawn.
   *
   * @default false
   */
  readonly stacks?: boolean | undefined;
  /**
   * Whether to look for misuse, as `watchMisuse` does. Costs up to tens of microseconds a spawn.
   *
   * @default not where `NODE_ENV` or `DENO_ENV` is "production"
   */
  readonly warnings?: boolean | undefined;
  /**
   * How long a canceled task may go on before that is a warning, in milliseconds.
   *
   * @default 1000
   */
  readonly patience?: number | undefined;
  /**
   * How often a silent connection is sent a comment, in milliseconds.
   *
   * @default 8000, less than what Bun and proxies take for a lost connection
   */
  readonly keepAlive?: number | undefined;
}

/** A live page; see {@linkcode inspector}. */
export interface Inspector extends Disposable {
  /**
   * Answers a request.
   *
   * @param request Whose last part of the path says what is asked for; where the page is mounted does not matter.
   * @param info What the server passes beside it: where the client is.
   */
  (request: Request, info?: unknown): Promise<Response>;
  /** Ends its connections and forgets everything; from now on it answers 503. */
  close(): void;
  /** As `close`. */
  [Symbol.dispose](): void;
}

const OPTIONS = ["guard", "cancel", "recorder", "stacks", "warnings", "patience", "keepAlive"];
const [NARROWEST, WIDTH, WIDEST] = [640, 1_280, 4_000]; // in pixels
const KEEP_ALIVE = 8_000;
const DATA = ["events", "details", "cancel", "timeline.svg"];
/** What the page sends along with what changes something; no form and no other site can. */
const TOKEN_HEADER = "x-taskscope-token";

/**
 * A live page of all scopes and tasks in this process, as a request handler: mount it where you like.
 *
 * It shows what has been spawned since it was made, and the detached tasks that the process owned before; it spawns
 * nothing itself. Close it before the server: a page that is open is a request that does not end until the lifetime is
 * closing; after that, pages ask again and again. Better on a port of its own: what is of the same origin as the page,
 * such as the rest of an app and what was injected into it, can use it, too.
 *
 * **Guarantees.** Without a `guard`, only clients on this machine are let in: the server has to pass what tells their
 * address, as `Deno.serve`, `Bun.serve` and `toNodeListener` of `./node` do; where it is not known, as on workerd, all
 * are refused. So is what comes through a proxy that says it is one, or closes each connection, as nginx does unless told
 * otherwise; behind one that shows by nothing what it is, and on a machine with users you do not trust, give a `guard`.
 * Values of context keys are never shown. What has ended is forgotten, but for a bounded number of events.
 *
 * @param lifetime What keeps detached work alive; its deadline and the number of its pending tasks are shown.
 * @param options See {@linkcode InspectorOptions}.
 * @returns The handler; close it when it is not needed any more.
 * @throws {TypeError} If the lifetime is none, or an option is unknown or of the wrong type.
 * @throws {RangeError} If `keepAlive` is out of range.
 *
 * @example Mounted under a path, for people on this machine
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { processLifetime } from "@taskscope/taskscope";
 * import { inspector } from "@taskscope/taskscope/inspect";
 *
 * using inspect = inspector(processLifetime());
 * const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request, info) => {
 *   if (new URL(request.url).pathname.startsWith("/inspect")) return inspect(request, info);
 *   return new Response("hello");
 * });
 * const page = await fetch(`http://127.0.0.1:${server.addr.port}/inspect`);
 * assertEquals([page.status, (await page.text()).includes("<title>TaskScope inspector</title>")], [200, true]);
 * await server.shutdown();
 * ```
 */
export function inspector(lifetime: Lifetime, options: InspectorOptions = {}): Inspector {
  const what = "Cannot make an inspector";
  assertLifetime(lifetime, what);
  assertOptions(options, OPTIONS, what);
  const { guard, cancel = guard !== undefined, recorder, stacks = false, keepAlive = KEEP_ALIVE } = options;
  const { warnings, patience } = options;
  if (guard !== undefined) assertFunction(guard, what);
  assertOneOf(cancel, [true, false], "cancel", what);
  assertOneOf(stacks, [true, false], "stacks", what);
  assertOneOf(warnings, [true, false, undefined], "warnings", what);
  if (patience !== undefined) assertNumber(patience, "patience", what);
  assertNumber(keepAlive, "keepAlive", what, 100);
  if (recorder !== undefined && !(recorder instanceof Recorder)) {
    throw wrong(what, "recorder must be a Recorder", recorder);
  }
  const feed = new Feed(lifetime, { recorder, stacks, keepAlive, cancel, warnings, patience });
  const handle = async (request: Request, info?: unknown): Promise<Response> => {
    if (!URL.canParse(request.url)) return say(400, "Cannot show the inspector: its address is none"); // Deno: of any Host
    const { pathname } = new URL(request.url);
    const last = pathname.slice(pathname.lastIndexOf("/") + 1);
    const isPage = !DATA.includes(last);
    const why = await refusal(request, info, guard, isPage);
    if (why !== undefined) return say(403, `Cannot show the inspector: ${why}`);
    if (feed.isClosed) return say(503, "Cannot show the inspector: it is closed");
    return respond(feed, request, last, isPage);
  };
  const close = () => feed.close();
  return Object.assign(handle, { close, [Symbol.dispose]: close });
}

function respond(feed: Feed, request: Request, last: string, isPage: boolean): Response {
  const { method, url, headers } = request;
  if (last === "cancel") {
    return method === "POST" ? cancelTask(feed, request) : say(405, "Cannot cancel: use POST", { allow: "POST" });
  }
  if (method !== "GET") return say(405, `Cannot ${method} this: use GET`, { allow: "GET" });
  if (isPage) return last.includes(".") ? say(404, "There is nothing here") : page();
  const { searchParams } = new URL(url);
  if (last === "events") {
    if (!feed.hasRoom) {
      return say(503, "Cannot connect: too many pages are open", { "retry-after": "5" });
    }
    const stream = feed.connect(headers.get("last-event-id") ?? searchParams.get("since"));
    return answer(stream, "text/event-stream", 200, { "x-accel-buffering": "no" });
  }
  if (last === "timeline.svg") {
    const width = Math.min(Math.max(Math.round(Number(searchParams.get("width")) || WIDTH), NARROWEST), WIDEST);
    return answer(feed.timeline(width), "image/svg+xml; charset=utf-8");
  }
  const id = Number(searchParams.get("id"));
  const node = feed.live.find(id);
  return json(node ? detailsOf(id, node, feed.live, feed.spawnOf(id)) : null);
}

function cancelTask(feed: Feed, { url, headers }: Request): Response {
  if (!feed.mayCancel) {
    return json({ error: "Canceling is switched off. Give the inspector a guard, or cancel: true" }, 403);
  }
  if (!isSame(headers.get(TOKEN_HEADER) ?? "", feed.token)) {
    return json({ error: "The token is not right. Load the page again" }, 403);
  }
  const id = Number(new URL(url).searchParams.get("id"));
  const node = feed.live.find(id);
  const cancelBefore = node ? undefined : feed.live.findBefore(id);
  if (!node && !cancelBefore) return json({ error: "It has ended" }, 404);
  if (node?.cancellation) return json({ error: "It is being canceled" }, 409);
  const reason = new CancelReason("canceled", "inspector", "Canceled by a person, in the inspector");
  if (node) cancelFor(node, "canceled", reason);
  else cancelBefore?.(reason);
  return json({ canceled: id });
}
