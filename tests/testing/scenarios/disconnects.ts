/** The signal of the request, and clients that leave. */
import { goOn, type Kit, leavesOnceStarted, QUIET, type Scenario, takesAnswer, until, wait } from "../scenario.ts";

function noteAbort(request: Request, { note }: Kit): void {
  request.signal.addEventListener("abort", () => note("aborted"));
}

export const DISCONNECTS: readonly Scenario[] = [
  {
    name: "the signal after an answer that was delivered",
    handle(request, kit) {
      noteAbort(request, kit);
      return new Response("ok");
    },
    drive: takesAnswer(QUIET),
    expect: { else: ["200 ok"], deno: ["200 ok", "aborted"] },
  },
  {
    name: "the signal after a streamed answer that was delivered",
    handle(request, kit) {
      noteAbort(request, kit);
      return new Response(
        new ReadableStream({
          async start(controller) {
            controller.enqueue(new TextEncoder().encode("o"));
            await wait(10);
            controller.enqueue(new TextEncoder().encode("k"));
            controller.close();
          },
        }),
      );
    },
    drive: takesAnswer(QUIET),
    expect: { else: ["200 ok"], deno: ["200 ok", "aborted"] },
  },
  {
    name: "a client that leaves after the end",
    handle(request, kit) {
      noteAbort(request, kit);
      return new Response("ok");
    },
    async drive({ send, pause }, note) {
      const sent = send();
      note(await sent.answer);
      sent.leave();
      await pause(QUIET);
    },
    expect: { else: ["200 ok"], deno: ["200 ok", "aborted"] },
  },
  {
    name: "a client that leaves before the answer, nothing is held",
    async handle(request, kit) {
      noteAbort(request, kit);
      kit.note("started");
      try {
        await wait(4 * QUIET);
        kit.note("went on");
      } finally {
        kit.note("finally");
      }
      return new Response("ok");
    },
    drive: leavesOnceStarted(5 * QUIET),
    expect: {
      else: ["started", "left", "aborted", "went on", "finally"],
      cloudflare: ["started", "left", "aborted"],
      cloudflareWithoutSignal: ["started", "left"],
      vercelEdge: ["started", "left", "went on", "finally"],
    },
  },
  {
    name: "a client that leaves before the answer, work is held",
    async handle(request, kit) {
      noteAbort(request, kit);
      goOn(wait(5 * QUIET).then(() => kit.note("held work ended")), kit);
      kit.note("started");
      await wait(4 * QUIET);
      kit.note("went on");
      return new Response("ok");
    },
    drive: leavesOnceStarted(6 * QUIET),
    expect: {
      else: ["started", "left", "aborted", "went on", "held work ended"],
      cloudflareWithoutSignal: ["started", "left", "went on", "held work ended"],
      vercelEdge: ["started", "left", "went on", "held work ended"],
    },
  },
  {
    name: "a client that leaves in the middle of the body",
    handle(request, kit) {
      noteAbort(request, kit);
      goOn(wait(5 * QUIET).then(() => kit.note("held work ended")), kit);
      let timer: ReturnType<typeof setInterval>;
      return new Response(
        new ReadableStream({
          start(controller) {
            const chunk = () => controller.enqueue(new TextEncoder().encode("x"));
            chunk();
            timer = setInterval(chunk, 10);
          },
          cancel() {
            clearInterval(timer);
            kit.note("body canceled");
          },
        }),
      );
    },
    async drive(clients) {
      const sent = clients.send();
      await sent.firstChunk;
      sent.leave();
      await sent.answer;
      await until("held work ended", clients);
      await clients.pause(QUIET);
    },
    expect: {
      else: ["aborted", "body canceled", "held work ended"],
      cloudflareWithoutSignal: ["body canceled", "held work ended"],
      vercelEdge: ["body canceled", "held work ended"],
    },
  },
  {
    name: "a client that leaves in the middle of the body, nothing is held",
    handle(request, kit) {
      noteAbort(request, kit);
      let chunks = 0;
      return new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue(new TextEncoder().encode("x"));
            await wait(10);
            if (++chunks > 5 * QUIET) kit.note("never stopped");
          },
          cancel: () => kit.note("body canceled"),
        }),
      );
    },
    async drive(clients) {
      const sent = clients.send();
      await sent.firstChunk;
      sent.leave();
      await sent.answer;
      await clients.pause(6 * QUIET);
    },
    expect: {
      else: ["aborted", "body canceled"],
      cloudflareWithoutSignal: ["body canceled"],
      vercelEdge: ["body canceled"],
    },
  },
  {
    name: "info.completed, one microtask after the abort",
    async handle(request, { info, note }) {
      let completed = "pending";
      info?.completed.then(() => completed = "resolved", () => completed = "rejected");
      request.signal.addEventListener("abort", () => queueMicrotask(() => note(`${path}: ${completed}`)));
      const path = new URL(request.url).search;
      note(path);
      if (path === "?leaves") await wait(4 * QUIET);
      return new Response("ok");
    },
    async drive(clients, note) {
      note(await clients.send({ headers: { "x-query": "?stays" } }).answer);
      const sent = clients.send({ headers: { "x-query": "?leaves" } });
      await until("?leaves", clients);
      sent.leave();
      note(await sent.answer);
      await clients.pause(5 * QUIET);
    },
    expect: {
      deno: ["200 ok", "?stays", "?stays: resolved", "?leaves", "left", "?leaves: pending"],
      denoNoLegacyAbort: ["200 ok", "?stays", "?leaves", "left", "?leaves: pending"],
    },
  },
];
