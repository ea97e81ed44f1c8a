/** A server that answers by a script, and a clock that runs as fast as nobody has anything left to do. */
import { FakeTime } from "@std/testing/time";
import type { Operation, OperationState } from "@taskscope/taskscope/operations/client";

/** What came. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
  readonly signal: AbortSignal;
}

export type Scripted = (seen: Seen) => Response | Promise<Response>;

/** Answers the first request with the first function, and so on; the last one answers all that follow. */
export function script(...answers: Scripted[]): {
  readonly seen: Seen[];
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
} {
  const seen: Seen[] = [];
  return {
    seen,
    async fetch(url, { method = "GET", headers, body, signal }) {
      if (!signal) throw new Error("every request has a signal");
      const request = { method, url, headers: new Headers(headers), body, signal };
      const answer = answers[Math.min(seen.length, answers.length - 1)];
      seen.push(request);
      signal.throwIfAborted();
      return await (answer?.(request) ?? Response.error());
    },
  };
}

export const ID = "0f7c2b0e-0000-4000-8000-000000000001";

export function operation(revision: number, state: OperationState = "running", more: Partial<Operation> = {}) {
  const at = "2026-01-01T00:00:00.000Z";
  const links = { self: `/operations/${ID}`, events: `/operations/${ID}/events` };
  const whole: Operation = {
    ...{ id: ID, name: "report", state, revision, createdAt: at, updatedAt: at, deadline: at, links },
    ...more,
  };
  return whole;
}

export function json(body: unknown, status = 200, headers: HeadersInit = {}): Response {
  return Response.json(body, { status, headers });
}

export function event(body: Operation): string {
  return `event: operation\nid: ${body.revision}\ndata: ${JSON.stringify(body)}\n\n`;
}

const encoder = new TextEncoder();

/** A stream of events; one that is `held` stays open and fails when the client leaves, as a real one does. */
export function events({ signal }: Seen, pieces: readonly string[], held = false): Response {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(encoder.encode(piece));
      if (!held) return controller.close();
      signal.addEventListener("abort", () => {
        try {
          controller.error(signal.reason);
        } catch {
          // It has been canceled.
        }
      }, { once: true });
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

/** A request without an answer: a promise that rejects when the client gives up. */
export function unanswered({ signal }: Seen): Promise<Response> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}

export function refused(): Promise<Response> {
  return Promise.reject(new TypeError("connection refused"));
}

const realSetTimeout = globalThis.setTimeout;

/** Runs `fn` while time jumps from timer to timer; returns what it returned and how many milliseconds passed. */
export async function inFakeTime<T>(fn: () => Promise<T>): Promise<{ value: T; elapsed: number }> {
  using time = new FakeTime();
  let ended = false;
  const start = time.now;
  const work = fn().finally(() => ended = true);
  work.catch(() => {});
  while (!ended) {
    // Streams need real turns of the event loop.
    await new Promise((resolve) => realSetTimeout(resolve, 0));
    await time.runMicrotasks();
    if (!ended) await time.nextAsync();
  }
  return { value: await work, elapsed: time.now - start };
}
