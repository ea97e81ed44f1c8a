/** What is left of a request after its response. */
import { type Clients, goOn, type Kit, QUIET, type Scenario, wait } from "../scenario.ts";

/** What can be read of a request, each field by itself. */
async function look(request: Request, note: Kit["note"]): Promise<void> {
  const fields: [string, () => unknown][] = [
    ["url", () => new URL(request.url).pathname && "ok"],
    ["method", () => request.method === "POST" && "ok"],
    ["headers", () => request.headers.get("x-name") === "Ada" && "ok"],
    ["body", async () => await request.text() === "hello" && "ok"],
  ];
  for (const [name, read] of fields) {
    try {
      note(`${name}: ${await read() || "empty"}`);
    } catch {
      note(`${name}: ${name === "url" && isEmpty(request) ? "empty" : "throws"}`);
    }
  }
}

function isEmpty(request: Request): boolean {
  try {
    return request.url === "";
  } catch {
    return false;
  }
}

const post = { method: "POST", body: "hello", headers: { "x-name": "Ada" } };
const intact = ["url: ok", "method: ok", "headers: ok", "body: ok"];
const refused = [...intact.slice(0, 3), "body: throws"];
const emptied = [...intact.slice(0, 3), "body: empty"];
const closed = ["url: throws", "method: throws", "headers: throws", "body: throws"];

async function drive({ send, pause }: Clients): Promise<void> {
  await send(post).answer;
  await pause(2 * QUIET);
}

export const REQUESTS: readonly Scenario[] = [
  {
    name: "a request after its response",
    handle(request, kit) {
      goOn(wait(QUIET / 2).then(() => look(request, kit.note)), kit);
      return new Response("ok");
    },
    drive,
    expect: {
      else: refused,
      deno: closed,
      denoNoLegacyAbort: closed,
      nodeWhatwg: emptied,
      vercelEdge: intact,
      bun: ["url: empty", "method: ok", "headers: empty", "body: throws"],
    },
  },
  {
    name: "a request after its response, its fields had been read",
    handle(request, kit) {
      void [request.url, request.method, request.headers.get("x-name")];
      goOn(wait(QUIET / 2).then(() => look(request, kit.note)), kit);
      return new Response("ok");
    },
    drive,
    expect: { else: refused, nodeWhatwg: emptied, vercelEdge: intact },
  },
  {
    name: "a request after its response, which took a while",
    async handle(request, kit) {
      await wait(10);
      goOn(wait(QUIET / 2).then(() => look(request, kit.note)), kit);
      return new Response("ok");
    },
    drive,
    expect: {
      else: refused,
      deno: closed,
      denoNoLegacyAbort: closed,
      nodeWhatwg: emptied,
      vercelEdge: intact,
      bun: intact,
    },
  },
];
