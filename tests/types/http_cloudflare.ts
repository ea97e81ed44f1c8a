/** scoped() in the default export of a Worker; with Cloudflare's own types, see tools/legs/http_types.ts. */
import type { WaitUntilHost } from "@taskscope/taskscope/cloudflare";
import { scoped } from "@taskscope/taskscope/http";

interface Env {
  readonly NAME: string;
}

interface Worker {
  fetch(request: Request, env: Env, ctx: WaitUntilHost): Response | Promise<Response>;
}

export const named = {
  fetch: scoped((_request, _scope, env: Env, ctx: WaitUntilHost) => {
    ctx.waitUntil(Promise.resolve());
    return new Response(env.NAME);
  }),
} satisfies Worker;

export const inferred: Worker = {
  fetch: scoped((_request, scope, env, ctx) => {
    ctx.waitUntil(Promise.resolve());
    return new Response(`${env.NAME} ${scope.name}`);
  }),
};

export const fewer: Worker = { fetch: scoped(() => new Response()) };

// @ts-expect-error the environment is not a number
export const wrong: Worker = { fetch: scoped((_request, _scope, _env: number) => new Response()) };
