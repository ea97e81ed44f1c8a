/** What a client does in a day, on any runtime: run by runtimes_test.ts. */
import {
  OperationFailedError,
  OperationProblem,
  operationsClient,
  type RemoteOperation,
} from "@taskscope/taskscope/operations/client";

interface Report {
  readonly title: string;
  readonly pages: number;
}

/** Says what happened, a line each. */
export async function tour(base: string): Promise<string[]> {
  const lines: string[] = [];
  const client = operationsClient(base);
  const polling = operationsClient(base, { events: false });
  const go = (title: string) => fetch(`${base}/go?title=${title}`, { method: "POST" }).then((answer) => answer.text());
  const start = (title: string) => client.start<Report>("/reports", { json: { title } });

  /** Waits for one half before `act`, and says how it ended. */
  async function follow(how: string, operation: RemoteOperation<Report>, act: () => Promise<unknown>) {
    let halves = 0;
    for await (const { progress, state, cancelRequested } of operation.follow()) {
      if (state === "running" && progress?.fraction === 0.5 && !cancelRequested && halves++ === 0) await act();
    }
    const { state, result, error } = operation.latest ?? {};
    lines.push(`${how}: ${state}, ${result ? `${result.title} has ${result.pages} pages` : error?.name}`);
  }

  await follow("events", await start("a"), () => go("a"));
  const { id } = await start("b");
  await follow("polls", polling.operation<Report>(id), () => go("b"));
  const canceled = await start("c");
  await follow("cancel", canceled, () => canceled.cancel());
  lines.push(`cancel again: ${(await canceled.cancel()).state}`);

  const bad = await start("bad");
  await go("bad");
  const failure = await bad.result().catch((error) => error);
  lines.push(`result: ${failure instanceof OperationFailedError && failure.cause && bad.latest?.error?.message}`);

  const problem = await start("").catch((error) => error);
  const fields = problem instanceof OperationProblem ? problem.errors.map(({ field }) => field) : [problem];
  lines.push(`problem: ${problem.status} ${problem.title}, ${fields}`);

  const [one, two] = await Promise.all(
    ["d", "d"].map((title) => client.start("/reports", { json: { title }, idempotencyKey: "twice" })),
  );
  lines.push(`one key: ${one?.id === two?.id ? "one operation" : "two operations"}`);

  const reason = new Error("enough");
  const controller = new AbortController();
  const aborted = (async () => {
    for await (const _ of client.operation(one?.id ?? "").follow({ signal: controller.signal })) {
      queueMicrotask(() => controller.abort(reason));
    }
  })();
  lines.push(`signal: ${await aborted.catch((error) => error === reason)}`);
  for await (const { state } of client.operation(one?.id ?? "").follow()) {
    lines.push(`left while ${state}`);
    break;
  }
  await go("d");
  return lines;
}

/** For `workerd test`. */
export default {
  async test(_controller: unknown, { BASE }: { BASE: string }): Promise<void> {
    console.log((await tour(BASE)).join("\n"));
  },
};
