/** Errors, and code that hangs. */
import { goOn, QUIET, type Scenario, takesAnswer, wait } from "../scenario.ts";

export const ERRORS: readonly Scenario[] = [
  {
    name: "held work that fails, beside other",
    handle(_request, kit) {
      goOn(wait(QUIET / 4).then(() => Promise.reject(new Error("held work failed"))), kit);
      goOn(wait(QUIET / 2).then(() => kit.note("other ended")), kit);
      return new Response("ok");
    },
    drive: takesAnswer(2 * QUIET),
    expect: {
      else: ["200 ok", "other ended", "ends the process"],
      cloudflare: ["200 ok", "other ended"],
      cloudflareWithoutSignal: ["200 ok", "other ended"],
      nodeSrvx: ["200 ok", "other ended"],
      nodeWhatwg: ["200 ok", "other ended"],
    },
  },
  {
    name: "a rejection that nobody handles, beside held work",
    handle(_request, kit) {
      kit.loose(wait(QUIET / 4).then(() => Promise.reject(new Error("loose work failed"))));
      goOn(wait(QUIET / 2).then(() => kit.note("held work ended")), kit);
      return new Response("ok");
    },
    drive: takesAnswer(2 * QUIET),
    expect: {
      else: ["200 ok", "held work ended", "ends the process"],
      cloudflare: ["200 ok", "held work ended"],
      cloudflareWithoutSignal: ["200 ok", "held work ended"],
    },
  },
  {
    name: "an error of the handler, work is held",
    handle(_request, kit) {
      goOn(wait(QUIET / 2).then(() => kit.note("held work ended")), kit);
      throw new Error("the handler failed");
    },
    drive: takesAnswer(2 * QUIET),
    expect: { else: ["failed", "held work ended"] },
  },
  {
    name: "a latch with no timer and no input behind it",
    handle(_request, kit) {
      goOn(new Promise(() => {}), kit);
      return new Promise(() => {});
    },
    async drive({ send, pause, look }, note) {
      const sent = send();
      await pause(QUIET);
      look();
      note(await Promise.race([sent.answer, pause(4 * QUIET).then(() => "pending")]));
      sent.leave();
    },
    expect: { else: ["pending"], cloudflare: ["failed"], cloudflareWithoutSignal: ["failed"] },
  },
];
