/** Requests to an inspector, and what its stream says. */
import type { Frame } from "./sse_frames.ts";

/** What Deno's server passes beside a request from this machine. */
export const LOCAL = { remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 } };
/** Where requests go. */
export const HOST = "http://localhost:8000";

/** A request as Deno's server makes it: with its Host header. */
export function ask(path = "/inspect", headers: Record<string, string> = {}, method = "GET"): Request {
  const request = new Request(HOST + path, { method, headers });
  if (!("host" in headers)) request.headers.set("host", "localhost:8000");
  return request;
}

/** The status of an answer whose body nobody reads. */
export async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer;
  await response.body?.cancel();
  return response.status;
}

/** The first message. */
export interface Hello {
  readonly epoch: string;
  readonly cancel: boolean;
  readonly token?: string;
}

/** All others. */
export interface News {
  readonly full?: boolean;
  readonly rows?: readonly { id: number; name: string; state: string; parent?: number; from?: string; why?: string }[];
  readonly gone?: readonly number[];
  readonly ended: readonly { id: number; name: string; state: string }[];
  readonly alerts: readonly { kind: string; path: string }[];
  readonly status?: { readonly isClosing: boolean };
}

/** Reads messages until one fulfills a condition. */
export async function until(
  messages: AsyncGenerator<Frame, undefined>,
  isIt: (data: News) => unknown,
): Promise<{ data: News; id: string }> {
  for (;;) {
    const { value, done } = await messages.next();
    if (done) throw new Error("The stream has ended");
    if (value.event === "news" && isIt(value.data as News)) return { data: value.data as News, id: value.id };
  }
}
