/**
 * What the engine asks of the table of jobs beyond the interface of pg-boss.
 *
 * Invariants:
 * 1. A verdict or an extension changes a job only while it is active under the lease that its delivery was made with.
 * 2. `heartbeat_on` and `heartbeat_seconds` say when the lease is over, so that the maintenance of pg-boss agrees; and
 *    `expire_seconds` is never over before it.
 *
 * @module
 */
import type { DeadLetter, Verdict } from "./engine.ts";

/** What is used of an instance of pg-boss. See {@linkcode pgBossEngine}. */
export interface PgBossLike {
  /** Makes a queue if it is not there. */
  createQueue(name: string, options: { retryLimit: number }): Promise<void>;
  /** Puts a job in. */
  // deno-lint-ignore no-explicit-any -- the options of pg-boss have a type of their own
  send(name: string, data: object, options: any): Promise<string | null>;
  /** Takes jobs out. */
  fetch(name: string, options: { batchSize: number }): Promise<readonly FetchedJob[]>;
  /** The database. */
  getDb(): DatabaseLike;
}

/** What is used of a job. See {@linkcode PgBossLike}. */
export interface FetchedJob {
  /** A UUID. */
  readonly id: string;
  /** As it was sent. */
  readonly data: unknown;
  /** 0 at the first delivery. */
  readonly retryCount: number;
}

/** What is used of a database of pg-boss. See {@linkcode PgBossLike}. */
export interface DatabaseLike {
  /** Runs one statement. */
  // deno-lint-ignore no-explicit-any -- as pg-boss declares it
  executeSql(text: string, values?: unknown[]): Promise<{ rows: any[] }>;
  /** Listens, on a connection of its own. */
  listen?(channel: string, onNotification: () => void, onReconnect: () => void): Promise<{ close(): Promise<void> }>;
}

/** A job with a lease. */
export interface LeasedJob {
  readonly id: string;
  readonly body: string;
  readonly attempt: number;
  readonly waited: number;
  readonly lease: string;
}

const PAGE = 100; // dead letters read at once
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** When a lease is over, from the parameter in milliseconds. */
const leaseEnds = (ms: string) =>
  `heartbeat_seconds = ceil(${ms}::float8 / 1000)::int,
   heartbeat_on = now() + (${ms}::float8 - ceil(${ms}::float8 / 1000) * 1000) * interval '1 ms',
   expire_seconds = greatest(expire_seconds, ceil(extract(epoch from now() - started_on) + ${ms}::float8 / 1000)::int + 60)`;

/** The jobs of one queue. */
export class Jobs {
  /** Of the record that says that a sweep was made. */
  readonly sweepKey: string;
  /** Of the record that says that expired records were removed. */
  readonly purgeKey: string;
  readonly #boss: PgBossLike;
  readonly #queue: string;
  readonly #table: string;
  readonly #channel: string;

  constructor(boss: PgBossLike, schema: string, queue: string) {
    this.sweepKey = `sweep:${queue}`;
    this.purgeKey = `purge:${queue}`;
    this.#boss = boss;
    this.#queue = queue;
    this.#table = `${schema}.job`;
    this.#channel = `taskscope_${schema}`.toLowerCase();
  }

  /** Takes up to `count` jobs, with a lease on each. */
  async claim(count: number, ms: number): Promise<LeasedJob[]> {
    const jobs = await this.#boss.fetch(this.#queue, { batchSize: count });
    if (jobs.length === 0) return [];
    const lease = crypto.randomUUID();
    const rows = await this.#run(
      `update ${this.#table} set ${leaseEnds("$4")}, output = jsonb_build_object('lease', $3::text)
       where name = $1 and id::text || retry_count = any($2::text[]) and id = any($5::uuid[]) and state = 'active'
       returning id, (extract(epoch from now() - created_on) * 1000)::float8 as waited`,
      [jobs.map(({ id, retryCount }) => `${id}${retryCount}`), lease, ms, jobs.map(({ id }) => id)],
    );
    const waits = new Map(rows.map(({ id, waited }) => [id, Number(waited)]));
    return jobs.flatMap(({ id, data, retryCount }) => {
      const waited = waits.get(id);
      if (waited === undefined) return []; // it took so long that somebody else has it
      return { id, body: `${(data as { body?: unknown } | null)?.body}`, attempt: retryCount + 1, waited, lease };
    });
  }

  /** Whether the lease could be extended. */
  async extend({ id, lease }: LeasedJob, ms: number): Promise<boolean> {
    return await this.#change(`set ${leaseEnds("$4")} where name = $1 and ${LEASED}`, [id, lease, ms]);
  }

  /** Whether the lease still was the job's. */
  async settle({ id, lease }: LeasedJob, verdict: Verdict): Promise<boolean> {
    switch (verdict.kind) {
      case "done":
        return await this.#change(
          `set state = 'completed', completed_on = now(), output = null where name = $1 and ${LEASED}`,
          [id, lease],
        );
      case "retry":
        return await this.#change(
          `set state = 'retry', start_after = now() + $4::float8 * interval '1 ms', output = null
           where name = $1 and ${LEASED}`,
          [id, lease, Math.max(verdict.delay, 0)],
        );
      case "give-back": // without a start, pg-boss does not count it
        return await this.#change(
          `set state = 'retry', start_after = now(), started_on = null, output = null where name = $1 and ${LEASED}`,
          [id, lease],
        );
      case "dead": // never deleted
        return await this.#change(
          `set state = 'failed', completed_on = now(), deletion_seconds = 0,
             output = jsonb_build_object('reason', $4::text)
           where name = $1 and ${LEASED}`,
          [id, lease, plain(verdict.reason)],
        );
    }
  }

  /** Frees what has lost its lease, or was taken `ms` ago and never got one, since its worker died; how much that was. */
  async sweep(ms: number): Promise<number> {
    const rows = await this.#run(
      `update ${this.#table} set state = 'retry', start_after = now(), output = null
       where name = $1 and id in (
         select id from ${this.#table} where name = $1 and state = 'active'
           and case when output->>'lease' is null then heartbeat_on + $2::float8 * interval '1 ms'
                    else heartbeat_on + heartbeat_seconds * interval '1s' end < now()
         for update skip locked
       ) and state = 'active' returning id`,
      [ms],
    );
    return rows.length;
  }

  /** Whether the job was waiting. */
  async cancel(id: string): Promise<boolean> {
    if (!UUID.test(id)) return false;
    return await this.#change(
      `set state = 'cancelled', completed_on = now() where name = $1 and id = $2::uuid and state < 'active'`,
      [id],
    );
  }

  /** The dead letters. */
  async *failed(): AsyncGenerator<DeadLetter> {
    for (let after = "00000000-0000-0000-0000-000000000000";;) {
      const rows = await this.#run(
        `select id, data->>'body' as body, output->>'reason' as reason from ${this.#table}
         where name = $1 and state = 'failed' and id > $2::uuid order by id limit ${PAGE}`,
        [after],
      );
      for (const { id, body, reason } of rows) yield { id, body: `${body}`, reason: `${reason ?? "unknown"}` };
      if (rows.length < PAGE) return;
      after = rows.at(-1)?.id;
    }
  }

  /** Wakes who listens. */
  async notify(): Promise<void> {
    await this.#boss.getDb().executeSql("select pg_notify($1, $2)", [this.#channel, this.#queue]);
  }

  /** Calls `wake` when there may be something. */
  async listen(wake: () => void): Promise<{ close(): Promise<void> } | undefined> {
    return await this.#boss.getDb().listen?.(this.#channel, wake, wake);
  }

  async #change(statement: string, values: unknown[]): Promise<boolean> {
    return (await this.#run(`update ${this.#table} ${statement} returning id`, values)).length > 0;
  }

  // deno-lint-ignore no-explicit-any -- as pg-boss declares it
  async #run(statement: string, values: unknown[]): Promise<any[]> {
    return (await this.#boss.getDb().executeSql(statement, [this.#queue, ...values])).rows;
  }
}

const LEASED = "id = $2::uuid and state = 'active' and output->>'lease' = $3"; // invariant 1

/** Without the one character that PostgreSQL has no place for. */
function plain(text: string): string {
  return text.replaceAll("\0", "\ufffd").toWellFormed();
}
