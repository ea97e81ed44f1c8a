/** What must happen on every server. */
import { assert, assertEquals } from "@std/assert";
import type { Client, Moment } from "./client.ts";

/** What a server can know, and what it says when it cannot. */
export interface Knowledge {
  /** Whether it hears of a client that leaves before the first byte. */
  readonly before: boolean;
  /** What `scope.tree().note` begins with; `null` if there is none. */
  readonly note: string | null;
}

export interface Scenario {
  readonly name: string;
  run(client: Client, id: string, knows: Knowledge): Promise<void>;
}

const DETACHED = ["detached succeeded"];

/** Opens the gate of a request, and waits until its detached task has ended; all that happened, in order of names. */
async function finish(client: Client, id: string): Promise<string[]> {
  await client.get(`/open?id=${id}`);
  await client.seen(id, "detached succeeded");
  return (await client.ledger(id)).filter((event) => event !== "started").sort();
}

/** A client leaves: attached tasks are canceled at once, detached ones are not. */
async function leaving(client: Client, id: string, path: string, when: Moment): Promise<void> {
  await client.leave(path, when);
  await client.seen(id, "scope ended, canceled");
  assertEquals((await client.ledger(id)).filter((event) => event.startsWith("detached")), []);
  assertEquals(await finish(client, id), ["attached canceled: disconnected", ...DETACHED, "scope ended, canceled"]);
}

/** A client stays: nothing is canceled, and nothing is when it leaves afterwards. */
const STAYED = ["attached succeeded", ...DETACHED, "scope ended, open"];

export const scenarios: readonly Scenario[] = [
  {
    name: "a client leaves before the first byte",
    async run(client, id, { before }) {
      const path = `/wait?id=${id}`;
      if (before) return await leaving(client, id, path, "before");
      await client.leave(path, "before"); // unnoticed: the handler goes on to its end
      await client.get(`/open?id=${id}`);
      await client.seen(id, "scope ended, open");
      assertEquals(await finish(client, id), STAYED);
    },
  },
  {
    name: "a client leaves mid-stream",
    run: (client, id) => leaving(client, id, `/stream?id=${id}`, "mid"),
  },
  {
    name: "a client stays, and leaves after the end of a complete body",
    async run(client, id) {
      const answer = client.get(`/wait?id=${id}`, { headers: { connection: "close" } });
      await client.seen(id, "started");
      await client.get(`/open?id=${id}`);
      assertEquals(await answer, "waited");
      await client.seen(id, "scope ended, open");
      assertEquals(await finish(client, id), STAYED);
    },
  },
  {
    name: "a client stays, and leaves after the end of a streamed body",
    async run(client, id) {
      const answer = await client.get(`/stream?parts=3&id=${id}`, { headers: { connection: "close" } });
      assertEquals(answer, "part part part ");
      await client.seen(id, "scope ended, open");
      assertEquals(await finish(client, id), STAYED);
    },
  },
  {
    name: "an attached task outlasts its streamed body",
    async run(client, id) {
      assertEquals(await client.get(`/outlast?id=${id}`), "part part ");
      assertEquals(await client.ledger(id), []); // it runs
      await client.get(`/open?id=${id}`);
      await client.seen(id, "scope ended, open");
      assertEquals(await finish(client, id), STAYED);
    },
  },
  {
    name: "an attached task outlasts its streamed body, when nothing is detached",
    async run(client, id) {
      assertEquals(await client.get(`/alone?id=${id}`), "part part ");
      assertEquals(await client.seen(id, "scope ended, open"), ["attached succeeded", "scope ended, open"]);
    },
  },
  {
    name: "a rejected detached task is reported once, and the server goes on",
    async run(client, id) {
      assertEquals(await client.get(`/reject?id=${id}`), "started");
      await client.seen(id, "error of failing: on purpose");
      assertEquals(await finish(client, id), [
        ...DETACHED,
        "error of failing: on purpose",
        "failing failed",
        "scope ended, open",
      ]);
      assertEquals(await client.get("/ok"), "ok");
    },
  },
  {
    name: "an attached task that fails is the answer, whatever the length of a complete body",
    async run(client, id) {
      for (const length of [0, 1, 5_000, 300_000]) {
        const each = `${id}x${length}`;
        const answer = await client.get(`/fail?id=${each}&length=${length}`);
        assertEquals(answer.slice(0, 50), "Internal Server Error");
        assertEquals(await finish(client, each), ["attached failed", ...DETACHED, "scope ended, canceled"]);
      }
    },
  },
  {
    name: "a detached request is readable after the response",
    async run(client, id) {
      const init = { method: "POST", body: "hello", headers: { "x-name": "a.txt" } };
      assertEquals(await client.get(`/upload?id=${id}`, init), "stored");
      await client.get(`/open?id=${id}`);
      await client.seen(id, "read POST /upload a.txt hello");
    },
  },
  {
    name: "bodies stream both ways, to the last byte",
    async run(client, id) {
      const body = Array.from({ length: 300_000 }, (_, index) => `line ${index}\n`).join("");
      assert(await client.get(`/echo?id=${id}`, { method: "POST", body }) === body);
      await client.seen(id, "scope ended, open");
      assertEquals(await finish(client, id), [...DETACHED, "scope ended, open"]);
    },
  },
  {
    name: "many clients at once: those that leave are canceled, and only those",
    async run(client, id) {
      const ids = Array.from({ length: 30 }, (_, index) => `${id}x${index}`);
      await Promise.all(
        ids.map((each, index) =>
          index % 3 === 0 ? client.leave(`/stream?id=${each}`, "mid") : client.get(`/stream?id=${each}&parts=${index}`)
        ),
      );
      await Promise.all(ids.map(async (each, index) => {
        const [attached, end] = index % 3 === 0 ? ["canceled: disconnected", "canceled"] : ["succeeded", "open"];
        await client.seen(each, `scope ended, ${end}`);
        assertEquals(await finish(client, each), [`attached ${attached}`, ...DETACHED, `scope ended, ${end}`]);
      }));
    },
  },
  {
    name: "the scope's tree says whether a disconnect can be known",
    async run(client, id, { note }) {
      const said: string | null = JSON.parse(await client.get(`/note?id=${id}`));
      if (note === null) assertEquals(said, null);
      else assert(said?.startsWith(note), `${said}`);
      await finish(client, id);
    },
  },
  {
    name: "an answer without a content type has the platform's own, returned or thrown",
    async run(client, id) {
      for (const path of ["/text", "/thrown"]) {
        const each = `${id}x${path.slice(1)}`;
        const type = (await client.headers(`${path}?id=${each}`, "GET")).get("content-type");
        assert(type?.toLowerCase().startsWith("text/plain"), `${path} ${type}`);
        await finish(client, each);
      }
    },
  },
  {
    name: "HEAD has the length of a complete body",
    async run(client, id) {
      assertEquals((await client.headers(`/text?id=${id}`, "HEAD")).get("content-length"), "5");
      await finish(client, id);
    },
  },
  {
    name: "nothing was rejected without a handler, and no request failed",
    async run(client) {
      assertEquals(JSON.parse(await client.get("/unhandled")), []);
    },
  },
];
