/**
 * Telling an observer: in the right async context, and without ever disturbing the work.
 *
 * @module
 */
import { builtin } from "./builtin.ts";
import { captureContext, type ContextRunner, runIn } from "./context.ts";
import * as Flag from "./flags.ts";
import { HOOKS, type Observer, type TaskInfo } from "./observer.ts";
import type { ScopeNode } from "./scope_node.ts";
import { isThenable } from "./validate.ts";
import { watcher } from "./watch.ts";

/** What a channel of `node:diagnostics_channel` has. */
interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

const { channel } = builtin<{ channel(name: string): Channel }>("node:diagnostics_channel");
/** `taskscope:onSpawn` and so on, where the runtime has them: each message is what an observer is called with. */
export const channels: { [K in keyof Observer]?: Channel | undefined } = {};
for (const hook of HOOKS) channels[hook] = channel?.(`taskscope:${hook}`);

/** Keeps the async context of this place for a node's observer, if there is one. */
export function keepContext(node: ScopeNode): void {
  if (node.env.observer) node.ensureExtras().runner = captureContext();
}

/**
 * Tells watchers, who see all they need on the node.
 *
 * @returns Whether somebody else may want to be told, with `tell`: what that takes is only made then.
 */
export function announce(node: ScopeNode, hook: keyof Observer, channel: Channel | undefined): unknown {
  watcher?.(node, hook);
  return node.env.observer ?? channel?.hasSubscribers;
}

/**
 * Calls a hook of a node's observer, in the async context of the place where the node was spawned, and publishes what
 * it is called with.
 *
 * @returns Whether there is such a hook.
 */
export function tell<K extends keyof Observer>(
  node: ScopeNode,
  hook: K,
  ...args: Parameters<NonNullable<Observer[K]>>
): boolean {
  const channel = channels[hook];
  if (channel?.hasSubscribers) call(channel, "publish", [args]);
  const { observer } = node.env;
  return observer !== undefined && call(observer, hook, args, node.extras?.runner);
}

/** Tells watchers and all others of something that the node does not show. */
export function tellAll<K extends keyof Observer>(
  node: ScopeNode,
  hook: K,
  ...args: Parameters<NonNullable<Observer[K]>>
): boolean {
  watcher?.(node, hook, args);
  return tell(node, hook, ...args);
}

const reported = new WeakSet<object>();

/**
 * Calls a method, if it is there. Apart from `tell`, which would otherwise make room for these functions each time.
 *
 * @returns Whether it is.
 */
function call(target: object, method: string, args: unknown[], runner?: ContextRunner): boolean {
  const methods = target as Record<string, (...args: unknown[]) => unknown>;
  if (!methods[method]) return false;
  const failed = (error: unknown) => {
    if (reported.has(target)) return;
    reported.add(target);
    console.error(`TaskScope: ${method} threw:`, error);
  };
  const tryIt = () => {
    try {
      const result = methods[method]?.(...args);
      if (isThenable(result)) result.then(undefined, failed); // an async hook must not end the process
    } catch (error) {
      failed(error);
    }
  };
  runIn(runner, tryIt);
  return true;
}

/** What an observer is given of a node: its task, or what a root would say if it were one. */
export function infoOf(node: ScopeNode): TaskInfo {
  const { name, path, taskState: state } = node;
  return node.task ?? { name, path, state, late: node.is(Flag.LATE), detached: false };
}
