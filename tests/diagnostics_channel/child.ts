/** Runs on every runtime: what is published, to whom, and that nothing is where nobody listens. */
import { AbandonedTasksError, type Observer, TaskScope } from "@taskscope/taskscope";
import type { DiagnosticsMessages } from "../../src/inspect/diagnostics.ts";
import { watchMisuse } from "../../src/inspect/misuse.ts";
import { ScopeNode } from "../../src/scope_node.ts";

interface Channel {
  readonly hasSubscribers: boolean;
  publish(message: unknown): void;
}

interface Diagnostics {
  channel(name: string): Channel;
  subscribe(name: string, listener: (message: unknown, name: string) => void): void;
  unsubscribe(name: string, listener: (message: unknown, name: string) => void): boolean;
}

interface Host {
  readonly process?: {
    getBuiltinModule?(name: string): Diagnostics | undefined;
    on?(event: string, listener: (error: Error) => void): void;
    off?(event: string, listener: (error: Error) => void): void;
  };
  readonly navigator?: { readonly userAgent?: string };
}

type Name = keyof DiagnosticsMessages;

/** The messages are what hooks are called with. */
type Same = { readonly [K in keyof Observer as `taskscope:${K}`]-?: Readonly<Parameters<NonNullable<Observer[K]>>> };
const same = (messages: Same): DiagnosticsMessages => messages;
void same;

const { process, navigator } = globalThis as Host;
const diagnostics = process?.getBuiltinModule?.("node:diagnostics_channel");
const NAMES = ["onSpawn", "onStart", "onSettle", "onCancel", "onAbandon", "onError"].map((hook) =>
  `taskscope:${hook}` as Name
);

function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${a} is not ${b}`);
}

/** A task of each fate: one ends well, one fails, one is canceled, one is abandoned and ends after all. */
async function everything(): Promise<void> {
  const gate = Promise.withResolvers<void>();
  await TaskScope.run(async (scope) => {
    await scope.spawn(() => 42, { name: "good" });
    scope.spawn(() => Promise.reject(new Error("boom")), { name: "bad" });
    const slow = scope.spawn((task) => task.sleep(60_000), { name: "slow" });
    await Promise.resolve();
    slow.cancel("not needed");
    await slow.outcome;
  }, { name: "page", policy: "supervise", observer: { onError() {} } });
  const scope = new TaskScope({ name: "late", grace: 1, observer: { onError() {} } });
  scope.spawn(() => gate.promise, { name: "stuck" });
  await Promise.resolve();
  await scope.close("enough").catch(() => {});
  gate.resolve();
  await new Promise((resolve) => setTimeout(resolve, 1));
}

function text(name: Name, message: unknown): string {
  const hook = name.slice("taskscope:".length);
  const of = <N extends Name>(_name: N) => message as DiagnosticsMessages[N];
  switch (name) {
    case "taskscope:onSettle": {
      const [task, outcome] = of(name);
      return `${hook} ${task.path} ${outcome.state}`;
    }
    case "taskscope:onCancel": {
      const [scope, reason, { kind, origin }] = of(name);
      return `${hook} ${scope.path} ${reason} ${kind} ${origin}`;
    }
    case "taskscope:onAbandon": {
      const [task, error] = of(name);
      return `${hook} ${task.path} ${error instanceof AbandonedTasksError}`;
    }
    case "taskscope:onError": {
      const [error, { task, phase }] = of(name);
      return `${hook} ${(error as Error).message} ${task.path} ${phase}`;
    }
    default: {
      const [task] = of(name);
      return `${hook} ${task.path} ${task.detached}`;
    }
  }
}

const tests: Record<string, (channels: Diagnostics) => Promise<void>> = {
  async "each channel publishes what a hook of an observer is called with"(channels) {
    const lines: string[] = [];
    const listeners = NAMES.map((name) => {
      const listener = (message: unknown, own: string) => {
        equal([own, Array.isArray(message)], [name, true]);
        lines.push(text(name, message));
      };
      channels.subscribe(name, listener);
      return () => channels.unsubscribe(name, listener);
    });
    await everything();
    listeners.forEach((end) => end());
    equal(lines, [
      "onSpawn page/good false",
      "onStart page/good false",
      "onSettle page/good succeeded",
      "onSpawn page/bad false",
      "onSpawn page/slow false",
      "onStart page/bad false",
      "onStart page/slow false",
      "onCancel page/slow not needed canceled page/slow",
      "onSettle page/bad failed",
      "onError boom page/bad body",
      "onSettle page/slow canceled",
      "onSpawn late/stuck false",
      "onStart late/stuck false",
      "onCancel late enough closed late",
      "onAbandon late/stuck true",
      "onSettle late/stuck succeeded",
    ]);
  },

  async "who comes late hears from then on, who leaves hears no more"(channels) {
    const seen: string[] = [];
    const listener = (message: unknown) => seen.push((message as DiagnosticsMessages["taskscope:onSpawn"])[0].name);
    await TaskScope.run(async (scope) => {
      await scope.spawn(() => {}, { name: "before" });
      channels.subscribe("taskscope:onSpawn", listener);
      await scope.spawn(() => {}, { name: "while" });
      channels.unsubscribe("taskscope:onSpawn", listener);
      await scope.spawn(() => {}, { name: "after" });
    });
    equal(seen, ["while"]);
  },

  async "without a subscriber nothing is published, and no reason is made"(channels) {
    const publish = NAMES.map((name) => channels.channel(name)).map((channel) => {
      const calls: unknown[] = [];
      channel.publish = (message) => calls.push(message);
      return { calls, restore: () => delete (channel as Partial<Channel>).publish };
    });
    const path = Object.getOwnPropertyDescriptor(ScopeNode.prototype, "path") as PropertyDescriptor;
    let paths = 0; // which each reason of the library reads
    const counted = {
      ...path,
      get(this: ScopeNode): unknown {
        paths++;
        return path.get?.call(this);
      },
    };
    const cancel = async () => {
      const gate = Promise.withResolvers<void>();
      const scope = new TaskScope();
      const task = scope.spawn(() => gate.promise);
      await Promise.resolve();
      task.cancel();
      scope.cancel();
      gate.resolve();
      await scope.join();
    };
    Object.defineProperty(ScopeNode.prototype, "path", counted);
    try {
      await cancel();
      equal([paths, publish.flatMap(({ calls }) => calls).length], [0, 0]);
      const listener = () => {};
      channels.subscribe("taskscope:onCancel", listener);
      await cancel();
      channels.unsubscribe("taskscope:onCancel", listener);
      equal(paths > 0, true);
    } finally {
      Object.defineProperty(ScopeNode.prototype, "path", path);
      publish.forEach(({ restore }) => restore());
    }
  },

  async "a subscriber that throws does not disturb the work"(channels) {
    // There, publish() itself throws, and those that subscribed later are not told.
    const isWorkerd = navigator?.userAgent === "Cloudflare-Workers";
    const thrown: string[] = [];
    const uncaught = ({ message }: Error) => thrown.push(message);
    process?.on?.("uncaughtException", uncaught);
    const throwing = () => {
      throw new Error("subscriber");
    };
    const seen: unknown[] = [];
    const listener = (message: unknown) => seen.push(message);
    for (const name of ["taskscope:onSpawn", "taskscope:onSettle"]) {
      channels.subscribe(name, throwing);
      channels.subscribe(name, listener);
    }
    const value = await TaskScope.run((scope) => scope.spawn(() => 42));
    await new Promise((resolve) => setTimeout(resolve, 1));
    for (const name of ["taskscope:onSpawn", "taskscope:onSettle"]) {
      channels.unsubscribe(name, throwing);
      channels.unsubscribe(name, listener);
    }
    process?.off?.("uncaughtException", uncaught);
    equal(value, 42);
    if (!isWorkerd) equal([seen.length, thrown], [2, ["subscriber", "subscriber"]]);
  },
};

/** Not published, but seen in the same way: warnings of misuse, with their places in a bundle. */
async function misuse(): Promise<void> {
  const warnings: string[] = [];
  const watch = watchMisuse({
    onWarning: ({ kind, place }) => warnings.push(`${kind} ${/:\d+:\d+$/.test(place ?? "")}`),
    patience: 20,
    enabled: true,
  });
  const { signal } = new AbortController();
  const { error } = console;
  console.error = () => {};
  try {
    await TaskScope.run((scope) => void scope.spawn(() => Promise.reject(signal)), { policy: "supervise" });
    await TaskScope.run((scope) => {
      scope.spawn(async () => await last);
      const last = scope.spawn(() => {});
    }, { concurrency: 1, deadline: 400 }).catch(() => {});
    const { ended } = await TaskScope.run((scope) => ({ ended: scope }));
    ended.timeoutSignal(1);
    await TaskScope.run((scope) => {
      scope.cancel();
      return new Promise((resolve) => setTimeout(resolve, 300));
    }).catch(() => {});
    await TaskScope.run(
      async (scope) => void await scope.spawnDetached(() => {}, { deadline: 600_000, onExceed: "clamp" }),
      { lifetime: { waitUntil() {}, deadline: new Date(Date.now() + 60_000) } },
    );
  } finally {
    console.error = error;
    watch[Symbol.dispose]();
  }
  const hasContext = process?.getBuiltinModule?.("node:async_hooks") !== undefined;
  equal(warnings, [
    "unseen-error true",
    ...(hasContext ? ["queue-deadlock true"] : []),
    "closed-scope-used true",
    "cancellation-ignored true",
    "deadline-too-long true",
  ]);
}

/** Prints a line a test; leaves the end to the runtime. */
export async function main(): Promise<void> {
  if (!diagnostics) {
    await everything();
    console.log("ok without channels");
  }
  for (const [name, test] of Object.entries(diagnostics ? tests : {})) {
    await test(diagnostics as Diagnostics);
    console.log(`ok ${name}`);
  }
  await misuse();
  console.log("ok misuse has a place in a bundle");
}

export default { test: main };
if (navigator?.userAgent !== "Cloudflare-Workers") await main();
