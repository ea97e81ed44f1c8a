/** What every engine has to do; each adapter's test runs it against its own. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { DeadLetter, Delivery, Engine, Verdict } from "../../src/durable/engine.ts";

/** What an engine cannot do is not asked of it. */
export interface EngineCapabilities {
  /** Two messages of one key are one, with one id. */
  readonly deduplicates: boolean;
  /** It has `remove`. */
  readonly removes: boolean;
  /** It has `extend`. */
  readonly extends: boolean;
  /** A delivery without a verdict comes again when its lease is over. */
  readonly leases: boolean;
  /** Deliveries that were given back are not counted by `attempt`. */
  readonly freeGiveBack: boolean;
  /** It has `deadLetters`. */
  readonly deadLetters: boolean;
  /** It has `records`. */
  readonly records: boolean;
  /** `set` with `onlyIfAbsent` is atomic. */
  readonly atomicRecords: boolean;
  /** It tells `waited`. */
  readonly waited: boolean;
}

/** All there is. */
export const EVERYTHING: EngineCapabilities = {
  deduplicates: true,
  removes: true,
  extends: true,
  leases: true,
  freeGiveBack: true,
  deadLetters: true,
  records: true,
  atomicRecords: true,
  waited: true,
};

/** How fast an engine is, in milliseconds. */
export interface EngineTiming {
  /** The shortest lease that it keeps to. */
  readonly lease: number;
  /** The shortest delay that it keeps to; it may be later by `slack`. */
  readonly delay: number;
  /** By how much something may come early, where the engine counts in whole seconds. */
  readonly early: number;
  /** How long a case waits for what has to come. */
  readonly patience: number;
}

/** An engine with a queue of its own, empty. */
export interface EngineUnderTest {
  readonly engine: Engine;
  /** Ends the consumers of `engine` as if their process were killed; `engine` itself can still be used after it. */
  crash?(): void | Promise<void>;
  close(): Promise<void>;
}

/** What a test file of an engine says of it. */
export interface EngineSuite {
  make(): Promise<EngineUnderTest>;
  readonly capabilities: EngineCapabilities;
  readonly timing?: Partial<EngineTiming>;
  /** Whether the client of the engine has timers of its own that outlive it. */
  readonly clientTimers?: boolean;
}

interface Context extends EngineUnderTest {
  readonly timing: EngineTiming;
  readonly capabilities: EngineCapabilities;
}

export interface EngineCase {
  readonly name: string;
  /** Without it, the engine must be able to do it. */
  readonly needs?: readonly (keyof EngineCapabilities)[];
  run(context: Context): Promise<void>;
}

const DONE: Verdict = { kind: "done" };

/** Deliveries as a test wants them: one after the other, each with the verdict that the test gives. */
export class Inbox {
  readonly all: Delivery[] = [];
  readonly errors: unknown[] = [];
  readonly #waiting: ((got: Received) => void)[] = [];
  readonly #ready: Received[] = [];
  readonly #patience: number;
  #stop: (() => Promise<void>) | undefined;

  constructor(patience: number) {
    this.#patience = patience;
  }

  static async open(engine: Engine, timing: EngineTiming, concurrency = 1, lease = 60_000): Promise<Inbox> {
    const inbox = new Inbox(timing.patience);
    assert(engine.consume, "The engine under test needs consume()");
    const consumption = await engine.consume((delivery) => inbox.#receive(delivery), {
      concurrency,
      lease,
      onError: (error) => inbox.errors.push(error),
    });
    inbox.#stop = () => consumption.stop();
    return inbox;
  }

  /** The next delivery; the engine waits for `verdict`. */
  async next(): Promise<Received> {
    const ready = this.#ready.shift();
    if (ready) return ready;
    const { promise, resolve } = Promise.withResolvers<Received>();
    this.#waiting.push(resolve);
    return await within(promise, this.#patience, "a delivery");
  }

  /** Takes the next delivery, and is done with it. */
  async finish(): Promise<Delivery> {
    const { delivery, verdict } = await this.next();
    verdict(DONE);
    return delivery;
  }

  /** How many deliveries wait for a verdict and were not looked at. */
  get unread(): number {
    return this.#ready.length;
  }

  async stop(): Promise<void> {
    await within(this.#stop?.(), this.#patience, "stop()");
  }

  #receive(delivery: Delivery): Promise<Verdict> {
    this.all.push(delivery);
    const { promise, resolve: verdict } = Promise.withResolvers<Verdict>();
    const received = { delivery, verdict };
    const waiting = this.#waiting.shift();
    if (waiting) waiting(received);
    else this.#ready.push(received);
    return promise;
  }
}

export interface Received {
  readonly delivery: Delivery;
  readonly verdict: (verdict: Verdict) => void;
}

async function within<T>(promise: T | PromiseLike<T>, ms: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`No ${what} within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

const soon = () => new Date(Date.now() + 600_000);

let keys = 0;
function message(body: string, key = `case-${++keys}-${crypto.randomUUID()}`, deadline = soon()) {
  return { key, body, deadline };
}

async function letters(engine: Engine): Promise<DeadLetter[]> {
  return await Array.fromAsync(engine.deadLetters?.() ?? []);
}

/** What is there after a while at the latest; engines may write a dead letter a moment after the verdict. */
async function eventually<T>(look: () => Promise<T | undefined>, patience: number, what: string): Promise<T> {
  for (const end = Date.now() + patience; Date.now() < end;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`No ${what} within ${patience} ms`);
}

export const engineCases: readonly EngineCase[] = [
  {
    name: "a message is delivered as it was given, with its id, as the first attempt, and only once when it is done",
    async run({ engine, timing }) {
      const id = await engine.enqueue(message('{"a":1}'));
      const inbox = await Inbox.open(engine, timing);
      const { delivery, verdict } = await inbox.next();
      assertEquals([delivery.id, delivery.body, delivery.attempt], [id, '{"a":1}', 1]);
      verdict(DONE);
      await engine.enqueue(message("after"));
      assertEquals((await inbox.finish()).body, "after");
      await inbox.stop();
      assertEquals(inbox.all.length, 2);
    },
  },
  {
    name: "a worker that waits is given what comes in later",
    async run({ engine, timing }) {
      const inbox = await Inbox.open(engine, timing);
      for (const body of ["one", "two"]) {
        await engine.enqueue(message(body));
        assertEquals((await inbox.finish()).body, body);
      }
      await inbox.stop();
    },
  },
  {
    name: "ids are strings of their own",
    async run({ engine }) {
      const [a, b] = [await engine.enqueue(message("a")), await engine.enqueue(message("b"))];
      assert(typeof a === "string" && a !== "");
      assertNotEquals(a, b);
    },
  },
  {
    name: "as many as `concurrency` at once, and no more",
    async run({ engine, timing }) {
      for (let i = 0; i < 5; i++) await engine.enqueue(message(`${i}`));
      const inbox = await Inbox.open(engine, timing, 3);
      const first = [await inbox.next(), await inbox.next(), await inbox.next()];
      assertEquals(inbox.all.length, 3);
      for (const { verdict } of first) verdict(DONE);
      await inbox.finish();
      await inbox.finish();
      await inbox.stop();
      assertEquals(inbox.all.map(({ body }) => body).sort(), ["0", "1", "2", "3", "4"]);
    },
  },
  {
    name: "a retry comes after its delay, as the next attempt, with the same id and body",
    async run({ engine, timing }) {
      const id = await engine.enqueue(message("again"));
      const inbox = await Inbox.open(engine, timing);
      const first = await inbox.next();
      const at = Date.now();
      first.verdict({ kind: "retry", delay: timing.delay });
      const { delivery, verdict } = await inbox.next();
      assert(Date.now() - at >= timing.delay - timing.early - 5, `after ${Date.now() - at} ms`);
      assertEquals([delivery.id, delivery.body, delivery.attempt], [id, "again", 2]);
      verdict(DONE);
      await inbox.stop();
    },
  },
  {
    name: "a retry without delay comes again",
    async run({ engine, timing }) {
      await engine.enqueue(message("again"));
      const inbox = await Inbox.open(engine, timing);
      (await inbox.next()).verdict({ kind: "retry", delay: 0 });
      assertEquals((await inbox.finish()).attempt, 2);
      await inbox.stop();
    },
  },
  {
    name: "a retry is repeated as often as the worker wants, however many attempts an engine has by itself",
    async run({ engine, timing }) {
      await engine.enqueue(message("stubborn"));
      const inbox = await Inbox.open(engine, timing);
      for (let attempt = 1; attempt <= 6; attempt++) {
        const { delivery, verdict } = await inbox.next();
        assertEquals(delivery.attempt, attempt);
        verdict(attempt < 6 ? { kind: "retry", delay: 0 } : DONE);
      }
      await inbox.stop();
    },
  },
  {
    name: "a waiting retry does not hold up other messages",
    async run({ engine, timing }) {
      await engine.enqueue(message("slow"));
      const inbox = await Inbox.open(engine, timing);
      (await inbox.next()).verdict({ kind: "retry", delay: 60_000 });
      await engine.enqueue(message("fast"));
      assertEquals((await inbox.finish()).body, "fast");
      await inbox.stop();
    },
  },
  {
    name: "what is given back is delivered to the next worker",
    async run({ engine, timing, capabilities }) {
      const id = await engine.enqueue(message("unfinished"));
      const first = await Inbox.open(engine, timing);
      const { verdict } = await first.next();
      const stopped = first.stop();
      verdict({ kind: "give-back" });
      await stopped;
      const second = await Inbox.open(engine, timing);
      const delivery = await second.finish();
      assertEquals([delivery.id, delivery.body], [id, "unfinished"]);
      if (capabilities.freeGiveBack) assertEquals(delivery.attempt, 1);
      await second.stop();
    },
  },
  {
    name: "stop() waits for the verdicts, and what comes in afterwards is left to others",
    async run({ engine, timing }) {
      await engine.enqueue(message("running"));
      const inbox = await Inbox.open(engine, timing);
      const { verdict } = await inbox.next();
      let isStopped = false;
      const stopping = inbox.stop().then(() => isStopped = true);
      await engine.enqueue(message("left"));
      await Promise.resolve();
      assertEquals(isStopped, false);
      verdict(DONE);
      await stopping;
      assertEquals([inbox.all.length, inbox.unread], [1, 0]);
      const other = await Inbox.open(engine, timing);
      assertEquals((await other.finish()).body, "left");
      await other.stop();
      assertEquals(other.all.length, 1); // the verdict had reached the engine
    },
  },
  {
    name: "stop() of an idle worker resolves, also twice",
    async run({ engine, timing }) {
      const inbox = await Inbox.open(engine, timing);
      await inbox.stop();
      await inbox.stop();
    },
  },
  {
    name: "a dead message is kept with its reason, and not delivered again",
    needs: ["deadLetters"],
    async run({ engine, timing }) {
      const id = await engine.enqueue(message("poison"));
      const inbox = await Inbox.open(engine, timing);
      (await inbox.next()).verdict({ kind: "dead", reason: "it has no “task” ☠" });
      await engine.enqueue(message("after"));
      assertEquals((await inbox.finish()).body, "after");
      await inbox.stop();
      const letter = await eventually(async () => (await letters(engine))[0], timing.patience, "dead letter");
      assertEquals([letter.id, letter.body, letter.reason], [id, "poison", "it has no “task” ☠"]);
      assertEquals(inbox.all.length, 2);
      assertEquals((await letters(engine)).length, 1);
    },
  },
  {
    name: "two messages of one key are one, also after it was done",
    needs: ["deduplicates"],
    async run({ engine, timing }) {
      const once = message("once");
      const id = await engine.enqueue(once);
      assertEquals(await engine.enqueue({ ...once, body: "twice" }), id);
      const inbox = await Inbox.open(engine, timing);
      assertEquals((await inbox.finish()).body, "once");
      await engine.enqueue(message("between"));
      await inbox.finish();
      assertEquals(await engine.enqueue({ ...once, body: "thrice" }), id);
      await engine.enqueue(message("last"));
      assertEquals((await inbox.finish()).body, "last");
      await inbox.stop();
    },
  },
  {
    name: "many enqueues of one key at the same moment are one",
    needs: ["deduplicates"],
    async run({ engine, timing }) {
      const once = message("once");
      const ids = await Promise.all(Array.from({ length: 8 }, () => engine.enqueue(once)));
      assertEquals(new Set(ids).size, 1);
      const inbox = await Inbox.open(engine, timing, 4);
      await inbox.finish();
      await engine.enqueue(message("last"));
      assertEquals((await inbox.finish()).body, "last");
      await inbox.stop();
    },
  },
  {
    name: "keys may have any characters and be long",
    async run({ engine, timing }) {
      const inbox = await Inbox.open(engine, timing);
      for (const key of ["a:b/c d", "ключ ☃ 🚀", "x".repeat(255), "0", "1:2:3", "'; drop table jobs; --"]) {
        await engine.enqueue(message(key, `${key}`));
        assertEquals((await inbox.finish()).body, key);
      }
      await inbox.stop();
    },
  },
  {
    name: "a delivery without a verdict comes again when its lease is over, as the next attempt",
    needs: ["leases"],
    async run({ engine, timing }) {
      const id = await engine.enqueue(message("lost"));
      const inbox = await Inbox.open(engine, timing, 2, timing.lease);
      const { verdict } = await inbox.next();
      const { delivery, verdict: second } = await inbox.next();
      assertEquals([delivery.id, delivery.body, delivery.attempt], [id, "lost", 2]);
      second(DONE);
      verdict(DONE); // late, and harmless
      await engine.enqueue(message("after"));
      assertEquals((await inbox.finish()).body, "after");
      await inbox.stop();
    },
  },
  {
    name: "what a killed worker had comes to another one when its lease is over",
    needs: ["leases"],
    async run({ engine, timing, crash }) {
      if (!crash) return;
      const id = await engine.enqueue(message("survivor"));
      const first = await Inbox.open(engine, timing, 1, timing.lease);
      const { verdict } = await first.next();
      await crash();
      const second = await Inbox.open(engine, timing, 1, timing.lease);
      const { delivery, verdict: last } = await second.next();
      assertEquals([delivery.id, delivery.attempt], [id, 2]);
      verdict(DONE); // of a dead process
      last(DONE);
      await second.stop();
    },
  },
  {
    name: "a lease that is extended keeps the message from others",
    needs: ["leases", "extends"],
    async run({ engine, timing }) {
      await engine.enqueue(message("long"));
      const inbox = await Inbox.open(engine, timing, 2, timing.lease);
      const { delivery, verdict } = await inbox.next();
      const end = Date.now() + 2.5 * timing.lease;
      while (Date.now() < end) {
        await delivery.extend?.(timing.lease);
        await new Promise((resolve) => setTimeout(resolve, timing.lease / 4));
      }
      assertEquals(inbox.all.length, 1);
      verdict(DONE);
      await engine.enqueue(message("after"));
      assertEquals((await inbox.finish()).body, "after");
      await inbox.stop();
    },
  },
  {
    name: "a message that no worker has can be removed, and never comes",
    needs: ["removes"],
    async run({ engine, timing }) {
      const id = await engine.enqueue(message("removed"));
      await engine.enqueue(message("kept"));
      assertEquals(await engine.remove?.(id), true);
      const inbox = await Inbox.open(engine, timing);
      assertEquals((await inbox.finish()).body, "kept");
      assertEquals(await engine.remove?.(id), false);
      await inbox.stop();
      assertEquals(inbox.all.length, 1);
    },
  },
  {
    name: "a message that waits for its retry can be removed",
    needs: ["removes"],
    async run({ engine, timing }) {
      const id = await engine.enqueue(message("again"));
      const inbox = await Inbox.open(engine, timing);
      (await inbox.next()).verdict({ kind: "retry", delay: 60_000 });
      await engine.enqueue(message("after"));
      await inbox.finish(); // the verdict of the first has reached the engine
      await inbox.stop();
      assertEquals(await engine.remove?.(id), true);
    },
  },
  {
    name: "a message that a worker has, that is done, or that is unknown is not removed",
    needs: ["removes"],
    async run({ engine, timing }) {
      const id = await engine.enqueue(message("taken"));
      const inbox = await Inbox.open(engine, timing);
      const { verdict } = await inbox.next();
      assertEquals(await engine.remove?.(id), false);
      verdict(DONE);
      await inbox.stop();
      assertEquals(await engine.remove?.(id), false);
      assertEquals(await engine.remove?.(crypto.randomUUID()), false);
      assertEquals(await engine.remove?.("no such id"), false);
    },
  },
  {
    name: "bodies come through: empty, unicode, control characters, what databases and JSON stumble over",
    async run({ engine, timing }) {
      const inbox = await Inbox.open(engine, timing);
      const bodies = [
        "{}",
        '{"a":"☃ 🚀 \\u0000 \\ud800 \u2028"}',
        '"\\\\\'$1%s${x}"',
        '{"__proto__":{"a":1}}',
        "not JSON {",
      ];
      for (const body of bodies) {
        await engine.enqueue(message(body));
        assertEquals((await inbox.finish()).body, body);
      }
      await inbox.stop();
    },
  },
  {
    name: "the largest body comes through, whatever its characters",
    async run({ engine, timing }) {
      const inbox = await Inbox.open(engine, timing);
      const bytes = Math.min(engine.maxBytes ?? Infinity, 1_000_000);
      for (const body of ["a".repeat(bytes), "🚀".repeat(Math.floor(bytes / 4))]) {
        await engine.enqueue(message(body));
        const delivery = await inbox.finish();
        assert(delivery.body === body, `${delivery.body.length} characters came of ${body.length}`);
      }
      await inbox.stop();
    },
  },
  {
    name: "it tells how long a message waited, by its own clock",
    needs: ["waited"],
    async run({ engine, timing }) {
      const at = Date.now();
      await engine.enqueue(message("waits"));
      const inbox = await Inbox.open(engine, timing);
      const { delivery, verdict } = await inbox.next();
      const { waited = -1 } = delivery;
      assert(waited >= 0 && waited <= Date.now() - at + timing.early + 5, `waited ${waited} ms`);
      verdict({ kind: "retry", delay: timing.delay });
      const again = await inbox.finish();
      assert(
        (again.waited ?? -1) >= waited + timing.delay - timing.early - 5,
        "counted from the enqueue, not the retry",
      );
      await inbox.stop();
    },
  },
  {
    name: "a message whose deadline is past is delivered, or forgotten, but never an error",
    async run({ engine, timing }) {
      await engine.enqueue(message("past", undefined, new Date(Date.now() - 1_000)));
      await engine.enqueue(message("now"));
      const inbox = await Inbox.open(engine, timing);
      const bodies = [(await inbox.finish()).body];
      if (bodies[0] === "past") bodies.push((await inbox.finish()).body);
      assertEquals(bodies.at(-1), "now");
      await inbox.stop();
      assertEquals(inbox.errors, []);
    },
  },
  {
    name: "records: get, set, delete",
    needs: ["records"],
    async run({ engine }) {
      const { records } = engine;
      assert(records);
      const key = `record-${crypto.randomUUID()}`;
      assertEquals(await records.get(key), undefined);
      assertEquals(await records.set(key, "a ☃", 60_000), true);
      assertEquals(await records.get(key), "a ☃");
      assertEquals(await records.set(key, "", 60_000), true);
      assertEquals(await records.get(key), "");
      await records.delete(key);
      await records.delete(key);
      assertEquals(await records.get(key), undefined);
    },
  },
  {
    name: "records: onlyIfAbsent leaves an existing value alone",
    needs: ["records"],
    async run({ engine }) {
      const { records } = engine;
      assert(records);
      const key = `record:${crypto.randomUUID()}/☃`;
      assertEquals(await records.set(key, "first", 60_000, true), true);
      assertEquals(await records.set(key, "second", 60_000, true), false);
      assertEquals(await records.get(key), "first");
      await records.delete(key);
      assertEquals(await records.set(key, "third", 60_000, true), true);
    },
  },
  {
    name: "records: of many at once, one is the first",
    needs: ["records", "atomicRecords"],
    async run({ engine }) {
      const { records } = engine;
      assert(records);
      const key = `record-${crypto.randomUUID()}`;
      const all = Array.from({ length: 10 }, (_, i) => records.set(key, `${i}`, 60_000, true));
      const written = await Promise.all(all);
      assertEquals(written.filter(Boolean).length, 1);
      assertEquals(await records.get(key), `${written.indexOf(true)}`);
    },
  },
  {
    name: "records: a value is gone some time after its ttl, and may be set again",
    needs: ["records"],
    async run({ engine, timing }) {
      const { records } = engine;
      assert(records);
      const key = `record-${crypto.randomUUID()}`;
      const { lease: ttl } = timing;
      await records.set(key, "short", ttl, true);
      const gone = async () => await records.get(key) === undefined ? true : undefined;
      await eventually(gone, timing.patience, "end of a record");
      assertEquals(await records.set(key, "anew", 60_000, true), true);
      assertEquals(await records.get(key), "anew");
    },
  },
  {
    name: "records: long values come through",
    needs: ["records"],
    async run({ engine }) {
      const { records } = engine;
      assert(records);
      const key = `record-${crypto.randomUUID()}`;
      const value = "☃".repeat(16_000);
      await records.set(key, value, 60_000);
      assert(await records.get(key) === value);
    },
  },
];

const TIMING: EngineTiming = { lease: 1_000, delay: 200, early: 0, patience: 15_000 };

/**
 * Runs every case, each on an engine of its own.
 *
 * @param name The engine, for the names of the tests.
 */
export function testEngine(name: string, { make, capabilities, timing = {}, clientTimers = false }: EngineSuite): void {
  for (const { name: criterion, needs = [], run } of engineCases) {
    Deno.test({
      name: `${name}: ${criterion}`,
      sanitizeOps: !clientTimers,
      sanitizeResources: !clientTimers,
      async fn() {
        if (needs.some((need) => !capabilities[need])) return;
        const made = await make();
        try {
          await run({ ...made, capabilities, timing: { ...TIMING, ...timing } });
        } finally {
          await made.close();
        }
      },
    });
  }
}
