import type { Body } from "../step.ts";
import { answer, noteRead, report, settleFunction } from "./life.ts";
import { observe } from "./calls.ts";
import { answerOf, whenSettled } from "./combinator.ts";
import type { Node, Wait } from "./node.ts";
import { type Answer, isCancellation, type Thrown } from "./thrown.ts";

/** What the function of one task uses. */
export interface Means {
  readonly body: Body;
  /** How long it sleeps. */
  readonly ms: number;
  readonly value: unknown;
  readonly error: Thrown;
  readonly abortError: Thrown;
  /** Its object, when it is made, has the reason for its cause. */
  readonly wrapper: unknown;
  /** Called when it starts, and when it is canceled. */
  readonly nested: (node: Node, when: "start" | "abort") => void;
}

/** How others end a function. */
export interface Ends {
  finish(how: Answer): void;
  /** With what a task of its own ends with. */
  adopt(task: Node): void;
}

/** Gives a node of the model a function. */
export function give(node: Node, means: Means): Ends {
  const { agenda } = node.settings;
  const { body, ms, value, error, abortError, wrapper, nested } = means;
  const answers: Partial<Record<Body, (reason: Thrown) => Answer>> = {
    heeds: (reason) => ({ thrown: reason }),
    fails: () => ({ thrown: error }),
    wraps: (cause) => ({ thrown: { is: "given", value: wrapper, cause } }),
    aborts: () => ({ thrown: abortError }),
    answers: () => ({ value }),
  };
  const heed = answers[body];
  node.body = body;
  let finish = (how: Answer) => answer(node, 1, how);
  node.call = () => {
    node.heed = (reason) => {
      nested(node, "abort");
      if (heed) answer(node, 1, heed(reason));
    };
    nested(node, "start");
    if (body === "returns") answer(node, 0, { value });
    if (body === "throws") answer(node, 0, { thrown: error });
    if (body === "waits") finish = wait(node, (how) => answer(node, 1, how));
    if (body === "sleeps") sleep(node, ms, (how) => answer(node, 1, how));
  };
  const adopt = (task: Node) => {
    const isWait = body === "waits";
    if (!isWait && node.isAnswered) return;
    if (!isWait) node.isAnswered = true; // with whatever comes of it: the function heeds nothing any more
    const ended = () => isWait ? finish(answerOf(task)) : settleFunction(node, 1, answerOf(task));
    agenda.later(1, () => {
      observe(task);
      whenSettled(task, () => agenda.later(1, ended));
    });
  };
  return { finish: (how) => finish(how), adopt };
}

/**
 * `abortable`: waits, but not longer than the scope lives.
 *
 * @param call Told how the wait ended.
 * @returns What ends that which is waited for.
 */
export function wait(node: Node, call: (how: Answer) => void, release?: () => void): (how: Answer) => void {
  const { agenda } = node.settings;
  let isOver = false;
  const one: Wait = {
    interrupt(reason) {
      isOver = true;
      node.waits.delete(one);
      release?.();
      noteRead(node, reason);
      call({ thrown: reason });
    },
  };
  node.waits.add(one);
  if (node.cancellation) one.interrupt(node.cancellation.reason);
  else if (node.ending) one.interrupt({ is: "ScopeClosedError" });
  return (how) =>
    agenda.later(1, () => {
      if (isOver) return void ("thrown" in how && !release && lateError(node, how.thrown));
      isOver = true;
      node.waits.delete(one);
      call(how);
    });
}

/**
 * Waits for a time, but not longer than the scope lives.
 *
 * @returns What ends it early.
 */
export function sleep(node: Node, ms: number, call: (how: Answer) => void): () => void {
  const { agenda } = node.settings;
  const entry = agenda.at(agenda.now + ms, () => end({ value: undefined }));
  const end = wait(node, call, () => agenda.remove(entry));
  return () => {
    agenda.remove(entry);
    end({ value: undefined });
  };
}

/** What nobody waits for any more failed: that is told, unless it is the cancellation or has surfaced (G5). */
function lateError(node: Node, thrown: Thrown): void {
  const { cancellation } = node;
  if (cancellation && isCancellation(cancellation.reason, thrown)) return;
  if (cancellation?.origin.failures.includes(thrown)) return;
  report(node, thrown, "after-abandon");
}
