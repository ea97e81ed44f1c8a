/** The services behind the server: slow, failing and streaming ones, on a socket of their own. */
import { clientOf } from "./disconnect.ts";
import type { Timeline } from "../timeline.ts";

/** How long `GET /old-report` takes, in milliseconds. */
const OLD_REPORT = 1_500;
const LEDGER_CHUNKS = 16;

/** The services, and what they saw. */
export interface Upstream extends AsyncDisposable {
  readonly url: string;
  /** What happened here, in order: `GET /posts`, `GET /posts aborted`, … */
  readonly seen: readonly string[];
  /** What `GET /ledger` sends. */
  readonly ledger: Uint8Array<ArrayBuffer>;
}

/** Starts the services on a free port. */
export function startUpstream(timeline: Timeline): Upstream {
  const seen: string[] = [];
  const ledger = new Uint8Array(LEDGER_CHUNKS << 16);
  for (let at = 0; at < ledger.length; at += 1 << 16) crypto.getRandomValues(ledger.subarray(at, at + (1 << 16)));
  const see = (what: string) => {
    seen.push(what);
    timeline.line("upstream", what);
  };
  const respond = async (call: string, gone: AbortSignal): Promise<Response> => {
    switch (call) {
      case "GET /user":
        await pause(150, gone);
        return new Response("the database is down", { status: 503 });
      case "GET /posts":
        await pause(5_000, gone);
        return Response.json([]);
      case "DELETE /posts/cursor":
        await pause(40, gone);
        return new Response(null, { status: 204 });
      case "GET /ledger":
        return new Response(slowly(ledger, () => see(`${call} aborted by its client`)));
      case "GET /old-report":
        await pause(OLD_REPORT, gone);
        return new Response("done at last");
      default:
        return new Response(null, { status: 404 });
    }
  };
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const call = `${request.method} ${new URL(request.url).pathname}`;
    see(call);
    const client = clientOf(request);
    client.signal.addEventListener("abort", () => see(`${call} aborted by its client`));
    const response = await respond(call, client.signal);
    client.answered();
    return response;
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    seen,
    ledger,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** In pieces, 40 ms apart. */
function slowly(bytes: Uint8Array<ArrayBuffer>, cancel: () => void): ReadableStream<Uint8Array<ArrayBuffer>> {
  const size = bytes.length / LEDGER_CHUNKS;
  let at = 0;
  return new ReadableStream({
    async pull(controller) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      controller.enqueue(bytes.slice(at, at += size));
      if (at >= bytes.length) controller.close();
    },
    cancel,
  });
}

/** What services outside of this process do with their time; a disconnect ends it. */
function pause(ms: number, gone: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      gone.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    gone.addEventListener("abort", end);
  });
}
