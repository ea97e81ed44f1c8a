/** A service worker; its event is a mock here (facts: active while dispatched), tests/platforms/workerd is the real one. */
import { assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { serviceWorkerLifetime, type WaitUntilHost } from "@taskscope/taskscope/service-worker";

interface FetchEvent extends WaitUntilHost {
  respondWith(response: Promise<Response>): void;
}

const log: string[] = [];
function onFetch(event: FetchEvent): void { // addEventListener("fetch", onFetch)
  event.respondWith(TaskScope.run((scope) => {
    scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 20 } });
    return new Response("started", { status: 202 });
  }, { lifetime: serviceWorkerLifetime(event) }));
}

const held: Promise<unknown>[] = [];
let response: Promise<Response> | undefined;
onFetch({ respondWith: (given) => response = given, waitUntil: (work) => held.push(work) });
const status = (await response)?.status;
await Promise.all(held);
assertEquals([status, log], [202, ["audited"]]);
console.log("answered 202, audited after the response");
