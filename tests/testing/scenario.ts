/** What a scenario is made of. It runs unchanged on a simulated host and on the engine it is a simulation of. */

/** A host, real or simulated; Node under each of three adapters. */
export type HostKey =
  | "cloudflare"
  | "cloudflareWithoutSignal"
  | "deno"
  | "denoNoLegacyAbort"
  | "bun"
  | "nodeHono"
  | "nodeSrvx"
  | "nodeWhatwg"
  | "vercelEdge";

/** What the host passes besides the request, and where the handler notes what happens. */
export interface Kit {
  /** Notes a fact. */
  note(line: string): void;
  /** The object with the host's `waitUntil`, where there is one. */
  readonly context?: { waitUntil(work: unknown): unknown } | undefined;
  /** Lets a promise go that nobody handles; a real host notices by itself. */
  loose(work: Promise<unknown>): void;
  /** The `info` of `Deno.serve`, where there is one. */
  readonly info?: { readonly completed: Promise<void> } | undefined;
}

/** One request, as its client sees it. */
export interface Sent {
  /** "200 ok": status and text; "failed" for a 500 or no answer at all; "left" if the client left before. */
  readonly answer: Promise<string>;
  /** Fulfills with the first chunk of the body. */
  readonly firstChunk: Promise<void>;
  /** The client disconnects. */
  leave(): void;
}

/** The clients' side of a host. */
export interface Clients {
  send(init?: RequestInit): Sent;
  /** Lets time pass. */
  pause(ms: number): Promise<void>;
  /** Has the host look whether the code hangs; a real one does so by itself. */
  look(): void;
  /** What was noted so far. */
  readonly lines: readonly string[];
}

/** One scenario. */
export interface Scenario {
  readonly name: string;
  handle(request: Request, kit: Kit): Response | Promise<Response>;
  drive(clients: Clients, note: (line: string) => void): Promise<void>;
  /** The facts expected, in any order; `else` is for the hosts that are not named. `null`: not to be run there. */
  readonly expect: { readonly [Key in HostKey | "else"]?: readonly string[] | null };
}

/** Milliseconds in which anything happens that is going to. */
export const QUIET = 60;

/** Lets time pass. */
export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Leaves work running after the response: held by `waitUntil` where there is one, else just left. */
export function goOn(work: Promise<unknown>, { context, loose }: Kit): void {
  if (context) context.waitUntil(work);
  else loose(work);
}

/** Waits until a handler has noted something. */
export async function until(line: string, clients: Clients): Promise<void> {
  for (let tries = 0; tries < 400 && !clients.lines.includes(line); tries++) await clients.pause(5);
}

/** A client that takes its answer; then nothing is asked for `ms` milliseconds. */
export function takesAnswer(ms: number): Scenario["drive"] {
  return async ({ send, pause }, note) => {
    note(await send().answer);
    await pause(ms);
  };
}

/** A client that leaves once the handler has noted that it started; then nothing is asked for `ms` milliseconds. */
export function leavesOnceStarted(ms: number): Scenario["drive"] {
  return async (clients, note) => {
    const sent = clients.send();
    await until("started", clients);
    sent.leave();
    note(await sent.answer);
    await clients.pause(ms);
  };
}

/** The facts that differ from those expected; `undefined` if none do. */
export function differences(scenario: Scenario, key: HostKey, lines: readonly string[]): string | undefined {
  const expected = expectationOf(scenario, key);
  const [actual, wanted] = [lines, expected ?? []].map((list) => [...list].sort().join("\n    ") || "(nothing)");
  return actual === wanted ? undefined : `${scenario.name}, on ${key}\n  expected\n    ${wanted}\n  but\n    ${actual}`;
}

/** `null` if the scenario is not for this host. */
export function expectationOf({ expect }: Scenario, key: HostKey): readonly string[] | null {
  const expected = expect[key];
  return expected !== undefined ? expected : expect.else ?? null;
}
