/**
 * A Worker with queues in miniflare, Cloudflare's simulator around workerd: a process of its own, which prints where it
 * listens and ends with its stdin.
 */
import { Miniflare } from "miniflare";
import type { Settings } from "./cloudflare_miniflare.ts";

const COMPATIBILITY = "2026-07-01";

const { script, bindings = {}, queues, maxRetries = 2, deadLetterQueue }: Settings = JSON.parse(Deno.args[0] ?? "");
const consumer = { maxBatchSize: 10, maxBatchTimeout: 0.1, maxRetries };
const own = deadLetterQueue === undefined ? consumer : { ...consumer, deadLetterQueue };
const miniflare = new Miniflare({
  ...{
    modules: true,
    script: await Deno.readTextFile(script),
    compatibilityDate: COMPATIBILITY,
    bindings,
    kvNamespaces: ["KV"],
  },
  durableObjects: { RECORDS: "RecordsObject" },
  queueProducers: Object.fromEntries([...queues, "DEAD"].map((name) => [name, name])),
  queueConsumers: {
    ...Object.fromEntries(queues.map((name) => [name, own])),
    DEAD: { ...consumer, maxBatchTimeout: 0 },
  },
});
console.log(`${await miniflare.ready}`);
for await (const _ of Deno.stdin.readable);
await miniflare.dispose();
