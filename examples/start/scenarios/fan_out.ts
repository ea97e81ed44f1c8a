/** Scenario 2: one of two upstream calls fails; the other is canceled and awaited, and the client gets the error. */
import type { World } from "./world.ts";

export async function fanOut({ url, upstream, timeline }: World): Promise<void> {
  timeline.begin("2. Fan-out: one of two upstream calls fails");
  timeline.line("client", "asks for /page");
  const response = await fetch(`${url}/page`);
  const body = await response.text();
  timeline.line("client", `has ${response.status} ${body}`);
  const when = (start: string) => timeline.events.findIndex(({ path, text }) => `${path} ${text}`.startsWith(start));
  const order = ["page/posts/close cursor succeeded", "page/posts canceled: sibling-failed", "page 502"].map(when);
  const { seen } = upstream;

  timeline.tree();
  timeline.check(
    "the client has the error of the call that failed",
    response.status === 502 && body.includes("/user answered 503"),
  );
  timeline.check("the other upstream saw its call aborted", seen.includes("GET /posts aborted by its client"));
  timeline.check(
    "the other call was awaited, its cleanup included, before the client had its answer",
    seen.includes("DELETE /posts/cursor") && order.every((at, index) => at > (order[index - 1] ?? -1)),
  );
}
