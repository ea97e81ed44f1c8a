/** The scenarios on simulated hosts. */
import { SimulatedHost, type WaitUntilRules } from "@taskscope/taskscope/testing";
import type { Clients, HostKey, Kit, Scenario, Sent } from "./scenario.ts";
import { sentOf } from "./sent.ts";

/** Of adapters that bring a waitUntil of their own. */
const waitUntil: WaitUntilRules = { late: "accepted", unbound: "works", takes: "anything", otherwise: "throws" };

/** How each key is simulated. */
const HOSTS: { readonly [Key in HostKey]: ConstructorParameters<typeof SimulatedHost> } = {
  cloudflare: ["cloudflare"],
  cloudflareWithoutSignal: ["cloudflare", { signal: "never" }],
  deno: ["deno"],
  denoNoLegacyAbort: ["deno", { signal: "disconnect" }],
  bun: ["bun"],
  nodeHono: ["process"],
  nodeSrvx: ["process", { passes: "context", waitUntil, heldErrors: "log" }],
  nodeWhatwg: ["process", { passes: "context", waitUntil, heldErrors: "log", requestAfter: "body-empty" }],
  vercelEdge: ["vercelEdge"],
};

/** Runs one and returns what was noted. */
export async function simulate(scenario: Scenario, key: HostKey, pause: Clients["pause"]): Promise<string[]> {
  const host = new SimulatedHost(...HOSTS[key]);
  try { // Node 22 has no "using"
    return await drive(scenario, host, pause);
  } finally {
    host.close();
  }
}

async function drive(scenario: Scenario, host: SimulatedHost, pause: Clients["pause"]): Promise<string[]> {
  const lines: string[] = [];
  const note = (line: string) => void lines.push(line);
  const handler = (request: Request, ...args: never[]) => scenario.handle(request, kitOf(args, note, host));
  const calls: ReturnType<SimulatedHost["fetch"]>[] = [];
  const send = (init: RequestInit = {}): Sent => {
    const query = new Headers(init.headers).get("x-query") ?? "";
    const call = host.fetch(handler, new Request(`http://localhost/${query}`, init));
    calls.push(call);
    return sentOf(call.response, () => call.disconnect());
  };
  await scenario.drive({ send, pause, look: () => calls.forEach((call) => call.detectHang()), lines }, note);
  const errors = host.report().calls.flatMap(({ errors }) => errors);
  if (errors.some(({ where }) => where === "process-exit")) note("ends the process");
  return lines;
}

function kitOf(args: unknown[], note: Kit["note"], host: SimulatedHost): Kit {
  const has = (key: string) => args.find((arg) => typeof arg === "object" && arg !== null && key in arg) as never;
  const loose = (work: Promise<unknown>) => void host.track("loose", work).catch(() => {}); // the test's process goes on
  return { note, loose, context: has("waitUntil"), info: has("completed") };
}
