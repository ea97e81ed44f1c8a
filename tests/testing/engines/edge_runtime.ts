/** Node with npm's edge-runtime, the sandbox that Vercel's tools run edge functions in. */
import { readFileSync } from "node:fs";
import { exitWith } from "./node_process.ts";

interface Sandbox {
  readonly context: { start(port: number): Promise<number>; fatal(): void };
}
interface Package {
  readonly EdgeRuntime: new (options: { initialCode: string }) => Sandbox;
  runServer(options: { runtime: Sandbox; port: number; host: string }): Promise<{ readonly url: string }>;
}

const name = "edge-runtime"; // not a literal: it cannot be bundled, as it reads files beside its own
const { EdgeRuntime, runServer } = await import(name) as Package;
const initialCode = readFileSync(new URL("edge_worker.js", import.meta.url), "utf8");
const runtime = new EdgeRuntime({ initialCode });
const { process } = globalThis as unknown as { process: { on(event: string, listener: () => void): void } };
process.on("unhandledRejection", () => runtime.context.fatal());
const { url } = await runServer({ runtime, port: 0, host: "127.0.0.1" });
exitWith(await runtime.context.start(Number(new URL(url).port)));
