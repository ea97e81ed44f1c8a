/** A scope per request. The library's own `http` module is to do this for every platform; here it is by hand. */
import { type CancelReason, TaskScope } from "@taskscope/taskscope";
import { type App, type Route, TraceId, UpstreamError } from "./app.ts";
import { clientOf } from "./disconnect.ts";
import { errorText } from "../words.ts";

const GRACE = 300;

/**
 * Runs a route in a scope of its own, which a disconnect cancels.
 *
 * The answer leaves as soon as there is one; the scope stays open until its tasks have ended, for example the one that
 * writes a streamed body. If the route throws, its tasks have ended before the client hears of the error.
 */
export function scoped(
  name: string,
  route: Route,
  request: Request,
  app: App,
): Promise<Response> {
  const { timeline } = app;
  const trace = request.headers.get("x-trace-id") ?? crypto.randomUUID();
  const { promise, resolve } = Promise.withResolvers<Response>();
  const client = clientOf(request);
  const key = {};
  let isAnswered = false;
  const answer = (response: Response) => {
    isAnswered = true;
    timeline.answered(name, response.status);
    client.answered();
    resolve(response);
  };
  timeline.enter(key, name, false);
  timeline.line("server", `${request.method} ${new URL(request.url).pathname}, trace ${trace}`);

  TaskScope.run(async (scope) => {
    const response = await route(request, scope, app);
    answer(response);
    return response.status;
  }, {
    name,
    signal: client.signal,
    context: [TraceId.with(trace)],
    observer: timeline.observer,
    grace: GRACE,
  }).then((status) => timeline.leave(key, `answered ${status}`), (error) => {
    timeline.leave(key, `ended by ${errorText(error)}`);
    if (!isAnswered) answer(Response.json({ error: errorText(error) }, { status: statusOf(error) }));
  });
  return promise;
}

function statusOf(error: unknown): number {
  if (error instanceof UpstreamError) return 502;
  switch ((error as Partial<CancelReason>)?.kind) {
    case "disconnected":
      return 499; // nobody reads it, but the access log does
    case "deadline":
      return 504;
    default:
      return 500;
  }
}
