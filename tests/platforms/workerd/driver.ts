/** What the Workers under test have in common: their environment's types, and a step of a test. */

export interface Ctx {
  waitUntil(work: Promise<unknown>): void;
}

/** What a service binding offers to tests (compatibility flag `service_binding_extra_handlers`). */
export interface Service {
  fetch(url: string, init?: RequestInit): Promise<Response>;
  queue(name: string, messages: unknown[]): Promise<{ outcome: string; ackAll: boolean }>;
  scheduled(options: { cron: string }): Promise<{ outcome: string }>;
}

export interface Stub {
  fetch(url: string): Promise<Response>;
}

export interface Env {
  readonly SELF: Service;
  /** The Worker of service_worker.ts. */
  readonly OLD: Service;
  /** The Worker of hono.ts. */
  readonly HONO: Service;
  readonly ROOMS: { idFromName(name: string): unknown; get(id: unknown): Stub };
  /** Whether the Worker has `enable_request_signal`. */
  readonly TELLS: boolean;
}

/** One step; says what failed, and what the Worker logged. */
export async function check(name: string, step: () => Promise<void>, log: readonly string[]): Promise<void> {
  try {
    await step();
  } catch (error) {
    throw new Error(`${name}: ${error} (${log})`, { cause: error });
  }
  console.log(`ok ${name}`);
}

/** Waits for what another request does: there is nothing to await across requests. */
export async function until(is: () => boolean): Promise<void> {
  for (let tries = 0; tries < 250; tries++) {
    if (is()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error("it did not come");
}

/** Waits until another Worker answers so. */
export async function untilAnswer(service: Service, path: string, expected: string): Promise<void> {
  let answer = "";
  for (let tries = 0; tries < 100 && answer !== expected; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    answer = await (await service.fetch(`http://worker${path}`)).text();
  }
  if (answer !== expected) throw new Error(`${path}: ${answer}`);
}
