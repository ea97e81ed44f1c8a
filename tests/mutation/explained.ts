/** Mutants that no test of the suite can notice, and why: what is equal, or only seen on another runtime. */
import type { Explained } from "../../tools/mutate/results.ts";

const TYPES = "asked for the type checker: it is there, or what is undefined compares the same";
const COST = "the same, at a higher cost";
const CAUGHT = "the same: what throws instead is caught, and means no";
const ELSEWHERE = "seen by the conformance suite on workerd, without Node APIs";
const OWN_PROCESS = "seen by tests with a process of their own, or by Node";
const FIRST_TIMER = "Deno runs microtasks while it loads its timers, at the first one of a process only";
const MOMENT = "the order of what is due at the same moment is not promised";
const PAST = "any moment that has passed";
const CHOSEN = "a figure that was chosen";

export const explained: Explained = {
  "src/abandonment.ts": {
    "abandonOverdue: node && !waiting.has(node) → node": COST,
    "abandonOverdue: 1 → 1 + 1": CHOSEN,
  },
  "src/builtin.ts": {
    "builtin: (globalThis as Host).process?.getBuiltinModule?.(name) → (globalThis as Host).process?.getBuiltinModule(name)":
      CAUGHT,
    "builtin: (globalThis as Host).process?.getBuiltinModule?.(name) → (globalThis as Host).process.getBuiltinModule?.(name)":
      CAUGHT,
  },
  "src/cancellation.ts": {
    "limitTo: at > now → at >= now (2)": "told of at once both ways, and taken out of the heap by that",
    "abort: controller.abort(); → nothing": ELSEWHERE,
    "limitTo: at >= node.limit.at → at > node.limit.at": "of two at the same moment the outer one is told first anyway",
    "limitTo: 1 → 1 + 1": "every index below 0 means: in no heap",
    "limitTo: at > now ? node.env.heap.add(at, due) : { at, due, index: -1 } → node.env.heap.add(at, due)": FIRST_TIMER,
    "waitForGrace: origin.is(Flag.SETTLED) → false": FIRST_TIMER,
    "limitTo: at > now → at >= now": "told of at once both ways, and taken out of the heap by that",
    "waitForGrace: heap.remove(extras.grace); → nothing":
      "the entry before has fired, unless a shield ends within the one millisecond of the last turn",
    "waitForGrace: heap.remove(extras.grace); → nothing (2)": FIRST_TIMER,
    "graceOf: 1 → 1 + 1": CHOSEN,
  },
  "src/cleanup.ts": {
    "addCleanup: !runner ? fn : () => { let result: unknown; runner(() => result = fn()); return result; } → () => { let result: unknown; runner(() => result = fn()); return result; }":
      ELSEWHERE,
    "SHIELD_POLL: 10 → 10 + 1": CHOSEN,
    "SHIELD_POLL: 10 → 10 - 1": CHOSEN,
    "cleanUp: isThenable(result) → true": COST,
    "due: node.extras?.shields → node.extras.shields": TYPES,
    "due: Math.max(grace, SHIELD_POLL) → grace": COST,
  },
  "src/combinators/group.ts": {
    "hasMore: tasks.length < count → tasks.length <= count": COST,
    'hasMore: tasks.length < count && group.state === "open" → group.state === "open"': COST,
  },
  "src/combinators/map.ts": {
    "isAsked: false → true": "written before it is read",
    "isDone: false → true": "written before it is read",
  },
  "src/context.ts": {
    "without: outer === values.outer ? values : { binding: values.binding, outer } → { binding: values.binding, outer }":
      COST,
    'resource: AsyncResource && new AsyncResource("TaskScope") → new AsyncResource("TaskScope")': ELSEWHERE,
    'captureContext: hooks ??= builtin<AsyncHooks>("node:async_hooks") → hooks = builtin<AsyncHooks>("node:async_hooks")':
      COST,
    "captureContext: resource && ((fn) => resource.runInAsyncScope(fn)) → ((fn) => resource.runInAsyncScope(fn))":
      ELSEWHERE,
    "runIn: runner → true": ELSEWHERE,
    "runIn: fn(); → nothing": ELSEWHERE,
  },
  "src/deadline.ts": {
    "add: at < this.#wakesAt → at <= this.#wakesAt": COST,
    "#arm: this.#timer = undefined; → nothing": COST,
    "remove: 1 → 1 + 1": "every index below 0 means: in no heap",
    "#wake: this.#timer = undefined; → nothing": COST,
    "#wake: -Infinity → Infinity": COST,
    "#wake: this.#wakesAt = -Infinity; → nothing": COST,
    "child: this.#at(left + 1) < this.#at(left) → this.#at(left + 1) <= this.#at(left)": MOMENT,
    "other: this.#at(index) < this.#at(parent) → this.#at(index) <= this.#at(parent)": MOMENT,
  },
  "src/detached.ts": {
    "spawnDetached: owner.parent && !owner.ownLimit → !owner.ownLimit": TYPES,
    "look: node.limit?.at → node.limit.at": TYPES,
    "look: latest !== node.limit?.at → true": "its own deadline was added first, and is told first as a rule",
    "POLL: 500 → 500 + 1": CHOSEN,
    "POLL: 500 → 500 - 1": CHOSEN,
    "LONGEST_PREFIX: 200 → 200 + 1": CHOSEN,
    "LONGEST_PREFIX: 200 → 200 - 1": CHOSEN,
  },
  "src/failure.ts": {
    "fail: node.cancellation?.reason → node.cancellation.reason": TYPES,
    "readFailure: child.cancellation?.reason → child.cancellation.reason": TYPES,
    "failures: scope.cancellation?.reason → scope.cancellation.reason": TYPES,
    "observe: node.is(Flag.SETTLED) → true": "a task that has not ended has no failure that its scope has, too",
  },
  "src/lifecycle.ts": {
    "freePlace: 2 * nursery.head > queue.length → true": COST,
    "freePlace: next.extras?.runner → next.extras.runner": TYPES,
    "starter: 1 → 1 + 1": CHOSEN,
    "endIfReady: Flag.CLEANING | Flag.SETTLED → Flag.CLEANING":
      "only a root made with new is asked again, and nobody hears of its end twice",
    "sharesFate: child.cancellation && child.cancellation === parent.cancellation → child.cancellation === parent.cancellation":
      "what ended as canceled or abandoned has a cancellation",
    "childEnded: 0 → 0 + 1": COST,
    "childEnded: !idle || parent.live > 0 → !idle": COST,
    "freePlace: 2 → 2 + 1": CHOSEN,
    "admit: child.ensureExtras().runner ??= captureContext() → child.ensureExtras().runner = captureContext()": COST,
    "settle: cancellation?.reason → cancellation.reason": TYPES,
    "dropStale: 2 → 2 + 1": CHOSEN,
    "dropStale: 2 → 2 - 1": CHOSEN,
    "dropStale: return; → nothing": COST,
    "dropStale: 2 * ++nursery.stale < nursery.queue.length → 2 * ++nursery.stale <= nursery.queue.length": CHOSEN,
    "dropStale: 2 * ++nursery.stale → 2 / ++nursery.stale": COST,
    "dropStale: 2 * ++nursery.stale < nursery.queue.length → false": COST,
    "freePlace: 2 * nursery.head > queue.length → 2 * nursery.head >= queue.length": CHOSEN,
  },
  "src/notify.ts": {
    "module: channel?.(`taskscope:${hook}`) → channel(`taskscope:${hook}`)": ELSEWHERE,
    "tell: node.extras?.runner → node.extras.runner": TYPES,
    "announce: channel?.hasSubscribers → channel.hasSubscribers": ELSEWHERE,
    "tell: channel?.hasSubscribers → channel.hasSubscribers": ELSEWHERE,
    "tell: channel?.hasSubscribers → true": COST,
    "tell: [args] → []": OWN_PROCESS,
    "result: methods[method]?.(...args) → methods[method](...args)": TYPES,
  },
  "src/outcome.ts": {
    "settle: node.cancellation?.reason → node.cancellation.reason": TYPES,
    "isCancellation: cancellation !== undefined && stemsFrom(cancellation.reason, error, DEEPEST_CAUSE) → stemsFrom(cancellation.reason, error, DEEPEST_CAUSE)":
      CAUGHT,
    "DEEPEST_CAUSE: 64 → 64 + 1": CHOSEN,
    "DEEPEST_CAUSE: 64 → 64 - 1": CHOSEN,
    "stemsFrom: 0 → 0 + 1": CHOSEN,
    "stemsFrom: 0 → 0 - 1": CHOSEN,
    "stemsFrom: Object(error) → error": CAUGHT,
    "stemsFrom: depth === 0 || Object(error) !== error → false": CAUGHT,
    "stemsFrom: depth === 0 || Object(error) !== error → depth === 0": CAUGHT,
    "stemsFrom: depth === 0 || Object(error) !== error → Object(error) !== error": CAUGHT,
    "isOne: depth - 1 → depth + 1": CAUGHT,
    "failureOf: node.is(Flag.SETTLED) → true": "the end of the scope clears it",
  },
  "src/process_lifetime.ts": {
    "drain: 0 → 0 + 1": "at a deadline that has passed, cut and end are due at once, with any margin",
    "settled: 0 → 0 + 1 (2)": PAST,
    "settled: 0 → 0 - 1 (2)": PAST,
  },
  "src/root.ts": {
    "GRACE: 5_000 → 5_000 + 1": CHOSEN,
    "GRACE: 5_000 → 5_000 - 1": CHOSEN,
    "env: 1 → 1 + 1": CHOSEN,
    "openRoot: concurrency < Infinity → true": COST,
    "openRoot: concurrency < Infinity → concurrency <= Infinity": COST,
    "openRoot: note → true": COST,
    "openRoot: at > now → at >= now": "canceled before it is told of, not after: both before anything starts",
    "openRoot: at <= now → true": "a limit that is there already stays",
  },
  "src/scope_node.ts": {
    "stale: 0 → 0 - 1": CHOSEN,
    "stale: 0 → 0 + 1": CHOSEN,
  },
  "src/scope_tree.ts": {
    "countShields: node.ensureExtras().shields += change → node.ensureExtras().shields -= change":
      "only zero is told from the rest",
    "mark: false → true": COST,
    "mark: node.extras → true": COST,
  },
  "src/shutdown_signals.ts": {
    "drainOnSignals: 0 → 0 + 1": CHOSEN,
  },
  "src/signals.ts": {
    "nativeTimeout: Math.ceil(delay) → delay": OWN_PROCESS,
  },
  "src/spawn.ts": {
    "makeNode: watcher → true": COST,
    "spawnChild: options !== NONE → true": COST,
    "now: 0 → 0 + 1": "only ever compared with NaN",
    "now: 0 → 0 - 1": "only ever compared with NaN",
    "spawnChild: 1 → 1 + 1": CHOSEN,
    "spawnChild: at <= now → true": "a limit that is there already stays",
  },
  "src/task_scope.ts": {
    'module: { name: "" } → {}': "no name, either way",
    "run: 1 → 1 + 1": CHOSEN,
    "join: node.cancellation?.reason → node.cancellation.reason": TYPES,
    "close: await untilIdle(node) → untilIdle(node)": "an async function awaits what it returns",
    "timeoutSignal: ms <= LONGEST_DELAY → ms < LONGEST_DELAY": "both ways lead to a signal of that time",
  },
  "src/waiting.ts": {
    "lateErrors: node.extras?.prefix → node.extras.prefix": TYPES,
    "hook: release ? ignore : lateErrors(node) → lateErrors(node)": "what waits for a time never rejects late",
    "isNews: cancellation.isNews ??= newsAfter(weakly(cancellation.reason…WeakRef(cancellation.origin)) → cancellation.isNews = newsAfter(weakly(cancellation.reason),…WeakRef(cancellation.origin))":
      COST,
    "trace: 0 → 0 + 1": "nobody asks how old it is",
    "trace: 0 → 0 - 1": "nobody asks how old it is",
  },
  "src/watch.ts": {
    "marks: 0 → 0 + 1": "marks need only differ",
    "setWatchers: 0 → 0 - 1": COST,
    "setWatchers: next.length > 0 → next.length >= 0": COST,
    "setWatchers: next.length > 0 ? see : undefined → see": COST,
    "at: 0 → 0 - 1": TYPES,
    "see: at < told.length → at <= told.length": TYPES,
    "see: told[at]?.(node, sight, args, spawner) → told[at](node, sight, args, spawner)": TYPES,
  },
};
