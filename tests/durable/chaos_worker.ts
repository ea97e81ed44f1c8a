/** A worker in a process of its own: `chaos_worker.ts <kind> <url> <lease>`. */
import { worker } from "@taskscope/taskscope/durable";
import { broken, changedInWorkers, flaky, poison, quick, say } from "./chaos_tasks.ts";
import { type EngineKind, openEngine } from "./open_engine.ts";

const [kind = "", url = "", lease = ""] = Deno.args;
const onError = (error: unknown) => say({ type: "error", message: `${error}` });
const { engine } = await openEngine(kind as EngineKind, url, onError);
const running = worker([quick, flaky, broken, poison, changedInWorkers], engine, {
  concurrency: 8,
  lease: Number(lease),
  onEnd: ({ id, key = "", state }) => say({ type: "ended", key, id, state }),
  onRetry: ({ key, attempt }) => say({ type: "retry", key, attempt }),
  onError,
});
await running.ready;
say({ type: "ready" });
