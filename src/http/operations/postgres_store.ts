/**
 * Operations in PostgreSQL.
 *
 * @module
 */
import { makeTable } from "./postgres_table.ts";
import type { NewEntry, OperationStore, StoredEntry } from "./store.ts";

/** What is used of the client that the npm package `postgres` makes. See {@linkcode postgresStore}. */
export interface SqlLike {
  /** Runs one statement. */
  // deno-lint-ignore no-explicit-any -- the parameters of the client have a type of its own
  unsafe(statement: string, parameters?: any[]): PromiseLike<readonly Record<string, unknown>[]>;
  /** Listens on a channel, on a connection of its own. */
  listen?(channel: string, onNotify: (payload: string) => void): PromiseLike<unknown>;
}

/** Options of {@linkcode postgresStore}. */
export interface PostgresStoreOptions {
  /**
   * The table, made if it is not there; letters, digits and `_`.
   *
   * @default "taskscope_operations"
   */
  readonly table?: string;
  /**
   * Whether to listen for changes by other processes: they are seen at once, for one more connection. Without, they are
   * seen at the next poll.
   *
   * @default false
   */
  readonly listen?: boolean;
}

const NOW = "(extract(epoch from clock_timestamp()) * 1000)";

class PostgresStore implements OperationStore {
  readonly atomic = true;
  readonly watch?: (key: string, onChange: () => void) => () => void;
  readonly #sql: SqlLike;
  readonly #table: string;
  readonly #watchers = new Map<string, Set<() => void>>();
  #ready: Promise<unknown> | undefined;
  #listening: Promise<unknown> | undefined;

  constructor(sql: SqlLike, table: string, listen: boolean) {
    this.#sql = sql;
    this.#table = table;
    if (listen) this.watch = (key, onChange) => this.#watch(key, onChange);
  }

  async get(key: string): Promise<StoredEntry | undefined> {
    const [row] = await this.#run(
      `select value, version from ${this.#table} where key = $1 and expires_at > ${NOW}`,
      [key],
    );
    return row && { value: JSON.parse(`${row.value}`), version: `${row.version}` };
  }

  async create(key: string, entry: NewEntry): Promise<string | undefined> {
    // One statement: what is there is replaced only if it has expired.
    return await this.#write(
      `insert into ${this.#table} as old (key, version, value, expires_at, owner, counted)
       values ($1, $2, $3, $4, $5, $6)
       on conflict (key) do update set version = excluded.version, value = excluded.value,
         expires_at = excluded.expires_at, owner = excluded.owner, counted = excluded.counted
       where old.expires_at <= ${NOW}
       returning version`,
      [key, ...columns(entry)],
    );
  }

  async compareAndSet(key: string, version: string, entry: NewEntry): Promise<string | undefined> {
    return await this.#write(
      `update ${this.#table} set version = $2, value = $3, expires_at = $4, owner = $5, counted = $6
       where key = $1 and version = $7 and expires_at > ${NOW}
       returning version`,
      [key, ...columns(entry), version],
    );
  }

  async delete(key: string): Promise<void> {
    await this.#run(`delete from ${this.#table} where key = $1`, [key]);
  }

  async count(group?: string): Promise<number> {
    const [condition, parameters] = group === undefined ? ["", []] : ["and owner = $1", [group]];
    const [row] = await this.#run(
      `select count(*)::int as count from ${this.#table} where counted and expires_at > ${NOW} ${condition}`,
      parameters,
    );
    return Number(row?.count);
  }

  async list(): Promise<string[]> {
    const rows = await this.#run(`select key from ${this.#table} where counted`, []);
    return rows.map(({ key }) => `${key}`);
  }

  async purge(): Promise<void> {
    await this.#run(`delete from ${this.#table} where expires_at <= ${NOW}`, []);
  }

  async #write(statement: string, parameters: unknown[]): Promise<string | undefined> {
    const rows = await this.#run(
      this.watch
        ? `with written as (${statement}) select version, pg_notify('${this.#table}', $1) from written`
        : statement,
      parameters,
    );
    return rows[0] && `${rows[0].version}`;
  }

  async #run(statement: string, parameters: unknown[]): Promise<readonly Record<string, unknown>[]> {
    this.#ready ??= this.#setUp();
    await this.#ready;
    return await this.#sql.unsafe(statement, parameters);
  }

  async #setUp(): Promise<void> {
    const table = this.#table;
    try {
      await makeTable((statement, values) => this.#sql.unsafe(statement, values), table, [
        `create table if not exists ${table} (key text primary key, version text not null, value text not null,
          expires_at double precision not null, owner text, counted boolean not null)`,
        `create index if not exists ${table}_counted on ${table} (owner) where counted`,
        `create index if not exists ${table}_expires_at on ${table} (expires_at)`,
      ]);
    } catch (error) {
      this.#ready = undefined; // the next call tries again
      throw error;
    }
  }

  #watch(key: string, onChange: () => void): () => void {
    this.#listening ??= Promise.resolve(
      this.#sql.listen?.(this.#table, (payload) => this.#watchers.get(payload)?.forEach((watcher) => watcher())),
    ).catch(() => this.#listening = undefined); // the next watch tries again; until then there is the poll
    const watcher = () => onChange(); // its own, though the function may be another's, too
    const watchers = this.#watchers.get(key) ?? new Set();
    this.#watchers.set(key, watchers.add(watcher));
    return () => {
      if (watchers.delete(watcher) && watchers.size === 0) this.#watchers.delete(key);
    };
  }
}

function columns({ value, expiresAt, group = undefined, counted = false }: NewEntry): unknown[] {
  return [crypto.randomUUID(), JSON.stringify(value), expiresAt, group ?? null, counted && group !== undefined];
}

/**
 * Keeps operations in one table of PostgreSQL, with the client of the npm package `postgres`.
 *
 * **Guarantees.** Atomic among all processes. The table is made at the first call. Nothing but that table is touched.
 *
 * @param sql What `postgres(url)` gives. Ending it is up to you.
 * @param options See {@linkcode PostgresStoreOptions}.
 * @returns The store.
 * @throws {RangeError} If the name of the table has other characters than letters, digits and `_`.
 *
 * @example
 * ```ts ignore
 * import { Operations } from "@taskscope/taskscope/operations";
 * import { postgresStore } from "@taskscope/taskscope/operations/postgres";
 * import postgres from "postgres";
 *
 * const sql = postgres("postgres://localhost/app");
 * const operations = new Operations({ store: postgresStore(sql, { listen: true }) });
 * ```
 */
export function postgresStore(sql: SqlLike, options: PostgresStoreOptions = {}): OperationStore {
  const { table = "taskscope_operations", listen = false } = options;
  if (!/^[a-z_][a-z0-9_]{0,39}$/.test(table)) {
    throw new RangeError(
      `Cannot make a store: table must be of a-z, 0-9 and _, up to 40, got ${JSON.stringify(table)}`,
    );
  }
  return new PostgresStore(sql, table, listen);
}
