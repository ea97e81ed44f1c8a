import type { TaskScope } from "@taskscope/taskscope";
import { give } from "./model/body.ts";
import type { Node } from "./model/node.ts";
import type { Answer } from "./model/thrown.ts";
import { nest } from "./nest.ts";
import type { Body, Nested } from "./step.ts";
import type { Pair, World } from "./world.ts";

/** A function that does what the program says, in both worlds. */
export interface Puppet {
  readonly fn: (scope: TaskScope) => unknown;
  /** Gives it to a node of the model. */
  attach(node: Node): void;
}

/** Makes the function of the task or scope of a pair. */
export function puppet(world: World, pair: Pair, body: Body, inner: Nested | null = null): Puppet {
  const within = inner && nest(world, inner);
  const gate = Promise.withResolvers<unknown>();
  gate.promise.catch(() => {});
  const value = world.number();
  const ms = 1 + (value * 379) % 2_000;
  const error = world.thrown("error");
  const abortError = world.abortError();
  const wrapper: Error & { cause?: unknown } = new Error(`a wrapper ${value}`);

  const reactions: Partial<Record<Body, (reason: unknown) => void>> = {
    heeds: gate.reject,
    fails: () => gate.reject(error.value),
    aborts: () => gate.reject(abortError.value),
    answers: () => gate.resolve(value),
    wraps(reason) {
      wrapper.cause = reason;
      gate.reject(wrapper);
    },
  };
  const fn = (scope: TaskScope): unknown => {
    if (pair.scope) world.problem = "a function was called twice";
    pair.scope = scope;
    const { [body]: react } = reactions;
    if (inner?.when === "abort") world.listeners.add(scope.signal, () => within?.real(scope));
    if (react) world.listeners.add(scope.signal, () => react(scope.signal.reason));
    if (inner?.when === "start") within?.real(scope);
    if (body === "throws") throw error.value;
    if (body === "returns") return value;
    if (body === "sleeps") return scope.sleep(ms);
    return body === "waits" ? scope.abortable(gate.promise) : gate.promise;
  };
  const attach = (node: Node) => {
    const nested = (node: Node, when: "start" | "abort") => inner?.when === when && within?.model(node);
    const { finish, adopt } = give(node, { body, ms, value, error, abortError, wrapper, nested });
    if (body === "throws" || body === "returns" || body === "sleeps") return;
    pair.finish = (how: Answer) => {
      pair.finish = pair.adopt = undefined;
      settle(gate, how);
      finish(how);
    };
    pair.adopt = ({ task, node }) => {
      pair.finish = pair.adopt = undefined;
      gate.resolve(task);
      adopt(node);
    };
  };
  return { fn, attach };
}

/** Settles a real promise. */
export function settle(gate: PromiseWithResolvers<unknown>, how: Answer): void {
  if ("thrown" in how) gate.reject(how.thrown.value);
  else gate.resolve(how.value);
}
