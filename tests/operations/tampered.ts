/** Stores that a test steps into, and records that it writes over as another process would. */
import { assert } from "@std/assert";
import { memoryStore, type NewEntry, type OperationStore } from "@taskscope/taskscope/operations";

/** A store without watch, in which a test can step in before each call. */
export function tampered(
  before: (method: string, key: string, entry?: NewEntry) => unknown,
  store = memoryStore(),
): OperationStore {
  return {
    atomic: store.atomic,
    get: async (key) => (await before("get", key), await store.get(key)),
    create: async (key, entry) => (await before("create", key, entry), await store.create(key, entry)),
    compareAndSet: async (key, version, entry) => {
      await before("compareAndSet", key, entry);
      return await store.compareAndSet(key, version, entry);
    },
    delete: async (key) => (await before("delete", key), await store.delete(key)),
    count: (group) => store.count(group),
    list: async () => (await before("list", ""), await store.list()),
  };
}

/** Writes over a record as another process would. */
export async function meddle(store: OperationStore, id: string, change: Record<string, unknown>): Promise<void> {
  const found = await store.get(`op-${id}`);
  const value = { ...found?.value as Record<string, unknown>, ...change };
  const { owner: group } = value as { owner: string };
  const entry = { value, expiresAt: Date.now() + 60_000, group, counted: !("endedAt" in change) };
  assert(await store.compareAndSet(`op-${id}`, found?.version ?? "", entry));
}

/** The record of an operation that was found lost. */
export const LOST = {
  state: "lost",
  revision: 99,
  endedAt: Date.now(),
  expiresAt: Date.now() + 60_000,
  error: { name: "LostError", message: "x" },
};
