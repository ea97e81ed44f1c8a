/** What can go wrong between processes, on real engines: each with its clear end. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { cancelTask, type HandedOffTask, type TaskEnding } from "@taskscope/taskscope/durable";
import { postgresMissing, startPostgres } from "../../tools/servers/postgres.ts";
import { redisMissing, startRedis } from "../../tools/servers/redis.ts";
import type { Server } from "../../tools/servers/server.ts";
import { before, endless, left, poison } from "./chaos_cases_tasks.ts";
import { type EngineKind, type OpenEngine, openEngine, startFile } from "./open_engine.ts";

const LEASE = 2_000; // milliseconds
const LONG_LEASE = 20_000; // where nobody dies: a machine that stands still for a while must not end it
const MINUTE = 60_000;

/** A worker process. */
class Worker implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: ReadableStreamDefaultReader<string>;
  #rest = "";

  constructor({ kind, url, queue }: Context, skew: number, lease: number) {
    const script = new URL("./chaos_cases_worker.ts", import.meta.url).pathname;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", "--quiet", script, kind, url, queue, `${lease}`, `${skew}`],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  static async start(context: Context, skew = 0, lease = LEASE): Promise<Worker> {
    const worker = new Worker(context, skew, lease);
    assertEquals(await worker.line(), "ready");
    return worker;
  }

  /** What it says next; undefined when it has ended. */
  async line(): Promise<string | undefined> {
    while (!this.#rest.includes("\n")) {
      const { value, done } = await this.#lines.read();
      if (done) return undefined;
      this.#rest += value;
    }
    const end = this.#rest.indexOf("\n");
    const line = this.#rest.slice(0, end);
    this.#rest = this.#rest.slice(end + 1);
    return line;
  }

  get status(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  /** Asks it to end. */
  terminate(): void {
    this.#child.kill("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.#lines.cancel();
    await this.#child.status;
  }
}

interface Context extends OpenEngine {
  readonly kind: EngineKind;
  readonly url: string;
  readonly queue: string;
  readonly scope: TaskScope;
}

const ending = <T>(handle: HandedOffTask<T>): Promise<TaskEnding<T>> => TaskScope.run((scope) => handle.outcome(scope));

const CASES: Record<string, (context: Context) => Promise<void>> = {
  async "a worker whose clock is a minute ahead or behind gives a task the time that it has"(context) {
    const { engine, scope } = context;
    for (const skew of [MINUTE, -MINUTE]) {
      await using _worker = await Worker.start(context, skew);
      const { state, result = 0 } = await ending(scope.handoff(left, {}, { engine, deadline: 30_000 }));
      assertEquals(state, "succeeded");
      assert(result > 20_000 && result <= 30_500, `a worker with ${skew} ms of skew saw ${result} ms left`);
    }
  },
  async "what is past its deadline is dropped, also by a worker whose clock is a minute behind"(context) {
    const { engine, scope } = context;
    for (const skew of [0, -MINUTE]) {
      const handle = scope.handoff(left, {}, { engine, deadline: 300 });
      await handle.accepted;
      await new Promise((resolve) => setTimeout(resolve, 350)); // of real clocks, in several processes
      await using _worker = await Worker.start(context, skew, LONG_LEASE);
      const { state, attempt, error } = await ending(handle);
      assertEquals([state, attempt], ["dropped", 1]);
      assertStringIncludes(error?.message ?? "", "before it could run");
    }
  },
  async "a message that kills every worker is dead in the end, with the reason"(context) {
    const { engine, scope } = context;
    const handle = scope.handoff(poison, {}, { engine, deadline: MINUTE });
    for (let attempt = 1; attempt <= 2; attempt++) {
      await using worker = await Worker.start(context);
      assertEquals(await worker.line(), "started");
      assertEquals((await worker.status).signal, "SIGKILL");
    }
    await using _worker = await Worker.start(context);
    const { state, error } = await ending(handle);
    assertEquals(state, "dead");
    assertStringIncludes(error?.message ?? "", "no worker came back from it");
    const [letter] = await untilSome(engine);
    assertEquals(letter?.id, await handle.id);
    assertStringIncludes(letter?.reason ?? "", "no worker came back from it");
  },
  async "input that the schema of the worker does not take is dead at once, with the path"(context) {
    const { engine, scope } = context;
    await using _worker = await Worker.start(context);
    const handle = scope.handoff(before, { name: "Ada" }, { engine, deadline: MINUTE });
    const { state, attempt, error } = await ending(handle);
    assertEquals([state, attempt], ["dead", 1]);
    assertStringIncludes(error?.message ?? "", "size");
    const letters = await untilSome(engine);
    assertStringIncludes(letters.find(({ body }) => body.includes("Ada"))?.reason ?? "", "size");
  },
  async "what is canceled before its start never starts"(context) {
    const { engine, scope } = context;
    const handle = scope.handoff(endless, {}, { engine, deadline: MINUTE });
    assertEquals(await cancelTask(engine, await handle.id), "removed");
    await using worker = await Worker.start(context);
    const after = scope.handoff(left, {}, { engine, deadline: MINUTE });
    assertEquals((await ending(after)).state, "succeeded");
    assertEquals((await handle.outcome())?.state, "canceled");
    worker.terminate();
    assertStringIncludes(await worker.line() ?? "", '"canceled":0'); // and never "started"
  },
  async "what is canceled during its run ends, in another process"(context) {
    const { engine, scope } = context;
    await using worker = await Worker.start(context);
    const handle = scope.handoff(endless, {}, { engine, deadline: MINUTE });
    assertEquals(await worker.line(), "started");
    assertEquals(await cancelTask(engine, await handle.id, { reason: "not needed" }), "requested");
    const { state, error } = await ending(handle);
    assertEquals([state, error?.kind], ["canceled", "canceled"]);
  },
  async "a worker that is told to end gives back what it cannot finish, to the next one, at once"(context) {
    const { engine, scope } = context;
    const first = await Worker.start(context);
    const handle = scope.handoff(endless, {}, { engine, deadline: MINUTE });
    assertEquals(await first.line(), "started");
    await using second = await Worker.start(context);
    first.terminate();
    assertStringIncludes(await first.line() ?? "", '"givenBack":1');
    assertEquals((await first.status).success, true); // it ended by itself: nothing keeps it alive
    await first[Symbol.asyncDispose]();
    assertEquals(await second.line(), "started");
    await handle.cancel();
    assertEquals((await ending(handle)).attempt, 1); // nobody counts it
  },
};

async function untilSome(engine: OpenEngine["engine"]) {
  for (;;) {
    const letters = await Array.fromAsync(engine.deadLetters());
    if (letters.length > 0) return letters;
  }
}

interface Ground {
  readonly kind: EngineKind;
  readonly missing: string | undefined;
  start(): Promise<Server>;
  /** Without a clock of its own, those of its workers have to agree. */
  readonly hasClock?: boolean;
}

const ENGINES: readonly Ground[] = [
  { kind: "pg-boss", missing: postgresMissing(), start: startPostgres },
  { kind: "BullMQ", missing: redisMissing(), start: startRedis },
  { kind: "Deno KV", missing: undefined, start: startFile, hasClock: false },
];

for (const { kind, missing } of ENGINES) {
  if (missing) Deno.test({ name: `${kind} between processes: skipped, ${missing}`, ignore: true, fn() {} });
}

const beside = { sanitizeExit: false, sanitizeOps: false, sanitizeResources: false }; // both engines beside each other
Deno.test({
  name: "between processes",
  ...beside,
  async fn(t) {
    const here = ENGINES.filter(({ missing }) => !missing);
    await Promise.all(here.map(async ({ kind, start, hasClock = true }) => {
      const { url, stop } = await start();
      for (const [i, [name, run]] of Object.entries(CASES).entries()) {
        if (!hasClock && name.includes("clock")) continue;
        await t.step({
          name: `${kind}: ${name}`,
          ...beside,
          async fn() {
            const queue = `case${i}`;
            const opened = await openEngine(kind, url, console.error, queue);
            const scope = new TaskScope({ name: "producer" });
            try {
              await run({ ...opened, kind, url, queue, scope });
            } finally {
              await scope.close();
              await opened.close();
            }
          },
        });
      }
      await stop();
    }));
  },
});
