/**
 * A worker in a process of its own, whose clock may be wrong: `chaos_cases_worker.ts <kind> <url> <queue> <lease> <skew>`. It
 * ends by itself after SIGTERM.
 */
import { worker } from "@taskscope/taskscope/durable";
import { after, endless, left, poison } from "./chaos_cases_tasks.ts";
import { type EngineKind, openEngine } from "./open_engine.ts";

const [kind = "", url = "", queue = "", lease = "", skew = ""] = Deno.args;

const { now } = Date;
const off = Number(skew);
if (off !== 0) {
  globalThis.Date = class extends Date {
    constructor(...args: [] | [number]) {
      super(...(args.length === 0 ? [now() + off] : args) as [number]);
    }
    static override now(): number {
      return now() + off;
    }
  } as DateConstructor;
}

const { engine, close } = await openEngine(kind as EngineKind, url, () => {}, queue);
const controller = new AbortController();
Deno.addSignalListener("SIGTERM", () => controller.abort());
const running = worker([left, endless, poison, after], engine, {
  concurrency: 4,
  lease: Number(lease),
  grace: 400,
  poll: 100,
  signals: [],
  signal: controller.signal,
  onEnd() {},
  onError: console.error,
});
await running.ready;
console.log("ready");
await running.stopped;
await close();
console.log(JSON.stringify(running.counters));
