/**
 * pg-boss on PostgreSQL as a durable engine.
 *
 * @module
 */
import { assertNumber, assertOptions, wrong } from "../validate.ts";
import type { ConsumeOptions, Consumption, DeadLetter, Delivery, Engine, Message, Records, Verdict } from "./engine.ts";
import { idOfKey } from "./key_id.ts";
import { consume } from "./pg_boss_consumption.ts";
import { Jobs, type PgBossLike } from "./pg_boss_jobs.ts";
import { PgBossRecords } from "./pg_boss_records.ts";

export type { DatabaseLike, FetchedJob, PgBossLike } from "./pg_boss_jobs.ts";

/** Options of {@linkcode pgBossEngine}. */
export interface PgBossOptions {
  /**
   * The queue, made if it is not there; nobody else should send to it.
   *
   * @default "taskscope"
   */
  readonly queue?: string | undefined;
  /**
   * The schema that the instance of pg-boss was given.
   *
   * @default "pgboss"
   */
  readonly schema?: string | undefined;
  /**
   * How often an idle worker looks for messages, in milliseconds.
   *
   * @default 1_000
   */
  readonly poll?: number | undefined;
  /**
   * Whether idle workers are woken when a message is enqueued. For one more connection a worker, and with clients of
   * PostgreSQL that can listen.
   *
   * @default false
   */
  readonly listen?: boolean | undefined;
  /**
   * For how long after its end the key of a message is known, in milliseconds.
   *
   * @default 3_600_000
   */
  readonly remember?: number | undefined;
}

/** What {@linkcode pgBossEngine} makes. */
export type PgBossEngine =
  & Engine
  & Required<Pick<Engine, "remove" | "consume" | "deadLetters">>
  & { readonly records: Records };

const SLACK = 86_400_000; // how long after its deadline pg-boss may forget a message that nobody took, in milliseconds
const LONGEST = 2_000_000_000; // seconds that fit a column of PostgreSQL

/**
 * Makes an engine of a queue of pg-boss.
 *
 * **Guarantees.** At least once. All times are by the clock of the database. Keys are known until `remember` milliseconds
 * after the end of their message, however that ended. What a killed worker had is delivered again after its lease, and at
 * the latest a quarter of a lease later, as long as there is a worker, and else at the next maintenance of pg-boss. Dead
 * letters are the failed jobs of the queue, and stay until somebody deletes them. Messages that nobody took are deleted a
 * day after their deadline. Records are in a table of their own, made at the first call in the schema of pg-boss.
 *
 * A lease is what pg-boss calls a heartbeat: its own maintenance sees the same.
 *
 * @param boss A started instance of pg-boss, version 12.35 or later. Stopping it is up to you, and so is its event `error`:
 * without a listener, a lost connection ends the process.
 * @param options See {@linkcode PgBossOptions}.
 * @returns The engine.
 * @throws {TypeError} If `boss` is not an instance of pg-boss, or an option is unknown or of the wrong type.
 * @throws {RangeError} If a number is out of its bounds.
 *
 * @example
 * ```ts ignore
 * import { pgBossEngine } from "@taskscope/taskscope/durable/pg-boss";
 * import { PgBoss } from "pg-boss";
 *
 * const boss = new PgBoss("postgres://localhost/app");
 * boss.on("error", console.error);
 * await boss.start();
 * const engine = pgBossEngine(boss, { queue: "tasks" });
 * ```
 */
export function pgBossEngine(boss: PgBossLike, options: PgBossOptions = {}): PgBossEngine {
  const what = "Cannot make an engine";
  assertOptions(options, ["queue", "schema", "poll", "listen", "remember"], what);
  const { queue = "taskscope", schema = "pgboss", poll = 1_000, listen = false, remember = 3_600_000 } = options;
  const { send, getDb } = Object(boss) as Partial<PgBossLike>;
  if (typeof send !== "function" || typeof getDb !== "function") {
    throw wrong(what, "an instance of pg-boss is needed", boss);
  }
  if (typeof queue !== "string" || !/^[\w.\-/]+$/.test(queue)) {
    throw wrong(what, "queue must be of letters, digits, _, -, . and /", queue);
  }
  if (typeof schema !== "string" || !/^[a-z_]\w*$/i.test(schema)) {
    throw wrong(what, "schema must be of letters, digits and _", schema);
  }
  assertNumber(poll, "poll", what, 10);
  assertNumber(remember, "remember", what, 1_000);
  if (typeof listen !== "boolean") throw wrong(what, "listen must be true or false", listen);
  return new PgBossQueue(boss, { queue, schema, poll, listen, remember });
}

type Settings = { readonly [K in keyof PgBossOptions]-?: NonNullable<PgBossOptions[K]> };

class PgBossQueue implements PgBossEngine {
  readonly name = "pg-boss";
  readonly records: PgBossRecords;
  readonly #boss: PgBossLike;
  readonly #options: Settings;
  readonly #jobs: Jobs;
  readonly #wake = new Set<() => void>(); // the consumptions in this process
  #ready: Promise<void> | undefined;

  constructor(boss: PgBossLike, options: Settings) {
    this.#boss = boss;
    this.#options = options;
    this.#jobs = new Jobs(boss, options.schema, options.queue);
    this.records = new PgBossRecords(boss, options.schema);
  }

  async enqueue({ key, body, deadline }: Message): Promise<string> {
    await this.#setUp();
    const id = await idOfKey(key);
    const { remember, queue, listen } = this.#options;
    // Of an id that is there: nothing is sent.
    await this.#boss.send(queue, { body }, {
      id,
      heartbeatSeconds: 60, // until the worker says how long its lease is, a moment later
      deleteAfterSeconds: Math.min(Math.ceil(remember / 1_000), LONGEST),
      retentionSeconds: Math.min(Math.ceil((Math.max(deadline.getTime() - Date.now(), 0) + SLACK) / 1_000), LONGEST),
    });
    for (const wake of this.#wake) wake();
    if (listen) await this.#jobs.notify();
    return id;
  }

  async remove(id: string): Promise<boolean> {
    return await this.#jobs.cancel(id);
  }

  async consume(
    receive: (delivery: Delivery) => Promise<Verdict>,
    options: ConsumeOptions,
  ): Promise<Consumption> {
    await this.#setUp();
    const { poll, listen } = this.#options;
    const { wake, stop } = consume(this.#jobs, this.records, receive, { ...options, poll });
    this.#wake.add(wake);
    const listening = listen ? await this.#jobs.listen(wake).catch(options.onError) : undefined;
    return {
      stop: async () => {
        this.#wake.delete(wake);
        await stop();
        await listening?.close();
      },
    };
  }

  deadLetters(): AsyncIterable<DeadLetter> {
    return this.#jobs.failed();
  }

  async #setUp(): Promise<void> {
    this.#ready ??= this.#boss.createQueue(this.#options.queue, { retryLimit: 1_000_000_000 });
    try {
      await this.#ready;
    } catch (error) {
      this.#ready = undefined; // the next call tries again
      throw error;
    }
  }
}
