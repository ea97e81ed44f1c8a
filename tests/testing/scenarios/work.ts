/** Work that goes on after the response, and what keeps it alive. */
import { goOn, type Kit, leavesOnceStarted, QUIET, type Scenario, takesAnswer, wait } from "../scenario.ts";

let saved: Kit["context"]; // across the requests of one scenario

export const WORK: readonly Scenario[] = [
  {
    name: "work that is first held in the abort listener",
    async handle(request, kit) {
      request.signal.addEventListener("abort", () => {
        kit.note("aborted");
        goOn(wait(QUIET).then(() => kit.note("held work ended")), kit);
      });
      kit.note("started");
      await wait(10 * QUIET);
      return new Response("ok");
    },
    drive: leavesOnceStarted(2 * QUIET),
    expect: {
      else: ["started", "left", "aborted", "held work ended"],
      cloudflareWithoutSignal: ["started", "left"],
      vercelEdge: ["started", "left"],
    },
  },
  {
    name: "a timer after the response that nothing holds",
    handle(_request, { note }) {
      setTimeout(() => note("ran"), QUIET / 2);
      return new Response("ok");
    },
    drive: takesAnswer(2 * QUIET),
    expect: { else: ["200 ok", "ran"], cloudflare: ["200 ok"], cloudflareWithoutSignal: ["200 ok"] },
  },
  {
    name: "held work after the response, and work it holds in its turn",
    handle(_request, kit) {
      const second = () => wait(QUIET / 2).then(() => kit.note("second ended"));
      const first = wait(QUIET / 2).then(() => {
        kit.note("first ended");
        goOn(second(), kit);
      });
      goOn(first, kit);
      return new Response("ok");
    },
    drive: takesAnswer(3 * QUIET),
    expect: { else: ["200 ok", "first ended", "second ended"] },
  },
  {
    name: "waitUntil without its object, with a number, with a thenable",
    handle(_request, { context, note }) {
      if (!context) return new Response("none");
      const { waitUntil } = context; // srvx's adapter is ours, and binds it
      const uses = {
        unbound: () => waitUntil(Promise.resolve()),
        number: () => context.waitUntil(5),
        thenable: () => context.waitUntil({ then: (done: () => void) => done() }),
      };
      for (const [name, use] of Object.entries(uses)) {
        try {
          use();
          note(`${name}: works`);
        } catch {
          note(`${name}: throws`);
        }
      }
      return new Response("ok");
    },
    async drive({ send, pause }) {
      await send().answer;
      await pause(QUIET);
    },
    expect: {
      cloudflare: ["unbound: throws", "number: works", "thenable: works"],
      cloudflareWithoutSignal: ["unbound: throws", "number: works", "thenable: works"],
      vercelEdge: ["unbound: works", "number: throws", "thenable: throws"],
    },
  },
  {
    name: "waitUntil of a request that is over, called in another",
    handle(request, kit) {
      if (new URL(request.url).search === "?first") saved = kit.context;
      else saved?.waitUntil(wait(QUIET / 2).then(() => kit.note("held work ended")));
      return new Response("ok");
    },
    async drive({ send, pause }, note) {
      note(await send({ headers: { "x-query": "?first" } }).answer);
      await pause(QUIET);
      note(await send({ headers: { "x-query": "?second" } }).answer);
      await pause(2 * QUIET);
    },
    expect: {
      cloudflare: ["200 ok", "200 ok", "held work ended"],
      cloudflareWithoutSignal: ["200 ok", "200 ok", "held work ended"],
      vercelEdge: ["200 ok", "200 ok", "held work ended"],
    },
  },
];
