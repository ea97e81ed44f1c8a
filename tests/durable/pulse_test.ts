/** What keeps a delivery while it is worked on, on an engine that answers late or never. */
import { assert, assertEquals } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { Pulse, type PulseOptions } from "../../src/durable/pulse.ts";

const never = new Promise<never>(() => {});

/** What a pulse told, and when, in milliseconds from its start. */
async function observe(
  ms: number,
  extend: ((call: number) => Promise<void>) | undefined,
  options: Partial<PulseOptions> = {},
): Promise<string[]> {
  using time = new FakeTime();
  const start = Date.now();
  const told: string[] = [];
  const tell = (what: string) => told.push(`${what} at ${Date.now() - start}`);
  let calls = 0;
  const delivery = {
    id: "1",
    body: "",
    attempt: 1,
    ...extend ? { extend: () => (tell("extend"), extend(++calls)) } : {},
  };
  const pulse = new Pulse(delivery, {
    ...{ lease: 900, poll: 200, look: undefined },
    onCancel: (reason) => tell(`cancel: ${reason}`),
    onLost: () => tell("lost"),
    onError: (error) => tell(`error: ${(error as Error).message}`),
    ...options,
  });
  let isOver = false;
  pulse.run().then(() => isOver = true);
  await time.tickAsync(0);
  for (let at = 0; at < ms; at += 50) await time.tickAsync(50);
  pulse.stop();
  const count = told.length;
  for (let i = 0; i < 100; i++) await time.tickAsync(50);
  assertEquals(told.length, count, "nothing is done after stop()");
  assert(isOver || options.look?.() === never);
  return told;
}

Deno.test("a lease is extended three times as often as it lasts", async () => {
  assertEquals(await observe(950, () => Promise.resolve()), ["extend at 300", "extend at 600", "extend at 900"]);
});

Deno.test("an extension that never answers: the lease is lost when it is over, and not before", async () => {
  assertEquals(await observe(1_500, (call) => call === 1 ? Promise.resolve() : never), [
    "extend at 300",
    "extend at 600",
    "lost at 1200",
  ]);
});

Deno.test("an extension that answers late, but within the lease, keeps it", async () => {
  const late = () => new Promise<void>((resolve) => setTimeout(resolve, 250));
  assertEquals(await observe(1_450, late), [300, 600, 900, 1_200].map((at) => `extend at ${at}`));
});

Deno.test("extensions that fail are told once, tried twice as often, and the lease is lost when it is over", async () => {
  assertEquals(await observe(1_000, () => Promise.reject(new Error("down"))), [
    "extend at 300",
    "error: down at 300",
    "extend at 450",
    "extend at 600",
    "extend at 750",
    "extend at 900",
    "lost at 900",
  ]);
});

Deno.test("looking for a wish to cancel that never answers keeps no lease from being extended", async () => {
  assertEquals(await observe(700, () => Promise.resolve(), { look: () => never }), ["extend at 300", "extend at 600"]);
});

Deno.test("looking that throws is told once, and a wish that is found later counts; where nothing is to be done, it ends", async () => {
  let looks = 0;
  const look = () => {
    if (++looks < 3) throw new Error("down");
    return Promise.resolve("enough");
  };
  assertEquals(await observe(700, undefined, { look }), ["error: down at 200", "cancel: enough at 600"]);
  assertEquals(await observe(100, undefined), []);
});
