/** What somebody may put into the queue who is none of the producers: each with a clear end, and soon. */
import { assert, assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { contextKey } from "@taskscope/taskscope";
import {
  defineTask,
  inProcessEngine,
  Receiver,
  type ReceiverOptions,
  type TaskEnding,
  transferable,
} from "@taskscope/taskscope/durable";
import { memoryStore, Operations, type OperationStore } from "@taskscope/taskscope/operations";
import { z } from "zod";

const LAST_MOMENT = 8.64e15;
const Tenant = contextKey<unknown>("tenant");

/** A receiver, and how what it received ended. */
class Gate {
  readonly endings: TaskEnding[] = [];
  readonly errors: unknown[] = [];
  readonly inputs: unknown[] = [];
  readonly tenants: unknown[] = [];
  readonly engine = inProcessEngine();
  readonly receiver: Receiver;

  constructor(options: ReceiverOptions = {}) {
    const task = defineTask("t", z.any(), async (scope, input, run) => {
      this.inputs.push(input);
      this.tenants.push(scope.get(Tenant));
      assert(scope.remaining() > 0);
      return await run.once("step", () => "done");
    }, { context: [transferable(Tenant)], maxAttempts: 2, minTimeout: 1 });
    this.receiver = new Receiver([task], this.engine, {
      onEnd: (ending) => this.endings.push(ending),
      onError: (error) => this.errors.push(error),
      ...options,
    });
  }

  async receive(body: string, attempt = 1, waited?: number): Promise<string> {
    const { kind } = await this.receiver.receive({ id: crypto.randomUUID(), body, attempt, waited });
    return kind;
  }
}

function envelope(change: Record<string, unknown> = {}): Record<string, unknown> {
  const now = Date.now();
  const base = { v: 1, task: "t", input: null, key: "k", attempt: 1, context: {} };
  return { ...base, deadline: now + 60_000, enqueuedAt: now, ...change };
}

Deno.test("whatever is no envelope is dead at its first delivery, and told once", async () => {
  const deep = (length: number) => "[".repeat(length) + "]".repeat(length);
  const gate = new Gate();
  const bodies = [
    ...["", "null", "1", '"x"', "[]", "{}", "\u0000", '{"v":1}', '{"v":null}', '{"v":{"toJSON":1}}'],
    `{"v":${deep(200_000)}}`,
    deep(200_000),
    JSON.stringify({ v: "x".repeat(10_000_000) }),
    ...[
      { task: "" },
      { task: 1 },
      { task: "__proto__" },
      { task: "toString" },
      { task: "x".repeat(201) },
      { key: "" },
      { key: "x".repeat(256) },
      { key: "\ud800" },
      { attempt: -1 },
      { attempt: 0 },
      { attempt: 1.5 },
      { attempt: 1e300 },
      { attempt: Number.MAX_SAFE_INTEGER },
      { deadline: -1 },
      { deadline: LAST_MOMENT + 1 },
      { deadline: "tomorrow" },
      { deadline: null },
      { enqueuedAt: -LAST_MOMENT },
      { context: null },
      { context: [1] },
      { traceparent: "x".repeat(10_000) },
      { operation: "" },
      { operation: "any" },
      { operation: "../op" },
    ].map((change) => JSON.stringify(envelope(change))),
  ];
  for (const body of bodies) assertEquals(await gate.receive(body), "dead", body.slice(0, 200));
  assertEquals([gate.endings.length, gate.errors, gate.inputs], [bodies.length, [], []]);
  assert(gate.endings.every(({ error }) => (error?.message.length ?? 0) <= 2_000));
  await gate.receiver.close();
});

Deno.test("dates far away: as much time as there can be, or none", async () => {
  const gate = new Gate();
  const now = Date.now();
  for (
    const [change, kind, state] of [
      [{ deadline: LAST_MOMENT, enqueuedAt: now }, "done", "succeeded"],
      [{ deadline: LAST_MOMENT, enqueuedAt: 0 }, "done", "succeeded"],
      [{ deadline: 0, enqueuedAt: LAST_MOMENT }, "done", "dropped"],
      [{ deadline: LAST_MOMENT, enqueuedAt: LAST_MOMENT }, "done", "dropped"],
    ] as const
  ) {
    for (const waited of [0, 1]) {
      assertEquals(
        await gate.receive(JSON.stringify(envelope({ key: crypto.randomUUID(), ...change })), 1, waited),
        kind,
      );
      assertEquals(gate.endings.at(-1)?.state, state, JSON.stringify(gate.endings.at(-1)));
    }
  }
  assertEquals(gate.errors, []);
  await gate.receiver.close();
});

Deno.test("prototype keys are keys like any others; context values that are not declared are left out", async () => {
  const gate = new Gate();
  const hostile = '{"__proto__":{"isAdmin":true},"constructor":{"prototype":{"isAdmin":true}},"tenant":"acme"}';
  const body = JSON.stringify(envelope({ input: 7, context: 8 })).replace("7", hostile).replace(":8", `:${hostile}`);
  assertEquals(await gate.receive(body), "done");
  assertEquals([(Object(gate.inputs[0]) as { isAdmin?: unknown }).isAdmin, gate.tenants], [undefined, ["acme"]]);
  assertEquals(({} as { isAdmin?: unknown }).isAdmin, undefined);
  await gate.receiver.close();
});

Deno.test("ten megabytes of input, and a depth that no stack has, go through or end clearly", async () => {
  const gate = new Gate();
  assertEquals(await gate.receive(JSON.stringify(envelope({ input: "x".repeat(10_000_000) }))), "done");
  const depth = 100_000;
  const body = JSON.stringify(envelope({ input: 7, key: "deep" })).replace("7", "[".repeat(depth) + "]".repeat(depth));
  assertEquals([await gate.receive(body), gate.endings.at(-1)?.state], ["done", "succeeded"]);
  await gate.receiver.close();
});

Deno.test("a number of deliveries that an engine got wrong does not keep a task going for ever", async () => {
  const gate = new Gate();
  const failing = defineTask("failing", z.any(), () => Promise.reject(new Error("boom")), { maxAttempts: 2 });
  const receiver = new Receiver([failing], gate.engine, { onEnd() {} });
  for (const attempt of [NaN, -3, 0, undefined as never]) {
    const body = JSON.stringify(envelope({ task: "failing" }));
    const verdict = await receiver.receive({ id: crypto.randomUUID(), body, attempt });
    assert(verdict.kind === "retry" && verdict.delay >= 0, JSON.stringify(verdict));
  }
  await receiver.close();
  await gate.receiver.close();
});

Deno.test("a message that fails before its task can run does not go round for ever", async () => {
  const gate = new Gate();
  const delivery = (attempt: number) => ({
    id: "unreadable",
    attempt,
    get body(): string {
      throw new Error("gone");
    },
  });
  assertEquals(await gate.receiver.receive(delivery(1)), { kind: "retry", delay: 1_000 });
  assertEquals(await gate.receiver.receive(delivery(9)), { kind: "retry", delay: 60_000 });
  assertEquals(await gate.receiver.receive(delivery(10)), {
    kind: "dead",
    reason: "It could not be processed in attempt 10: Error: gone",
  });
  assertEquals(gate.endings.map(({ state }) => state), ["dead"]);
  await gate.receiver.close();
});

Deno.test("a store of operations that stays away: tried again until the deadline, then dead", async () => {
  using time = new FakeTime();
  const get = () => Promise.reject(new Error("down"));
  const store: OperationStore = Object.assign(memoryStore(), { get });
  const gate = new Gate({ operations: new Operations({ store }) });
  const body = JSON.stringify(envelope({ operation: "o" }));
  const verdicts: string[] = [];
  for (const attempt of [1, 2, 3, 4, 5]) {
    const receiving = gate.receive(body, attempt, Date.now() - Number(JSON.parse(body).enqueuedAt));
    receiving.then((kind) => verdicts.push(kind));
    while (verdicts.length < attempt) await time.tickAsync(1_000);
    if (verdicts.at(-1) !== "give-back") break;
  }
  assertEquals([verdicts, gate.endings.map(({ state }) => state)], [["give-back", "give-back", "dead"], ["dead"]]);
  const closing = gate.receiver.close();
  await time.tickAsync(0);
  await closing;
});

Deno.test("names and ids that a stranger chose neither swallow the error in the log nor write lines of their own", async () => {
  const lines: unknown[][] = [];
  const { error } = console;
  console.error = (...args) => void lines.push(args);
  try {
    const receiver = new Receiver([], inProcessEngine());
    const name = "%c\n\u{1b}[2JTaskScope: all is well\u202e";
    for (const body of [JSON.stringify(envelope({ task: name })), `{"\u{1b}[2J\n${name}`]) {
      await receiver.receive({ id: `%o${name}${body.length}`, body, attempt: 1 });
    }
    await receiver.close();
  } finally {
    console.error = error;
  }
  assertEquals(lines.length, 2);
  for (const [text, told] of lines) {
    assert(told instanceof Error);
    assertEquals([/[\p{Cc}\p{Cf}]/u.exec(`${text}`), `${text}`.replaceAll("%%", "").includes("%")], [null, false]);
    assertEquals(/[\p{Cc}\p{Cf}]/u.exec(told.message), null, told.message);
  }
});
