import { TaskScope } from "@taskscope/taskscope";
import type { Measure } from "../lib/measure.ts";

const TASKS = 10_000;
const READY = Promise.resolve();

// deno-lint-ignore require-await
async function work(value: number): Promise<number> {
  return value;
}

/** As many fields as a task has. */
class Node {
  parent: Node | undefined;
  previous: Node | undefined;
  next: Node | undefined;
  nursery = undefined;
  concurrency = undefined;
  env = undefined;
  flags = 0;
  cancellation = undefined;
  limit = undefined;
  values = undefined;
  label: string | number = 0;
  prefix = undefined;
  born = 0;
  value: (() => Promise<number>) | undefined;
  mark = 0;
  failures = undefined;
  deferred = undefined;
  extras = undefined;
  scope: Face | undefined;
  task: Face | undefined;
}

/** A scope or a handle: an object around a node. */
class Face {
  readonly #node: Node;

  constructor(node: Node) {
    this.#node = node;
  }

  get node(): Node {
    return this.#node;
  }
}

/** Calls each function in a microtask and waits until all have ended. */
function callAll(start: (fn: () => Promise<number>, ended: () => void) => void): Promise<void> {
  return new Promise((resolve) => {
    let left = TASKS;
    const ended = () => --left === 0 && resolve();
    for (let i = 0; i < TASKS; i++) start(() => work(i), ended);
  });
}

function startWithNode(fn: () => Promise<number>, ended: () => void, list: Node, isNamed: boolean): void {
  const node = new Node();
  node.value = fn;
  if (isNamed) node.label = fn.name || 1;
  node.scope = new Face(node);
  node.task = new Face(node);
  node.previous = list.previous;
  if (list.previous) list.previous.next = node;
  list.previous = node;
  const unlink = () => {
    if (node.previous) node.previous.next = node.next;
    if (node.next) node.next.previous = node.previous;
    else list.previous = node.previous;
    ended();
  };
  READY.then(() => {
    const call = node.value ?? fn;
    node.value = undefined;
    call().then(() => unlink(), () => unlink());
  });
}

export const measure: Measure = {
  title: "What a task costs at the least: from Promise.all, step by step, to what its guarantees need",
  unit: "ns",
  per: "task",
  operations: TASKS,
  contenders: {
    async "TaskScope"() {
      await TaskScope.run((scope) => {
        for (let i = 0; i < TASKS; i++) scope.spawn(() => work(i));
      });
    },
    async "TaskScope, with a name given"() {
      await TaskScope.run((scope) => {
        for (let i = 0; i < TASKS; i++) scope.spawn(() => work(i), { name: "work" });
      });
    },
    async "Promise.all"() {
      const tasks = [];
      for (let i = 0; i < TASKS; i++) tasks.push(work(i));
      await Promise.all(tasks);
    },
    async "called in a microtask, both ends watched"() {
      await callAll((fn, ended) => void READY.then(() => fn().then(ended, ended)));
    },
    async "… and its node, scope and handle"() {
      const list = new Node();
      await callAll((fn, ended) => startWithNode(fn, ended, list, false));
    },
    async "… and the name of its function"() {
      const list = new Node();
      await callAll((fn, ended) => startWithNode(fn, ended, list, true));
    },
  },
  goals: [],
};
