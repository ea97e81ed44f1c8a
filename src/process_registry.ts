/**
 * What is pending in a plain process: all that a scope without a `lifetime` needs of it. How it is drained:
 * process_lifetime.ts.
 *
 * @module
 */
import { type Lifetime, type OwnedTask, owners } from "./lifetime.ts";
import { isThenable, wrong } from "./validate.ts";

/** A registry of what is pending. */
export class ProcessRegistry implements Lifetime {
  readonly owned = new Set<OwnedTask>();
  /** Each is called when something is not pending any more. */
  readonly drains = new Set<() => void>();
  pending = 0;
  deadline: Date | undefined;
  controller = new AbortController();

  constructor() {
    owners.set(this, (task) => {
      this.owned.add(task);
      return () => this.owned.delete(task);
    });
  }

  get closing(): AbortSignal {
    return this.controller.signal;
  }

  waitUntil(work: Promise<unknown>): void {
    if (!isThenable(work)) throw wrong("Cannot wait", "a promise is needed", work);
    this.pending++;
    const settled = () => {
      this.pending--;
      for (const drain of this.drains) drain();
    };
    work.then(settled, (error) => {
      console.error("TaskScope: waitUntil failed:", error);
      settled();
    });
  }
}

let current: ProcessRegistry | undefined; // for the life of the process

/** The one registry of this process. */
export function processRegistry(): ProcessRegistry {
  return current ??= new ProcessRegistry();
}

interface Globals {
  readonly Deno?: unknown;
  readonly Bun?: unknown;
  readonly EdgeRuntime?: unknown;
  readonly navigator?: { readonly userAgent?: string };
  readonly process?: { readonly versions?: { readonly node?: string } };
}

/** The lifetime of a scope that was given none: the process, where this surely is one. */
export function defaultLifetime(): Lifetime | undefined {
  const { Deno, Bun, EdgeRuntime, navigator } = globalThis as Globals;
  if (EdgeRuntime !== undefined || navigator?.userAgent === "Cloudflare-Workers") return undefined;
  return Deno ?? Bun ?? (globalThis as Globals).process?.versions?.node ? processRegistry() : undefined;
}
