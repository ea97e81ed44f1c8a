/** Counts what a piece of work asks of the runtime. Unlike times, such counts are the same on every machine. */
export interface Calls {
  promises: number;
  AbortController: number;
  "AbortSignal.any": number;
  "AbortSignal.timeout": number;
  setTimeout: number;
  clearTimeout: number;
  addEventListener: number;
  removeEventListener: number;
  "Date.now": number;
}

type Hook = (() => void) | undefined;
type Functions = Record<string, (...args: unknown[]) => unknown>;

interface Core {
  /** V8's own hooks: they see promises of async functions and of `then`, which no patched `Promise` would. */
  setPromiseHooks(init: Hook, before: Hook, after: Hook, resolve: Hook): void;
}

const { internal } = Deno as unknown as { internal: symbol };
const { core } = (Deno as unknown as Record<symbol, { core: Core }>)[internal] as { core: Core };

let promises = 0;
core.setPromiseHooks(() => promises++, undefined, undefined, undefined); // once: setting them again does not undo it

/** Runs `work` and counts. */
export async function count(work: () => Promise<void>): Promise<Calls> {
  const calls: Calls = {
    promises: 0,
    AbortController: 0,
    "AbortSignal.any": 0,
    "AbortSignal.timeout": 0,
    setTimeout: 0,
    clearTimeout: 0,
    addEventListener: 0,
    removeEventListener: 0,
    "Date.now": 0,
  };
  const restore: (() => void)[] = [];
  const patch = (target: object, key: string, name: keyof Calls) => {
    const functions = target as Functions;
    const original = functions[key];
    if (!original) throw new TypeError(`Cannot count ${name}: there is none`);
    functions[key] = new Proxy(original, {
      apply(fn, self, args) {
        calls[name]++;
        return Reflect.apply(fn, self, args);
      },
      construct(constructor, args, newTarget) {
        calls[name]++;
        return Reflect.construct(constructor, args, newTarget);
      },
    });
    restore.push(() => functions[key] = original);
  };
  patch(globalThis, "AbortController", "AbortController");
  patch(AbortSignal, "any", "AbortSignal.any");
  patch(AbortSignal, "timeout", "AbortSignal.timeout");
  patch(globalThis, "setTimeout", "setTimeout");
  patch(globalThis, "clearTimeout", "clearTimeout");
  patch(EventTarget.prototype, "addEventListener", "addEventListener");
  patch(EventTarget.prototype, "removeEventListener", "removeEventListener");
  patch(Date, "now", "Date.now");
  const before = promises;
  try {
    await work();
  } finally {
    calls.promises = promises - before;
    restore.forEach((undo) => undo());
  }
  return calls;
}

/** What one more of it costs: `work(20)` against `work(10)`, all zeros left out. */
export async function countEach(work: (times: number) => Promise<void>): Promise<Partial<Calls>> {
  await work(10); // what is made once, at the first use
  const ten = await count(() => work(10));
  const twenty = await count(() => work(20));
  const each: Partial<Calls> = {};
  for (const name of Object.keys(ten) as (keyof Calls)[]) {
    const more = (twenty[name] - ten[name]) / 10;
    if (more !== 0) each[name] = more;
  }
  return each;
}
