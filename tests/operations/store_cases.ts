/** What every store has to do; run against each by store_test.ts and servers_test.ts. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { OperationStore } from "@taskscope/taskscope/operations";

export interface StoreCase {
  readonly name: string;
  run(store: OperationStore, key: (name: string) => string): Promise<void>;
}

const soon = () => Date.now() + 60_000;
const past = () => Date.now() - 1;
const AT_ONCE = 40;

export const STORE_CASES: readonly StoreCase[] = [
  {
    name: "what was never written is not there, and can be deleted",
    async run(store, key) {
      assertEquals(await store.get(key("a")), undefined);
      await store.delete(key("a"));
      assertEquals(await store.compareAndSet(key("a"), "1", { value: 1, expiresAt: soon() }), undefined);
      assertEquals(await store.get(key("a")), undefined);
    },
  },
  {
    name: "plain JSON comes back as it was, in an object of its own",
    async run(store, key) {
      const value = {
        text: '"ä\u{1f600}\n\\',
        json: '{"a":1}',
        empty: "",
        number: -1.5e300,
        no: [null, true, [], {}],
        "__proto__x": "1",
        time: 1_700_000_000_123,
      };
      const version = await store.create(key("a"), { value, expiresAt: soon() });
      assert(version);
      const [one, two] = [await store.get(key("a")), await store.get(key("a"))];
      assertEquals(one, { value, version });
      assert(one?.value !== two?.value && one?.value !== value);
    },
  },
  {
    name: "create writes only where nothing is",
    async run(store, key) {
      const version = await store.create(key("a"), { value: 1, expiresAt: soon() });
      assertEquals(await store.create(key("a"), { value: 2, expiresAt: soon() }), undefined);
      assertEquals(await store.get(key("a")), { value: 1, version: version ?? "" });
    },
  },
  {
    name: "compareAndSet writes only over the version it names, and each version is another one",
    async run(store, key) {
      const first = await store.create(key("a"), { value: 1, expiresAt: soon() }) ?? "";
      const second = await store.compareAndSet(key("a"), first, { value: 2, expiresAt: soon() }) ?? "";
      assertNotEquals(second, first);
      assertEquals(await store.compareAndSet(key("a"), first, { value: 3, expiresAt: soon() }), undefined);
      assertEquals(await store.get(key("a")), { value: 2, version: second });
      await store.delete(key("a"));
      assertEquals(await store.compareAndSet(key("a"), second, { value: 4, expiresAt: soon() }), undefined);
      const again = await store.create(key("a"), { value: 5, expiresAt: soon() });
      assertNotEquals(again, first);
    },
  },
  {
    name: "of many creates at the same time, one wins",
    async run(store, key) {
      const creates = Array.from(
        { length: AT_ONCE },
        (_, value) => store.create(key("a"), { value, expiresAt: soon() }),
      );
      const versions = (await Promise.all(creates)).filter((version) => version !== undefined);
      assertEquals(versions.length, 1);
      assertEquals((await store.get(key("a")))?.version, versions[0]);
    },
  },
  {
    name: "of many writers that read, add and write, none loses what another wrote",
    async run(store, key) {
      await store.create(key("a"), { value: 0, expiresAt: soon() });
      const add = async () => {
        for (;;) {
          const entry = await store.get(key("a"));
          assert(entry);
          const next = { value: Number(entry.value) + 1, expiresAt: soon() };
          if (await store.compareAndSet(key("a"), entry.version, next)) return;
        }
      };
      await Promise.all(Array.from({ length: 10 }, add));
      assertEquals((await store.get(key("a")))?.value, 10);
    },
  },
  {
    name: "what has expired is not there, and its place is free",
    async run(store, key) {
      const version = await store.create(key("a"), { value: 1, expiresAt: past() });
      assertEquals(await store.get(key("a")), undefined);
      assertEquals(await store.compareAndSet(key("a"), version ?? "", { value: 2, expiresAt: soon() }), undefined);
      assert(await store.create(key("a"), { value: 3, expiresAt: soon() }));
      assertEquals((await store.get(key("a")))?.value, 3);
      await store.purge?.();
      assertEquals((await store.get(key("a")))?.value, 3);
    },
  },
  {
    name: "count and list see the counted entries, each in its group",
    async run(store, key) {
      const [one, two] = [key("one"), key("two")];
      const before = await store.count();
      const write = (name: string, group: string) =>
        store.create(key(name), { value: name, expiresAt: soon(), group, counted: true });
      const a = await write("a", one) ?? "";
      await Promise.all([write("b", one), write("c", two)]);
      await store.create(key("d"), { value: "d", expiresAt: soon(), group: one });
      await store.create(key("e"), { value: "e", expiresAt: soon() });
      const counts = async () => [await store.count(one), await store.count(two), await store.count() - before];
      assertEquals(await counts(), [2, 1, 3]);
      const listed = await store.list();
      assertEquals(["a", "b", "c", "d", "e"].map((name) => listed.includes(key(name))), [
        true,
        true,
        true,
        false,
        false,
      ]);

      await store.compareAndSet(key("a"), a, { value: "a", expiresAt: soon(), group: one, counted: false });
      assertEquals(await counts(), [1, 1, 2]);
      await store.delete(key("b"));
      assertEquals(await counts(), [0, 1, 1]);
      assertEquals(await store.count(key("nobody")), 0);
    },
  },
  {
    name: "a watch hears of each change of its key until it ends",
    async run(store, key) {
      if (!store.watch) return;
      let heard = Promise.withResolvers<void>();
      let others = 0;
      const stop = store.watch(key("a"), () => heard.resolve());
      const stopOther = store.watch(key("b"), () => others++);
      const version = await changeUntilHeard();
      heard = Promise.withResolvers<void>();
      await store.compareAndSet(key("a"), version, { value: 2, expiresAt: soon() });
      await heard.promise;
      stop();
      stop();
      stopOther();
      assertEquals(others, 0);

      /** The first time, whoever listens may still be on the way. */
      async function changeUntilHeard(): Promise<string> {
        let isHeard = false;
        void heard.promise.then(() => isHeard = true);
        let version = await store.create(key("a"), { value: 1, expiresAt: soon() }) ?? "";
        for (let turn = 0; !isHeard; turn++) {
          assert(turn < 10_000, "nothing was heard");
          version = await store.compareAndSet(key("a"), version, { value: 1, expiresAt: soon() }) ?? "";
        }
        return version;
      }
    },
  },
];

/** Registers the cases for one store. Keys are new for each case, so that all can share one database. */
export function testStore(name: string, open: () => Promise<{ store: OperationStore; close(): unknown }>): void {
  Deno.test(`store: ${name}`, async (t) => {
    const { store, close } = await open();
    try {
      for (const each of STORE_CASES) {
        const id = crypto.randomUUID().slice(0, 8);
        await t.step(each.name, () => each.run(store, (part) => `${id}-${part}`));
      }
    } finally {
      await close();
    }
  });
}
