/**
 * Records in a table beside those of pg-boss.
 *
 * @module
 */
import { makeTable } from "../http/operations/postgres_table.ts";
import type { Records } from "./engine.ts";
import { idOfKey } from "./key_id.ts";
import type { PgBossLike } from "./pg_boss_jobs.ts";

const LONGEST_KEY = 500; // characters; an index of PostgreSQL takes 2700 bytes

/** Keeps records; atomic among all processes. */
export class PgBossRecords implements Records {
  readonly #boss: PgBossLike;
  readonly #table: string;
  #ready: Promise<unknown> | undefined;

  constructor(boss: PgBossLike, schema: string) {
    this.#boss = boss;
    this.#table = `${schema}.taskscope_record`;
  }

  async get(key: string): Promise<string | undefined> {
    const [row] = await this.#run(
      `select value from ${this.#table} where key = $1 and expires_at > now()`,
      [await fitting(key)],
    );
    return row && `${row.value}`;
  }

  async set(key: string, value: string, ttl: number, onlyIfAbsent = false): Promise<boolean> {
    const rows = await this.#run(
      `insert into ${this.#table} as old (key, value, expires_at)
       values ($1, $2, now() + $3::float8 * interval '1 ms')
       on conflict (key) do update set value = excluded.value, expires_at = excluded.expires_at
       ${onlyIfAbsent ? "where old.expires_at <= now()" : ""} returning key`,
      [await fitting(key), value, ttl],
    );
    return rows.length > 0;
  }

  async delete(key: string): Promise<void> {
    await this.#run(`delete from ${this.#table} where key = $1`, [await fitting(key)]);
  }

  /** Removes what has expired. */
  async purge(): Promise<void> {
    await this.#run(`delete from ${this.#table} where expires_at <= now()`, []);
  }

  // deno-lint-ignore no-explicit-any -- as pg-boss declares it
  async #run(statement: string, values: unknown[]): Promise<any[]> {
    this.#ready ??= this.#setUp();
    await this.#ready;
    return (await this.#boss.getDb().executeSql(statement, values)).rows;
  }

  async #setUp(): Promise<void> {
    const db = this.#boss.getDb();
    const table = this.#table;
    try {
      await makeTable(async (statement, values) => (await db.executeSql(statement, values)).rows, table, [
        `create table if not exists ${table} (key text primary key, value text not null,
          expires_at timestamp with time zone not null)`,
        `create index if not exists taskscope_record_expires_at on ${table} (expires_at)`,
      ]);
    } catch (error) {
      this.#ready = undefined; // the next call tries again
      throw error;
    }
  }
}

/** A key that PostgreSQL takes. */
async function fitting(key: string): Promise<string> {
  return key.length > LONGEST_KEY || key.includes("\0") ? await idOfKey(key) : key;
}
