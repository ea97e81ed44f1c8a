/** A client of one server, over real sockets. */
import { until } from "./until.ts";

/** When a client leaves. */
export type Moment = "before" | "mid";

export interface Client {
  /** Sends a request, and reads the whole response. */
  get(path: string, init?: RequestInit): Promise<string>;
  /** Sends a request, and reads the headers of the response. */
  headers(path: string, method: string): Promise<Headers>;
  /** Sends a request, and closes the connection when its task has started, or its first part has come. */
  leave(path: string, when: Moment): Promise<void>;
  /** What happened in the request with this id. */
  ledger(id: string): Promise<string[]>;
  /** Waits for an event in the ledger of a request. */
  seen(id: string, event: string): Promise<string[]>;
}

/**
 * @param leave How to leave; by default the TCP connection is closed.
 */
export function connectTo(port: number, leave = closeConnection): Client {
  const origin = `http://127.0.0.1:${port}`;
  const get = async (path: string, init?: RequestInit) => await (await fetch(`${origin}${path}`, init)).text();
  const ledger = async (id: string): Promise<string[]> => JSON.parse(await get(`/ledger?id=${id}`));
  const client: Client = {
    get,
    async headers(path, method) {
      const response = await fetch(`${origin}${path}`, { method });
      await response.body?.cancel();
      return response.headers;
    },
    ledger,
    leave: (path, when) => leave(client, port, path, when),
    async seen(id, event) {
      let events: string[] = [];
      await until(async () => (events = await ledger(id)).includes(event), () => `${event}; there is ${events}`);
      return events;
    },
  };
  return client;
}

async function closeConnection(client: Client, port: number, path: string, when: Moment): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`));
    if (when === "before") {
      return void await client.seen(new URLSearchParams(path.split("?")[1]).get("id") ?? "", "started");
    }
    let text = "";
    const reader = connection.readable.pipeThrough(new TextDecoderStream()).getReader();
    while (!text.includes("part ")) text += (await reader.read()).value ?? fail(text);
    reader.cancel().catch(() => {});
  } finally {
    try {
      connection.close();
    } catch {
      // its reader has closed it
    }
  }
}

function fail(text: string): never {
  throw new Error(`the connection was closed after ${JSON.stringify(text)}`);
}

/** Leaves by aborting a fetch over a service binding; see servers/worker.ts. */
export async function abortBinding(client: Client, _port: number, path: string, when: Moment): Promise<void> {
  await client.get(`/leave?when=${when}&path=${encodeURIComponent(path)}`);
}
