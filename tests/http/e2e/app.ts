/**
 * The application that every server of the end-to-end tests runs. What happens to the tasks of a request goes to a
 * ledger, by the `id` of the request; a client reads it at `/ledger?id=…`.
 */
import { CancelReason, type Outcome, type TaskScope } from "@taskscope/taskscope";
import { detachRequest, type ScopedOptions } from "@taskscope/taskscope/http";

export type Ledger = Map<string, string[]>;

export const ledger: Ledger = new Map();

/** Ids whose gates are open. Tasks look at it: on workerd one request must not settle another's promise. */
const open = new Set<string>();

function idOf(request: Request): string {
  return new URL(request.url).searchParams.get("id") ?? "";
}

export function note(id: string, event: string): void {
  const events = ledger.get(id);
  if (events) events.push(event);
  else ledger.set(id, [event]);
}

/** What is not the application's: reading the ledger, opening a gate. */
export function control(request: Request): Response | undefined {
  const { pathname } = new URL(request.url);
  if (pathname === "/ledger") return Response.json(ledger.get(idOf(request)) ?? []);
  if (pathname === "/unhandled") return Response.json(ledger.get("unhandled") ?? []);
  if (pathname !== "/open") return undefined;
  open.add(idOf(request));
  return new Response("opened");
}

const ON_PURPOSE = new Error("on purpose");

/** Options for `scoped` that put into the ledger what the observer and `onError` are told. */
export const options: ScopedOptions = {
  name: (request) => `request ${idOf(request)}`,
  grace: 1_000,
  observer: {
    onSettle({ path, name }, outcome) {
      note(idIn(path), `${name} ${say(outcome)}`);
    },
    onError(error, { task }) {
      note(idIn(task.path), `error of ${task.name}: ${(error as Error).message}`);
    },
  },
  onError: (error) => error === ON_PURPOSE || note("unhandled", `request: ${error}`),
};

function idIn(text: string): string {
  return /request (\w+)/.exec(text)?.[1] ?? "unhandled";
}

function say(outcome: Outcome<unknown>): string {
  if (outcome.state !== "canceled") return outcome.state;
  return `canceled: ${outcome.reason instanceof CancelReason ? outcome.reason.kind : outcome.reason}`;
}

/** A task that lasts until its gate is opened. */
function gate(id: string): (task: TaskScope) => Promise<void> {
  return async (task) => {
    while (!open.has(id)) await task.sleep(5);
  };
}

/** One route a scenario. All but one have a detached task that lasts until the gate is opened. */
export async function application(request: Request, scope: TaskScope): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const id = idOf(request);
  if (!id) return new Response("ok"); // somebody asks whether the server is there
  const parts = Number(searchParams.get("parts") ?? Infinity);
  if (pathname !== "/alone") scope.spawnDetached(gate(id), { name: "detached", deadline: { seconds: 20 } });
  scope.defer(() => note(id, `scope ended, ${scope.state === "canceling" ? "canceled" : "open"}`));
  switch (pathname) {
    case "/wait": // until the gate is opened, or the client has left
      scope.spawn(gate(id), { name: "attached" });
      note(id, "started");
      return new Response("waited");
    case "/stream": // an attached task waits while the body is sent
      scope.spawn(parts === Infinity ? gate(id) : () => {}, { name: "attached" });
      return new Response(stream(scope, parts));
    case "/outlast": // an attached task goes on when the body has been sent
      scope.spawn(gate(id), { name: "attached" });
      return new Response(stream(scope, 2));
    case "/alone": // as before, and nothing else keeps the request alive
      scope.spawn((task) => task.sleep(100), { name: "attached" });
      return new Response(stream(scope, 2));
    case "/reject":
      scope.spawnDetached((task) => task.sleep(5).then(() => Promise.reject(ON_PURPOSE)), {
        name: "failing",
        deadline: { seconds: 5 },
      });
      return new Response("started", { status: 202 });
    case "/fail": // a complete body waits for it, however long the body is
      scope.spawn((task) => task.sleep(5).then(() => Promise.reject(ON_PURPOSE)), { name: "attached" });
      return new Response("x".repeat(Number(searchParams.get("length"))));
    case "/upload": {
      const copied = Promise.withResolvers<void>();
      scope.spawnDetached(async (task) => {
        const copy = await detachRequest(request, task).finally(copied.resolve);
        await gate(id)(task);
        note(
          id,
          `read ${copy.method} ${new URL(copy.url).pathname} ${copy.headers.get("x-name")} ${await copy.text()}`,
        );
      }, { name: "reader", deadline: { seconds: 20 } });
      await copied.promise;
      return new Response("stored", { status: 202 });
    }
    case "/echo":
      return new Response(request.body);
    case "/long": // for SIGTERM: more than a drain has time for
      scope.spawnDetached((task) => task.sleep(60_000), { name: "long", deadline: { minutes: 5 } });
      return new Response("started", { status: 202 });
    case "/text": // has the type that the platform gives it
      return new Response("hello");
    case "/thrown":
      throw new Response("hello", { status: 403 });
    case "/note":
      return Response.json((scope.tree() as { note?: string }).note ?? null);
    default:
      return new Response("ok");
  }
}

/** Part after part, until as many are sent as asked for. */
function stream(scope: TaskScope, parts: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  let sent = 0;
  return new ReadableStream({
    async pull(controller) {
      if (sent++ === parts) return controller.close();
      await scope.sleep(5);
      controller.enqueue(new TextEncoder().encode("part "));
    },
  }, { highWaterMark: 0 });
}
