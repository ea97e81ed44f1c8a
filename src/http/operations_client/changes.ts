/**
 * An operation as it changes: by events where they come through, by long polls where they do not.
 *
 * Invariants:
 * 1. Revisions that are handed out only grow; the last one has ended.
 * 2. A way that brought nothing is followed by the other one, so that neither an outage nor a proxy that holds events back
 *    stops both. Events that have come through once are preferred again; those that have not are not tried again after a
 *    poll was answered.
 * 3. While nobody asks for the next change, no time runs: a slow reader loses nothing.
 *
 * @module
 */
import { follow } from "../../signals.ts";
import { isEnded, type Operation } from "../operations/operation.ts";
import { ask, heard, open, parseOperation, problemOf, urlOf } from "./caller.ts";
import { ServerUnreachableError } from "./errors.ts";
import { EventParser } from "./event_parser.ts";
import { Line, pause } from "./line.ts";
import type { Settings } from "./options.ts";
import { Retries } from "./retries.ts";

const FIRST_EVENT = 10_000; // it comes at once, unless somebody holds it back
const LONGEST_POLL = 20_000;
const MORE = 1_000; // between two requests that were both answered
const LONGEST_RETRY = 30_000; // whatever the server says

/** Where following is. */
interface Place {
  readonly settings: Settings;
  readonly id: string;
  readonly what: string;
  readonly signal: AbortSignal | undefined;
  readonly retries: Retries;
  /** The revision handed out last. */
  seen: number;
  /** Of the last poll. */
  etag: string | undefined;
  polled: boolean;
  /** How long to wait before connecting again. */
  retry: number;
  /** Whether events are worth a try; whether something has come through, ever, and this time. */
  events: boolean;
  streamed: boolean;
  heard: boolean;
}

/** The operation now, and after each change, until it has ended. */
export async function* changes(
  settings: Settings,
  id: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<Operation, void, undefined> {
  const retries = new Retries(settings, { attempts: Infinity, patience: settings.patience }, signal);
  const what = `Cannot follow operation ${id}`;
  const { events } = settings;
  const start = { seen: 0, etag: undefined, polled: false, retry: MORE, events, streamed: false, heard: false };
  const place: Place = { settings, id, what, signal, retries, ...start };
  for (let streams = events;;) {
    let failure: unknown;
    place.heard = false;
    try {
      for await (const operation of streams ? streamed(place) : polled(place)) {
        if (operation.revision <= place.seen) continue; // invariant 1
        place.seen = operation.revision;
        yield operation;
        if (isEnded(operation.state)) return;
      }
    } catch (error) {
      signal?.throwIfAborted();
      failure = error;
    }
    // Invariant 2.
    if (streams) streams = failure === undefined || place.heard;
    else streams = failure === undefined ? place.streamed : place.events;
    if (failure !== undefined) await retries.wait(failure);
  }
}

/** One stream of events, until it breaks off. Throws if it brought nothing. */
async function* streamed(place: Place): AsyncGenerator<Operation, void, undefined> {
  const { settings, id, what, signal, retries } = place;
  const headers = new Headers({ accept: "text/event-stream" });
  if (place.seen > 0) headers.set("last-event-id", `${place.seen}`);
  const url = `${urlOf(settings, id)}/events`;
  // With the last revision known, there may be nothing to say but a comment now and then, and some servers hold back the
  // head of an answer until there is.
  let within = place.seen > 0 ? settings.silence : Math.min(FIRST_EVENT, settings.silence);
  const line = new Line(signal);
  try {
    const response = await open(settings, { what, url, headers, within }, line);
    const { body, status } = response;
    if (status >= 400) throw problemOf(what, response, await heard(what, () => response.text()));
    if (!body || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
      place.events = false;
      body?.cancel().catch(() => {});
      throw new ServerUnreachableError(what, new Error(`there are no events at this address: ${status}`));
    }
    const parser = new EventParser();
    for (const reader = readerOf(body, line);;) {
      line.expect(within);
      const { done, value } = await heard(what, () => reader.read());
      line.expect(); // invariant 3
      if (done) break;
      place.heard = place.streamed = true;
      within = settings.silence;
      retries.reset();
      for (const { event, data, retry = place.retry } of parser.push(value)) {
        place.retry = retry;
        const operation = event === "operation" ? parseOperation(data) : undefined;
        if (operation) yield operation;
      }
    }
  } finally {
    line.end();
  }
  signal?.throwIfAborted();
  if (!place.heard) throw new ServerUnreachableError(what, new Error("the stream of events brought nothing"));
  await pause(Math.min(place.retry, LONGEST_RETRY), signal);
}

/** A reader that ends with its line, also where what made the body does not follow the signal of its request. */
function readerOf(body: ReadableStream<Uint8Array>, line: Line): ReadableStreamDefaultReader<Uint8Array> {
  const reader = body.getReader();
  const cancel = () => void reader.cancel().catch(() => {});
  if (line.signal.aborted) cancel();
  else follow(line.signal, cancel);
  return reader;
}

/** One poll; a long one, unless it is the first. */
async function* polled(place: Place): AsyncGenerator<Operation, void, undefined> {
  const { settings, id, what, signal, retries, etag } = place;
  const wait = Math.round(Math.min(LONGEST_POLL, settings.silence / 2));
  const url = urlOf(settings, id) + (place.polled ? `?wait=${wait}ms` : "");
  const headers = new Headers(etag === undefined ? {} : { "if-none-match": etag });
  const began = Date.now();
  const answer = await ask(settings, { what, url, headers, signal, within: settings.silence });
  retries.reset();
  const { operation } = answer;
  const isNews = operation !== undefined && operation.revision > place.seen;
  place.etag = answer.etag ?? (operation ? undefined : etag);
  const isLong = place.polled && Date.now() - began >= MORE;
  place.polled = true;
  if (isNews) yield operation;
  // A server that does not wait must not be asked without a pause.
  else if (!isLong && !place.streamed) await pause(Math.max(answer.retryAfter ?? 0, MORE), signal);
}
