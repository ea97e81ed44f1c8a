import { command } from "../lib/command.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, type Outcome, verdict } from "../lib/leg.ts";
import { npmPackage } from "../lib/npm.ts";
import { dirname, join } from "../lib/path.ts";
import { tsc } from "../lib/typescript.ts";
import { everyEntry } from "./npm_package.ts";

/** Programs as users write them, against the declarations of the npm package and the host's own global types. */
export function httpTypes(ground: Ground): Leg[] {
  return [
    {
      name: "http types, Cloudflare's own",
      run: () => checkProgram(ground, CLOUDFLARE, { "@cloudflare/workers-types": "5.20261117.1" }),
    },
    {
      name: "http types, Bun's own",
      run: () => checkProgram(ground, BUN, { "bun-types": "1.4.4", ...NODE_TYPES }),
    },
    {
      name: "http types, Node's own",
      run: () => checkProgram(ground, NODE + everyEntry(), NODE_TYPES, true),
    },
  ];
}

export const NODE_TYPES = { "@types/node": "26.6.6", "undici-types": "8.9.0" };

const CLOUDFLARE = `
import { scoped } from "@taskscope/taskscope/http";
import { cloudflareLifetime } from "@taskscope/taskscope/cloudflare";
import {
  cloudflareQueues,
  durableObjectRecords,
  kvRecords,
  queueHandler,
  RecordsObject,
} from "@taskscope/taskscope/durable/cloudflare-queues";
interface Env { readonly NAME: string }
interface QueueEnv {
  readonly QUEUE: Queue;
  readonly DEAD: Queue<unknown>;
  readonly KV: KVNamespace;
  readonly RECORDS: DurableObjectNamespace;
}
export { RecordsObject };
export const object = (state: DurableObjectState): DurableObject => new RecordsObject(state);
export const consumer: ExportedHandler<QueueEnv> = {
  queue: queueHandler([], ({ QUEUE, DEAD, KV }: QueueEnv) => {
    return cloudflareQueues(QUEUE, { records: kvRecords(KV), deadLetters: DEAD });
  }),
};
export const other = queueHandler([], ({ QUEUE, RECORDS }: QueueEnv) => {
  return cloudflareQueues(QUEUE, { records: durableObjectRecords(RECORDS) });
}) satisfies ExportedHandler<QueueEnv>["queue"];
export default {
  fetch: scoped((request, scope, env: Env, ctx: ExecutionContext) => {
    scope.spawnDetached(({ signal }) => fetch(request.url, { signal }), { deadline: { seconds: 20 } });
    return new Response(env.NAME + cloudflareLifetime(ctx).source);
  }),
} satisfies ExportedHandler<Env>;
export const inferred: ExportedHandler<Env> = {
  fetch: scoped((_request, _scope, env, ctx) => (ctx.waitUntil(Promise.resolve()), new Response(env.NAME))),
};
// @ts-expect-error the environment is not a number
export const wrong: ExportedHandler<Env> = { fetch: scoped((_request, _scope, _env: number) => new Response()) };
`;

const BUN = `
import { scoped } from "@taskscope/taskscope/http";
Bun.serve({ fetch: scoped((request, scope) => new Response(request.url + scope.name)) });
Bun.serve({ fetch: scoped((_request, _scope, server: Bun.Server<undefined>) => Response.json(server.port)) });
Bun.serve({ routes: { "/x": scoped((request) => new Response(request.method)) }, fetch: scoped(() => new Response()) });
// @ts-expect-error Bun gives no number
Bun.serve({ fetch: scoped((_request, _scope, _server: number) => new Response()) });
`;

const NODE = `
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { propagate, scoped } from "@taskscope/taskscope/http";
import { operationsClient } from "@taskscope/taskscope/operations/client";
import { type NodeContext, toNodeListener } from "@taskscope/taskscope/node";
createServer(toNodeListener(scoped((request, scope) => new Response(request.url + scope.name))));
createSecureServer({}, toNodeListener(scoped((_request, _scope, { req }: NodeContext) => {
  return new Response((req as IncomingMessage).httpVersion);
})));
// @ts-expect-error the listener is given Node's objects
createServer(scoped(() => new Response()));
scoped((_request, scope) => fetch("http://localhost/", { headers: propagate(scope, { accept: "text/plain" }) }));
// @ts-expect-error a number is no headers
scoped((_request, scope) => fetch("http://localhost/", { headers: propagate(scope, 42) }));
// @ts-expect-error a number is no body
operationsClient("http://localhost").start("/reports", { body: 42 });
`;

/** Without the DOM's types: the host's take their place. Deno cannot check that, it has its own. */
async function checkProgram(
  { project, runtimes }: Ground,
  program: string,
  packages: Readonly<Record<string, string>>,
  declarations = false, // the declarations of all packages, too; takes seconds
): Promise<Outcome> {
  const cwd = await project();
  const [types = ""] = Object.keys(packages);
  for (const [name, version] of Object.entries(packages)) {
    const link = join(cwd, "node_modules", name);
    await Deno.mkdir(dirname(link), { recursive: true });
    const target = await npmPackage(name, version);
    await Deno.symlink(target, link, { type: "junction" }).catch((error) => {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error; // another leg was faster
    });
  }
  const file = `types_${types.replaceAll(/\W/g, "_")}.ts`;
  await Deno.writeTextFile(join(cwd, file), program);
  const options = ["--noEmit", "--strict", "--preserveSymlinks", "--module", "preserve"];
  if (!declarations) options.push("--skipLibCheck");
  const { code, output } = await command(
    runtimes.node24.path,
    [await tsc(), ...options, "--target", "esnext", "--lib", "esnext", "--types", types, file],
    { cwd },
  );
  return verdict(code === 0, { output });
}
