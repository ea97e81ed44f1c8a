/** An edge function, evaluated in Vercel's `@edge-runtime/vm` by run.cjs. */
import { TaskScope } from "@taskscope/taskscope";
import { detectLifetime } from "@taskscope/taskscope/platforms";
import type { WaitUntilHost } from "@taskscope/taskscope/cloudflare";

const log: string[] = [];

function refused(call: () => unknown): string {
  try {
    return `accepted: ${call()}`;
  } catch (error) {
    return String(error);
  }
}

/** Answers with what is to be known about the runtime, and audits afterwards. */
function answer(event: WaitUntilHost & { request: Request }): Promise<unknown> {
  const lifetime = detectLifetime(event);
  const { signal } = new AbortController();
  return TaskScope.run((scope) => {
    scope.spawnDetached((task) => task.sleep(20).then(() => log.push("audited")), { deadline: { seconds: 20 } });
    const tooLong = refused(() => scope.spawnDetached(() => {}, { deadline: { seconds: 60 } }));
    const any = typeof (AbortSignal as { any?: unknown }).any;
    return { source: lifetime.source, any, tooLong, withoutEvent: refused(() => detectLifetime(event.request)) };
  }, { lifetime, signal });
}

Object.assign(globalThis, { answer, log });
