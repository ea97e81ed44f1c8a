/** Runs in the sandbox of npm's edge-runtime, server and clients; edge_runtime.ts starts it. */
import type { Kit } from "../scenario.ts";
import { fatal, handle, overSockets, runScenarios } from "./run.ts";

interface FetchEventLike extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
  waitUntil(work: unknown): void;
}

addEventListener("fetch", (given: Event) => {
  const event = given as FetchEventLike;
  const context: Kit["context"] = event;
  const answer = async () => {
    try {
      return await handle(event.request, { context });
    } catch {
      return new Response("", { status: 500 }); // what Vercel makes of it; the package leaves it to its server
    }
  };
  event.respondWith(answer());
});

Object.assign(globalThis, {
  fatal,
  start: (port: number) => runScenarios("vercelEdge", overSockets(port)),
});
