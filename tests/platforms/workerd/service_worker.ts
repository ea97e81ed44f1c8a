/** A Worker in the syntax of service workers, asked by worker.ts. */
import { TaskScope } from "@taskscope/taskscope";
import { detectLifetime } from "@taskscope/taskscope/platforms";
import { serviceWorkerLifetime } from "@taskscope/taskscope/service-worker";

interface FetchEvent extends Event {
  readonly request: Request;
  respondWith(response: Promise<Response>): void;
  waitUntil(work: Promise<unknown>): void;
}

const log: string[] = [];

addEventListener("fetch", (event) => event.respondWith(answer(event)));

async function answer(event: FetchEvent): Promise<Response> {
  const { pathname } = new URL(event.request.url);
  if (pathname === "/log") return new Response(log.join());
  await Promise.resolve(); // not in the dispatch any more
  const lifetime = pathname === "/detect" ? detectLifetime(event) : serviceWorkerLifetime(event);
  return await TaskScope.run((scope) => {
    scope.defer(() => {}); // captures the async context, of which this engine has none here
    if (scope.signal.aborted) throw new Error("aborted");
    scope.spawnDetached((task) => task.sleep(50).then(() => log.push(pathname)), { deadline: { seconds: 20 } });
    return new Response(lifetime.source);
  }, { lifetime });
}

declare global {
  function addEventListener(type: "fetch", listener: (event: FetchEvent) => void): void;
}
