/** An app with something of everything, which stays as it is until it is told to end; for the tests of the live page. */
import { contextKey, TaskScope } from "@taskscope/taskscope";
import { inspector, type InspectorOptions } from "@taskscope/taskscope/inspect";
import { processLifetime } from "@taskscope/taskscope";

/** Names, reasons and errors as somebody would write them who wants to be run. */
export const ATTACKS = [
  "<script>globalThis.pwned = 1</script>",
  '"><img src=x onerror="globalThis.pwned = 2">',
  "'];globalThis.pwned = 3;//",
  "</script><script>globalThis.pwned = 4</script>",
  "data: x\n\nevent: news\r\ndata: {}\u2028\u2029",
  "\u001b[31mred\u001b]0;title\u0007 \u202egnp.exe \ud800 \u0000",
  "]]><svg onload=globalThis.pwned=5>{{constructor.constructor('globalThis.pwned=6')()}}",
] as const;

const TraceId = contextKey<string>("trace-id");
const Password = contextKey<string>("password");

/** A server with an inspector under `/inspect`; `close` ends both. */
export function serveInspector(options: InspectorOptions): {
  readonly url: string;
  /** As if the process had been started anew, for the page. */
  restart(): void;
  /** From now on it answers 503. */
  end(): void;
  close(): Promise<void>;
} {
  let inspect = inspector(processLifetime(), options);
  const handler: Deno.ServeHandler = (request, info) => inspect(request, info);
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, handler);
  return {
    url: `http://127.0.0.1:${server.addr.port}/inspect`,
    restart() {
      const before = inspect;
      inspect = inspector(processLifetime(), options);
      before.close();
    },
    end: () => inspect.close(),
    async close() {
      inspect.close();
      await server.shutdown();
    },
  };
}

/** Requests in all states. What it returns ends them all. */
export async function startLiveApp(): Promise<() => Promise<void>> {
  const end = Promise.withResolvers<void>();
  const work: Promise<unknown>[] = [];
  const quiet = { observer: { onError() {} } };
  const until = (scope: TaskScope) => scope.abortable(end.promise);
  const root = (name: string, body: (scope: TaskScope) => unknown, options: object = {}) =>
    void work.push(TaskScope.run(body as () => Promise<void>, { ...quiet, name, ...options }).catch(() => {}));

  root("POST /upload", async (scope) => {
    scope.spawnDetached((task) => until(task), { name: "transcode", deadline: { minutes: 10 } });
    scope.spawnDetached((task) => until(task), { name: "thumbnails", deadline: { minutes: 2 } });
    await scope.spawn(() => undefined, { name: "store file" });
  }, { context: [TraceId.with("4bf92f35"), Password.with("hunter2-secret")] });
  root("GET /page", async (scope) => {
    scope.spawn(async (task) => {
      task.spawn(() => until(task), { name: "query comments" });
      await until(task);
    }, { name: "posts", deadline: { seconds: 8 } });
    scope.spawn(() => until(scope), { name: "user" });
    await until(scope);
  }, { deadline: { seconds: 20 }, note: "from 203.0.113.9" });
  root("GET /broken", async (scope) => {
    scope.spawn((task) => until(task), { name: "prices" });
    await scope.spawn(() => Promise.reject(new Error("stock answered 503")), { name: "stock" });
  });
  root("import feeds", async (scope) => {
    for (let i = 1; i <= 6; i++) scope.spawn((task) => until(task), { name: `feed ${i}` });
    await until(scope);
  }, { concurrency: 3 });
  root("POST /report", async (scope) => {
    const task = scope.spawn(() => end.promise, { name: "old report that ignores its signal" });
    await Promise.resolve();
    task.cancel(new Error("the customer closed the account", { cause: new Error("GDPR request 77") }));
    await until(scope);
  }, { grace: Infinity });
  root("nightly job", async (scope) => {
    scope.spawn(() => end.promise, { name: "stuck export", deadline: 1 });
    await scope.abortable(end.promise);
  }, { grace: 1, policy: "supervise" });
  root(`GET /${ATTACKS[0]}`, async (scope) => {
    for (const name of ATTACKS) scope.spawn(() => until(scope), { name });
    const task = scope.spawn(() => end.promise, { name: "reason" });
    await Promise.resolve();
    task.cancel(new Error(ATTACKS[1]));
    await until(scope);
  }, { grace: Infinity, note: ATTACKS[3] });
  await new Promise((resolve) => setTimeout(resolve, 50)); // what has a deadline of a millisecond is over
  return async () => {
    end.resolve();
    await Promise.all(work);
    await processLifetime().drain({ deadline: { seconds: 5 } });
  };
}
