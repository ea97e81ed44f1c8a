/** Fan out: two calls at once; if one fails, the other is canceled and awaited, and the error surfaces. */
import type { TaskScope } from "@taskscope/taskscope";
import { type App, UpstreamError } from "./app.ts";

/** `GET /page` */
export async function page(_request: Request, scope: TaskScope, { upstream }: App): Promise<Response> {
  const posts = scope.spawn((task) => fetchPosts(task, upstream), { name: "posts" });
  const user = scope.spawn((task) => fetchJson(`${upstream}/user`, task), { name: "user" });
  return Response.json({ user: await user, posts: await posts });
}

async function fetchPosts(task: TaskScope, upstream: string): Promise<unknown> {
  try {
    return await fetchJson(`${upstream}/posts`, task);
  } finally {
    // Cleanup that has to talk to somebody needs a signal that is not aborted: a shield, with a deadline of its own.
    await task.shield(async ({ signal }) => {
      const response = await fetch(`${upstream}/posts/cursor`, { method: "DELETE", signal });
      await response.body?.cancel();
    }, { deadline: 1_000, name: "close cursor" });
  }
}

async function fetchJson(url: string, { signal }: TaskScope): Promise<unknown> {
  const response = await fetch(url, { signal });
  if (response.ok) return await response.json();
  await response.body?.cancel();
  throw new UpstreamError(`${new URL(url).pathname} answered ${response.status}`);
}
