/**
 * An operation as Server-Sent Events.
 *
 * @module
 */
import { type ServerSentEventMessage, ServerSentEventStream } from "@std/http/server-sent-event-stream";
import { Bell } from "./bell.ts";
import { type Env, recordKey, report, type Versioned } from "./env.ts";
import { isEnded } from "./operation.ts";
import type { Reader } from "./reader.ts";
import { toOperation } from "./record.ts";

const RETRY = 1_000; // how long an EventSource waits before it connects again, in milliseconds

/**
 * The stream of one client. Listens only while the client waits for more: what nobody reads holds nothing.
 *
 * @param seen The revision that the client has; 0 if it has none.
 */
export function eventStream(env: Env, reader: Reader, first: Versioned, seen: number): ReadableStream<Uint8Array> {
  const { id } = first.record;
  const { settings, hub, running } = env;
  const bell = new Bell();
  let isOver = false;
  let next = first.record.revision === seen ? undefined : first; // what it has may have changed since
  let sent = seen;
  let quietSince = Date.now();
  let greeting: { retry?: number } = { retry: RETRY };

  const nextMessage = async (): Promise<ServerSentEventMessage | undefined> => {
    while (!isOver) {
      const record = (next ?? await reader.read(id))?.record;
      next = undefined;
      if (!record) return undefined;
      if (record.revision !== sent) {
        sent = record.revision;
        return { event: "operation", id: `${sent}`, data: JSON.stringify(toOperation(record, settings.path)) };
      }
      if (isEnded(record.state)) return undefined;
      const untilComment = quietSince + settings.keepAlive - Date.now();
      if (untilComment <= 0) return { comment: "keep-alive" };
      await bell.wait(running.has(id) ? untilComment : Math.min(untilComment, settings.poll));
    }
    return undefined;
  };

  const messages = new ReadableStream<ServerSentEventMessage>({
    async pull(controller) {
      const stop = hub.listen(recordKey(id), () => bell.ring()); // before it reads
      try {
        const message = await nextMessage();
        if (isOver) return;
        if (message) {
          quietSince = Date.now();
          controller.enqueue({ ...message, ...greeting });
          greeting = {};
          return;
        }
      } catch (error) {
        report(env, error); // the client comes again, with its Last-Event-ID
      } finally {
        stop();
      }
      controller.close();
    },
    cancel() {
      isOver = true;
      bell.ring();
    },
  }, { highWaterMark: 0 });
  return messages.pipeThrough(new ServerSentEventStream());
}
