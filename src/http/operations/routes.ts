/**
 * The routes at which operations are read, followed and canceled.
 *
 * @module
 */
import { follow } from "../../signals.ts";
import { Bell } from "./bell.ts";
import { cancelKey, type Env, recordKey, replace, type Versioned } from "./env.ts";
import { eventStream } from "./events.ts";
import { isEnded } from "./operation.ts";
import { problem } from "./problem.ts";
import type { Reader } from "./reader.ts";
import { cancelAsked, type OperationRecord, toOperation } from "./record.ts";

/** Where a path leads. */
export interface Route {
  /** Missing if no operation can have it. */
  readonly id: string | undefined;
  readonly isEvents: boolean;
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const METHODS = "GET, HEAD, DELETE";
const EVENT_METHODS = "GET, HEAD";

/** The route of a path; `undefined` if it is not below `path`, which itself belongs to the user. */
export function routeOf(pathname: string, path: string): Route | undefined {
  if (!pathname.startsWith(`${path}/`)) return undefined;
  const [id = "", events, ...more] = pathname.slice(path.length + 1).split("/");
  const isEvents = events === "events";
  const isKnown = ID.test(id) && more.length === 0 && (isEvents || events === undefined);
  return { id: isKnown ? id : undefined, isEvents };
}

/** Answers a request for an operation of this owner. */
export async function answer(
  env: Env,
  reader: Reader,
  request: Request,
  { id, isEvents }: Route,
  owner: string,
): Promise<Response> {
  const { method } = request;
  const found = id === undefined ? undefined : await reader.read(id);
  // Not a word about what belongs to somebody else.
  if (!found || found.record.owner !== owner) return withoutBody(method, problem(404, "There is no such operation"));
  const allow = isEvents ? EVENT_METHODS : METHODS;
  if (!allow.split(", ").includes(method)) {
    return problem(405, `The methods are ${allow}, not ${method.slice(0, 20)}`, { headers: { allow } });
  }
  if (isExpired(found)) return withoutBody(method, problem(410, "The operation has expired"));
  if (method === "DELETE") return await cancel(env, reader, found);
  return withoutBody(method, isEvents ? events(env, reader, request, found) : await get(env, reader, request, found));
}

function isExpired({ record: { expiresAt = Infinity } }: Versioned): boolean {
  return expiresAt <= Date.now();
}

/** As HEAD wants it; a stream is not even begun. */
function withoutBody(method: string, response: Response): Response {
  if (method !== "HEAD") return response;
  response.body?.cancel().catch(() => {});
  return new Response(null, response);
}

/** The operation as an answer. */
export function operationResponse(env: Env, record: OperationRecord, status: number, headers?: HeadersInit): Response {
  const { path } = env.settings;
  const response = Response.json(toOperation(record, path), { status, ...headers ? { headers } : {} });
  response.headers.set("cache-control", "private, no-cache");
  response.headers.set("etag", etagOf(record));
  if (!isEnded(record.state)) response.headers.set("retry-after", `${retryAfter(record)}`);
  return response;
}

function etagOf({ id, revision }: OperationRecord): string {
  return `"${id.slice(0, 8)}-${revision}"`;
}

/** In seconds: the longer it runs already, the longer. */
function retryAfter({ createdAt }: OperationRecord): number {
  return Math.max(1, Math.min(30, Math.round((Date.now() - createdAt) / 10_000)));
}

async function get(env: Env, reader: Reader, request: Request, found: Versioned): Promise<Response> {
  const { settings } = env;
  const header = request.headers.get("if-none-match");
  const text = new URL(request.url).searchParams.get("wait");
  const wait = text === null ? 0 : parseWait(text);
  if (wait === undefined) return problem(400, "wait must be such as 20s, 500ms or 20");
  const isKnown = (record: OperationRecord) =>
    header === null ? record.revision === found.record.revision : matches(header, etagOf(record));
  const latest = wait > 0 ? await change(env, reader, request, found, isKnown, Math.min(wait, settings.wait)) : found;
  if (!latest || isExpired(latest)) return problem(410, "The operation has expired");
  const { record } = latest;
  if (header === null || !matches(header, etagOf(record))) return operationResponse(env, record, 200);
  const { headers } = operationResponse(env, record, 200);
  headers.delete("content-type");
  return new Response(null, { status: 304, headers });
}

function parseWait(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9})(s|ms)?$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * (unit === "ms" ? 1 : 1_000);
}

/** As RFC 9110 has it: weak comparison, a list, or `*`. */
function matches(header: string, etag: string): boolean {
  return header.trim() === "*" || header.split(",").some((each) => each.trim().replace(/^W\//, "") === etag);
}

/** Waits until the operation is not as the client knows it, has ended, the time is over or the client left. */
async function change(
  env: Env,
  reader: Reader,
  request: Request,
  found: Versioned,
  isKnown: (record: OperationRecord) => boolean,
  wait: number,
): Promise<Versioned | undefined> {
  const { hub, settings, running } = env;
  const { id } = found.record;
  const { signal } = request as Partial<Request>; // Fastly has none
  const until = Date.now() + wait;
  const bell = new Bell();
  const stops = [hub.listen(recordKey(id), () => bell.ring())];
  if (signal && !signal.aborted) stops.push(follow(signal, () => bell.ring()));
  try {
    let latest = await reader.read(id); // again: it may have changed before anybody listened
    while (latest && isKnown(latest.record) && !isEnded(latest.record.state) && !signal?.aborted) {
      const left = until - Date.now();
      if (left <= 0) break;
      await bell.wait(running.has(id) ? left : Math.min(left, settings.poll));
      latest = await reader.read(id);
    }
    return latest;
  } finally {
    for (const stop of stops) stop();
  }
}

function events(env: Env, reader: Reader, request: Request, found: Versioned): Response {
  const seen = Number(request.headers.get("last-event-id") ?? "0");
  const { record } = found;
  // An EventSource stops for good at this status.
  if (isEnded(record.state) && seen === record.revision) return new Response(null, { status: 204 });
  const headers = { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no" };
  if (request.method === "HEAD") return new Response(null, { headers });
  return new Response(eventStream(env, reader, found, seen), { headers });
}

async function cancel(env: Env, reader: Reader, first: Versioned): Promise<Response> {
  const { settings: { store, ttl }, running } = env;
  const { id } = first.record;
  for (let found: Versioned | undefined = first; found; found = await reader.read(id)) {
    const { record, version } = found;
    if (isEnded(record.state)) {
      // What was asked for has happened: asking again is no mistake.
      if (record.state === "canceled" && record.cancelRequested) return operationResponse(env, record, 202);
      return problem(409, `The operation has ended already: it is ${record.state}`);
    }
    const asked = cancelAsked(record, Date.now());
    const here = running.get(id);
    if (here) here.cancel();
    else if (asked && store.atomic) {
      if (!await replace(env, asked, version)) continue; // lost a race: look again at what won
      return operationResponse(env, asked, 202);
    } else if (!store.atomic) {
      await store.create(cancelKey(id), { value: true, expiresAt: record.deadline + ttl });
    }
    // Its process writes the wish: that revision, and so its ETag, may as well become the end.
    return operationResponse(env, { ...record, cancelRequested: true }, 202);
  }
  return problem(410, "The operation has expired");
}
