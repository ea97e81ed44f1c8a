/**
 * Sending what a handler returned: a complete body when the scope has ended, a streamed one at once.
 *
 * @module
 */
import type { TaskScope } from "../task_scope.ts";
import { readAhead } from "./body.ts";
import type { Client } from "./client.ts";
import { isTypedWhenSent } from "./failure_response.ts";
import type { RequestLifetime } from "./request_lifetime.ts";

/** Where a response goes. */
export interface Destination {
  /** Whether only the headers are wanted. */
  readonly isHead: boolean;
  readonly client: Client;
  readonly host: RequestLifetime;
  /** Answers; only the first call counts. */
  respond(response: Response): void;
}

/**
 * Hands a streamed body over, and waits until it is sent.
 *
 * @param response One that `assertResponse` lets pass.
 * @returns What to answer when the scope has ended, if nothing has been answered yet.
 */
export async function send(response: Response, scope: TaskScope, to: Destination): Promise<Response> {
  const looked = isTypedWhenSent(response) ? response.clone() : response;
  if (!looked.body || response.status === 101) return response;
  const turn = () => scope.sleep(0).catch(() => {});
  const body = await readAhead(looked.body, () => to.client.left(), turn);
  if (body instanceof Uint8Array) {
    if (to.isHead) return headOf(response, body.byteLength);
    return looked === response ? new Response(body, response) : response;
  }
  if (looked !== response) response.body?.cancel().catch(() => {}); // its source goes on for the copy
  if (to.isHead) {
    body.stop(undefined);
    return new Response(null, response);
  }
  if (scope.state !== "open") { // too late for a stream: it would only be cut off
    body.stop(scope.signal.reason);
    throw scope.signal.reason;
  }
  to.respond(new Response(body.stream, response));
  try {
    await scope.abortable(body.sent);
  } catch (error) {
    body.stop(error);
    throw error;
  } finally {
    to.host.responseEnded(); // attached tasks may go on
  }
  return response;
}

/** The answer to HEAD: with the length that GET has. */
function headOf(response: Response, length: number): Response {
  const head = new Response(null, response);
  if (!head.headers.has("content-length")) head.headers.set("content-length", `${length}`);
  return head;
}
