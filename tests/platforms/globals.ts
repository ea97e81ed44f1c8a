/** Runs with globals replaced; `undefined` hides one. */
export function withGlobals<T>(globals: Record<PropertyKey, unknown>, run: () => T): T {
  const before = Reflect.ownKeys(globals).map((key) =>
    [key, Object.getOwnPropertyDescriptor(globalThis, key)] as const
  );
  for (const key of Reflect.ownKeys(globals)) {
    Object.defineProperty(globalThis, key, { value: globals[key], configurable: true, writable: true });
  }
  try {
    return run();
  } finally {
    for (const [key, descriptor] of before) {
      if (descriptor) Object.defineProperty(globalThis, key, descriptor);
      else Reflect.deleteProperty(globalThis, key);
    }
  }
}

/** A host's object that records what it is given, and throws when called unbound ("Illegal invocation"). */
export class Ctx {
  readonly held: Promise<unknown>[] = [];
  passThroughOnException(): void {}
  waitUntil(work: Promise<unknown>): void {
    if (!(this instanceof Ctx)) throw new TypeError("Illegal invocation");
    this.held.push(work);
  }
}
