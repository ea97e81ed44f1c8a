/**
 * Chaos: workers are killed at random moments, and the engine is, too; then the books are checked.
 *
 * Every task has ended exactly once by the ledger in the store, as it should; nothing is left in the engine; and a task ran
 * again only where at-least-once allows it: because its attempt failed, its worker was killed, the engine was restarted, or
 * its worker was so slow that it lost the lease, and that before its end was in the ledger.
 */
import { assert, assertEquals } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import type { HandedOffTask, TaskEnding } from "@taskscope/taskscope/durable";
import { kill, type RestartableServer } from "../../tools/servers/server.ts";
import { broken, changed, flaky, type Line, poison, quick, unknown } from "./chaos_tasks.ts";
import { type EngineKind, openEngine } from "./open_engine.ts";
import { randomOf } from "./random.ts";

export interface ChaosOptions {
  readonly kind: EngineKind;
  readonly tasks: number;
  readonly seed: number;
  start(): Promise<RestartableServer>;
}

const WORKERS = 3;
const LEASE = 1_500; // milliseconds
const LATE = 700; // the deadline of what has to be dropped, in milliseconds
const LOOK = 500; // a worker looks into the ledger a moment before it calls the function
const PATIENCE = 90_000; // for all of it
const KILLS = 15; // then there is peace, too, so that a slow machine comes to an end
const RESTARTS = 2;
const CALM = 0.95; // when so much of it has ended, the rest may end in peace

type Kind = "quick" | "slow" | "flaky" | "broken" | "poison" | "unknown" | "changed" | "late";

/** How each may end. */
const ENDS: Record<Kind, readonly TaskEnding["state"][]> = {
  quick: ["succeeded"],
  slow: ["succeeded"],
  flaky: ["succeeded"],
  broken: ["failed", "dead"], // dead: its worker was killed in both attempts
  poison: ["dead"],
  unknown: ["dead"],
  changed: ["dead"],
  late: ["dropped"],
};

interface Happening {
  readonly at: number;
  readonly worker: number;
  readonly line: Line | { readonly type: "killed" } | { readonly type: "restarting" } | { readonly type: "restarted" };
}

/** The same clock in all processes. */
const now = () => performance.timeOrigin + performance.now();
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

class Workers {
  readonly happenings: Happening[] = [];
  readonly #command: readonly string[];
  readonly #children: Deno.ChildProcess[] = [];
  readonly #ends: Promise<void>[] = [];
  readonly #ready = new Set<Deno.ChildProcess>();
  #isOver = false;
  #started = 0;
  kills = 0;

  constructor(kind: EngineKind, url: string) {
    const script = new URL("./chaos_worker.ts", import.meta.url).pathname;
    this.#command = ["run", "-A", "--no-check", "--quiet", script, kind, url, `${LEASE}`];
  }

  note(worker: number, line: Happening["line"], at = now()): void {
    this.happenings.push({ at, worker, line });
  }

  /** Starts one in a place, and another whenever it ends. */
  keep(place: number): void {
    const worker = this.#started++;
    const child = new Deno.Command(Deno.execPath(), {
      args: [...this.#command],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#children[place] = child;
    this.#ends.push(this.#read(child, worker, place));
  }

  async #read(child: Deno.ChildProcess, worker: number, place: number): Promise<void> {
    let rest = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const said: Line = JSON.parse(line);
        this.note(worker, said, said.at);
        if (said.type === "ready") this.#ready.add(child);
      }
    }
    await child.status;
    this.#ready.delete(child);
    this.note(worker, { type: "killed" });
    if (!this.#isOver) this.keep(place);
  }

  /** One that has come to work, if there is one. */
  async killOne(random: () => number): Promise<void> {
    const ready = this.#children.filter((child) => this.#ready.has(child));
    const child = ready[Math.floor(random() * ready.length)];
    if (!child) return;
    this.kills++;
    this.#ready.delete(child);
    await kill(child);
  }

  async end(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#children.map(kill));
    await Promise.all(this.#ends);
  }
}

/** Runs it, and checks the books; what it found, for people. */
export async function chaos({ kind, tasks, seed, start }: ChaosOptions): Promise<string> {
  const startedAt = performance.now();
  const random = randomOf(seed);
  const server = await start();
  const opened = await openEngine(kind, server.url, () => {});
  const workers = new Workers(kind, server.url);
  let chaos: ReturnType<typeof breakThings> | undefined;
  try {
    const handles = await produce(opened.engine, tasks, random, () => {
      for (let place = 0; place < WORKERS; place++) workers.keep(place);
    });
    chaos = breakThings(workers, server, random, tasks);
    const accepted = await Promise.allSettled(handles.map(({ handle }) => handle.accepted));
    assertEquals(accepted.filter(({ status }) => status === "rejected"), []);
    const ranFor = await untilEmpty(opened.pending, startedAt);
    await chaos.stop();
    assertEquals(await opened.pending(), 0);
    await workers.end();
    const ledger = await check(handles, opened.engine.deadLetters());
    const runs = countRuns(workers.happenings);
    assertEquals(runs.unjustified, [], "tasks that ran again without a reason");
    const ends = Object.entries(ledger).map(([state, count]) => `${count} ${state}`).join(", ");
    return `seed ${seed}: ${tasks} tasks: ${ends}; ${workers.kills} kills, ${chaos.restarts} restarts; ${runs.again} runs ` +
      `after a kill or a restart, ${runs.slow} after a lost lease, ${runs.retried} after a failure; ` +
      `${Math.round(ranFor / 100) / 10} s`;
  } finally {
    await chaos?.stop().catch(() => {}); // what failed before is what counts; a restart must not meet the end of the server
    await workers.end();
    await opened.close();
    await server.stop();
  }
}

interface Handle {
  readonly kind: Kind;
  readonly handle: HandedOffTask<unknown>;
}

/** What has to be late is enqueued before there is any worker; the rest comes while they work. */
async function produce(
  engine: Awaited<ReturnType<typeof openEngine>>["engine"],
  tasks: number,
  random: () => number,
  startWorkers: () => void,
): Promise<Handle[]> {
  const handles: Handle[] = [];
  const scope = new TaskScope({ name: "producer" });
  const options = { engine, deadline: { minutes: 5 } };
  const late = Math.floor(tasks / 20);
  for (let i = 0; i < late; i++) {
    handles.push({ kind: "late", handle: scope.handoff(quick, { ms: 1 }, { engine, deadline: LATE }) });
  }
  await Promise.all(handles.map(({ handle }) => handle.accepted));
  await pause(LATE);
  startWorkers();
  for (let i = late; i < tasks; i++) {
    const dice = random();
    if (i < late + 2) handles.push({ kind: "poison", handle: scope.handoff(poison, {}, options) });
    else if (dice < 0.86) {
      handles.push({ kind: "quick", handle: scope.handoff(quick, { ms: Math.floor(random() * 30) }, options) });
    } else if (dice < 0.88) {
      handles.push({ kind: "slow", handle: scope.handoff(quick, { ms: LEASE * (0.3 + random()) }, options) });
    } else if (dice < 0.94) {
      handles.push({
        kind: "flaky",
        handle: scope.handoff(flaky, { failures: 1 + Math.floor(random() * 3) }, options),
      });
    } else if (dice < 0.96) handles.push({ kind: "broken", handle: scope.handoff(broken, {}, options) });
    else if (dice < 0.98) handles.push({ kind: "unknown", handle: scope.handoff(unknown, {}, options) });
    else handles.push({ kind: "changed", handle: scope.handoff(changed, {}, options) });
    if (i % 50 === 0) await pause(5);
  }
  void scope.close().catch(() => {}); // whether each was accepted is looked at below
  return handles;
}

/** Kills workers all the time, and restarts the engine now and then, until it is stopped. */
function breakThings(workers: Workers, server: RestartableServer, random: () => number, tasks: number) {
  let isOver = false;
  let restarts = 0;
  const running = (async () => {
    const ended = () => workers.happenings.filter(({ line }) => line.type === "ended").length;
    for (;;) {
      await pause(300 + random() * 900);
      if (isOver || ended() > tasks * CALM) return;
      if (restarts < RESTARTS && ended() > tasks * (restarts + 1) / (RESTARTS + 2)) {
        restarts++;
        workers.note(-1, { type: "restarting" });
        await server.restart();
        workers.note(-1, { type: "restarted" });
      } else if (workers.kills < KILLS) await workers.killOne(random);
    }
  })();
  return {
    get restarts() {
      return restarts;
    },
    async stop() {
      isOver = true;
      await running;
    },
  };
}

async function untilEmpty(pending: () => Promise<number>, startedAt: number): Promise<number> {
  for (;;) {
    const left = await pending().catch(() => Infinity); // it is just being restarted
    const ranFor = performance.now() - startedAt;
    if (left === 0) return ranFor;
    assert(ranFor < PATIENCE, `${left} tasks have not ended after ${PATIENCE} ms`);
    await pause(100);
  }
}

/** Each has ended, as it may; and what is dead is with the dead letters. */
async function check(
  handles: readonly Handle[],
  letters: AsyncIterable<{ id: string; reason: string }>,
): Promise<Record<string, number>> {
  const counts: Record<string, number> = { succeeded: 0, failed: 0, dropped: 0, dead: 0 };
  const dead = new Set<string>();
  for (let i = 0; i < handles.length; i += 100) {
    await Promise.all(
      handles.slice(i, i + 100).map(async ({ kind, handle }) => {
        const ending = await handle.outcome();
        assert(ending, `${kind} ${await handle.id} is not in the ledger`);
        assert(ENDS[kind].includes(ending.state), `${kind} ended as ${ending.state}: ${ending.error?.message}`);
        counts[ending.state] = (counts[ending.state] ?? 0) + 1;
        if (ending.state === "dead" || ending.state === "failed") dead.add(ending.id);
      }),
    );
  }
  assertEquals(Object.values(counts).reduce((sum, count) => sum + count), handles.length);
  for await (const { id, reason } of letters) assert(dead.delete(id), `${id} is a dead letter: ${reason}`);
  assertEquals([...dead], [], "not with the dead letters");
  return counts;
}

/** Goes through all that happened to each task, in its order. */
function countRuns(happenings: readonly Happening[]) {
  const byKey = new Map<string, Happening[]>();
  const deaths = new Map<number, number>(); // when each worker died
  const restarts = happenings.filter(({ worker }) => worker === -1).map(({ at }) => at);
  for (const happening of happenings) {
    const { line, worker, at } = happening;
    if (line.type === "killed") deaths.set(worker, at);
    if (!("key" in line)) continue;
    const list = byKey.get(line.key) ?? [];
    byKey.set(line.key, list);
    list.push(happening);
  }
  const result = { again: 0, retried: 0, slow: 0, unjustified: [] as string[] };
  for (const [key, list] of byKey) {
    list.sort((a, b) => a.at - b.at);
    const starts = list.filter(({ line }) => line.type === "start");
    for (const [i, run] of starts.entries()) {
      const before = starts[i - 1];
      if (!before) continue;
      const hasEnded = list.some(({ line, at }) => line.type === "ended" && at < run.at - LOOK);
      const hasFailed = list.some(({ line, worker, at }) =>
        line.type === "retry" && worker === before.worker && at > before.at
      );
      const wasKilled = (deaths.get(before.worker) ?? Infinity) < run.at;
      const wasRestarted = restarts.some((at) => at > before.at && at < run.at);
      if (!hasEnded && hasFailed) result.retried++;
      else if (!hasEnded && (wasKilled || wasRestarted)) result.again++;
      else if (!hasEnded && run.at - before.at >= LEASE) result.slow++;
      else {result.unjustified.push(`${key}: ${
          list.map(({ line, worker, at }) => `${at} ${worker} ${line.type}`).join(", ")
        }`);}
    }
  }
  return result;
}
