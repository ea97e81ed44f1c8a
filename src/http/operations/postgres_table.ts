/**
 * A table in PostgreSQL that is made at its first use.
 *
 * @module
 */

/** Runs one statement. */
type Run = (statement: string, values?: unknown[]) => PromiseLike<readonly Record<string, unknown>[]>;

/**
 * Makes a table and its indexes unless the table is there.
 *
 * @param run Of any client.
 * @param table Its name, which is trusted.
 * @param statements What makes them.
 */
export async function makeTable(run: Run, table: string, statements: readonly string[]): Promise<void> {
  const [row] = await run("select to_regclass($1) is not null as found", [table]);
  if (row?.["found"]) return;
  // Two processes that make it at the same time get in each other's way, "if not exists" or not: one after the other.
  const lock = `perform pg_advisory_xact_lock(hashtext('${table}'))`;
  await run(`do $$ begin ${[lock, ...statements].map((statement) => `${statement};`).join("\n")} end $$`);
}
