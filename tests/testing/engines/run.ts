/** The scenarios on a real engine: a server and its clients in one process. */
import {
  type Clients,
  differences,
  type HostKey,
  type Kit,
  QUIET,
  type Scenario,
  type Sent,
  wait,
} from "../scenario.ts";
import { scenariosOf } from "../scenarios.ts";
import { sentOf } from "../sent.ts";

interface Current {
  readonly scenario: Scenario;
  readonly lines: string[];
}

let current: Current | undefined;

/** What the server calls: the handler of the scenario that is on. */
export function handle(request: Request, rest: Pick<Kit, "context" | "info"> = {}): Response | Promise<Response> {
  if (!current) throw new Error("no scenario is on");
  const { scenario, lines } = current; // what comes late must not be noted as the next one's
  return scenario.handle(request, { ...rest, note: (line) => void lines.push(line), loose() {} });
}

/** Notes that an error would have ended the process. */
export function fatal(): void {
  const line = "ends the process"; // once
  if (current && !current.lines.includes(line)) current.lines.push(line);
}

/** Sends requests to a server that listens on this machine. */
export function overSockets(port: number, path = "/"): Clients["send"] {
  return (init = {}) => sendOn((url, init) => fetch(`http://127.0.0.1:${port}${path}${url}`, init), init);
}

/** Sends a request that can be aborted. */
export function sendOn(call: (query: string, init: RequestInit) => Promise<Response>, init: RequestInit): Sent {
  const client = new AbortController();
  const query = new Headers(init.headers).get("x-query") ?? "";
  return sentOf(call(query, { ...init, signal: client.signal }), () => client.abort());
}

/** Runs every scenario of a host. Prints what differs, and the counts as JSON. Returns how many failed. */
export async function runScenarios(key: HostKey, send: Clients["send"]): Promise<number> {
  const counts = { passed: 0, failed: 0 };
  for (const scenario of scenariosOf(key)) {
    const lines: string[] = [];
    current = { scenario, lines };
    await scenario.drive({ send, pause: wait, look() {}, lines }, (line) => void lines.push(line));
    const problem = await settled(scenario, key, lines);
    counts[problem === undefined ? "passed" : "failed"]++;
    if (problem !== undefined) console.log(`FAILED ${problem}`);
  }
  console.log(JSON.stringify(counts));
  return counts.failed;
}

/** What differs, when on a loaded machine there has been time enough for everything that is expected, and for more. */
async function settled(scenario: Scenario, key: HostKey, lines: readonly string[]): Promise<string | undefined> {
  for (let tries = 0; tries < 100 && differences(scenario, key, lines) !== undefined; tries++) await wait(QUIET / 2);
  return differences(scenario, key, lines);
}
