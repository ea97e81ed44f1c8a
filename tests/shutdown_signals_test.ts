import { assertEquals, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { processLifetime } from "@taskscope/taskscope";
import { ProcessLifetime } from "../src/process_lifetime.ts";
import { drainOnSignals } from "../src/shutdown_signals.ts";
import { withGlobals } from "./platforms/globals.ts";

Deno.test("processLifetime() drains on a signal and then ends the process; a second signal ends it at once", async () => {
  using time = new FakeTime();
  const listeners = new Map<string, () => void>();
  const codes: number[] = [];
  const process = {
    on: (signal: string, listener: () => void) => listeners.set(signal, listener),
    exit: (code: number) => codes.push(code),
  };
  const lifetime = new ProcessLifetime();
  const reports: unknown[] = [];
  withGlobals({ process }, () => {
    const onDrained = (report: unknown) => reports.push(report);
    drainOnSignals(lifetime, { signals: ["SIGTERM", "SIGINT"], drain: 1_000, onDrained });
    drainOnSignals(lifetime, { signals: ["SIGTERM"] }); // is handled already
  });
  const work = Promise.withResolvers<void>();
  listeners.get("SIGTERM")?.();
  lifetime.waitUntil(work.promise); // by a later listener of the same signal
  await time.tickAsync(10);
  assertEquals(codes, []);
  work.resolve();
  await time.tickAsync(0);
  await time.tickAsync(0);
  await time.runMicrotasks();
  assertEquals([codes, reports], [[143], [{ completed: 1, canceled: 0, pending: 0 }]]);
  lifetime.waitUntil(new Promise(() => {}));
  listeners.get("SIGINT")?.();
  listeners.get("SIGINT")?.();
  assertEquals(codes, [143, 130]);
  await time.tickAsync(1_000);
});

Deno.test("processLifetime() leaves the process alone with exit: false, however often the signal comes", async () => {
  const listeners: (() => void)[] = [];
  const codes: number[] = [];
  const process = {
    on: (_: string, listener: () => void) => listeners.push(listener),
    exit: (code: number) => codes.push(code),
  };
  const lifetime = new ProcessLifetime();
  let report = () => {};
  withGlobals({ process }, () => {
    drainOnSignals(lifetime, { signals: ["SIGTERM"], exit: false, onDrained: () => report() });
  });
  const drained = async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    report = resolve;
    listeners[0]?.();
    await promise;
    await Promise.resolve();
  };
  await drained();
  await drained(); // the next signal is not swallowed
  assertEquals(codes, []);
});

Deno.test("processLifetime() is one, and refuses bad options", () => {
  assertEquals(processLifetime(), processLifetime({ signals: [] }));
  assertThrows(() => processLifetime({ signals: ["SIGKILL" as never] }), TypeError, "SIGKILL");
  assertThrows(() => processLifetime({ drain: NaN }), RangeError, "NaN");
  assertThrows(() => processLifetime({ grace: 5 } as never), TypeError, "grace");
  assertThrows(() => processLifetime({ onDrained: 5 } as never), TypeError, "onDrained");
  const options = { signals: ["SIGTERM", "SIGINT"] as const };
  assertEquals(withGlobals({ process: undefined }, () => processLifetime(options)), processLifetime());
});
