/** What is written to the log when nobody has said otherwise: no secrets that a driver put into its errors. */
import { assert, assertEquals } from "@std/assert";
import { inProcessEngine, worker } from "@taskscope/taskscope/durable";
import { memoryStore, Operations } from "@taskscope/taskscope/operations";

/** As ioredis makes them. */
function driverError(): Error {
  const command = { name: "auth", args: ["s3cret"] };
  const inner = Object.assign(new Error("WRONGPASS invalid password"), { command });
  return Object.assign(new Error("the connection is closed", { cause: new AggregateError([inner], "all") }), {
    command,
  });
}

async function logOf(fn: (logged: Promise<void>) => Promise<unknown>): Promise<string[]> {
  const lines: string[] = [];
  const logged = Promise.withResolvers<void>();
  const { error } = console;
  console.error = (...args) => {
    lines.push(args.map((arg) => Deno.inspect(arg, { depth: 20, showHidden: true })).join(" "));
    logged.resolve();
  };
  try {
    await fn(logged.promise);
  } finally {
    console.error = error;
  }
  return lines;
}

function assertBare(lines: string[], what: string): void {
  assertEquals(lines.length, 1);
  for (const part of [what, "the connection is closed", "WRONGPASS invalid password", "driverError"]) {
    assert(lines[0]?.includes(part), lines[0]);
  }
  assert(!lines[0]?.includes("s3cret"), lines[0]);
}

Deno.test("the error of a store is logged without what its driver put into it", async () => {
  const store = { ...memoryStore(), get: () => Promise.reject(driverError()) } as unknown as ReturnType<
    typeof memoryStore
  >;
  for (const name of ["create", "compareAndSet", "delete", "count", "list"] as const) {
    store[name] = (() => Promise.reject(driverError())) as never;
  }
  const operations = new Operations({ store });
  const request = new Request(`http://localhost/operations/${crypto.randomUUID()}`);
  let status: number | undefined;
  const lines = await logOf(async () => status = (await operations.handle(request))?.status);
  assertEquals(status, 503);
  assertBare(lines, "the store of operations failed");
});

Deno.test("the error of an engine is logged without what its driver put into it", async () => {
  const engine = inProcessEngine();
  const lines = await logOf(async (logged) => {
    const consume: typeof engine.consume = async (receive, options) => {
      const consumption = await engine.consume(receive, options);
      options.onError(driverError());
      return consumption;
    };
    await using _worker = worker([], { name: "broken", enqueue: (message) => engine.enqueue(message), consume }, {
      signals: [],
    });
    await logged;
  });
  assertBare(lines, "the engine of a worker failed");
});
