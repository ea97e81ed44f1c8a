import { assertEquals } from "@std/assert";
import { spy, stub } from "@std/testing/mock";
import { TaskScope } from "@taskscope/taskscope";

Deno.test("an observer that throws is reported once and does not disturb the work", async () => {
  using log = stub(console, "error", () => {});
  const observer = {
    onSpawn: () => {
      throw new Error("spawn");
    },
    onSettle: () => {
      throw new Error("settle");
    },
  };
  assertEquals(await TaskScope.run((scope) => scope.spawn(() => 42), { observer }), 42);
  assertEquals(log.calls.length, 1);
  assertEquals(String(log.calls[0]?.args[0]).includes("onSpawn"), true);
});

Deno.test("an async hook that rejects is reported, not an unhandled rejection", async () => {
  using log = stub(console, "error", () => {});
  const observer = { onStart: () => Promise.reject(new Error("start")) as unknown as void };
  assertEquals(await TaskScope.run((scope) => scope.spawn(() => 42), { observer }), 42);
  assertEquals(log.calls.length, 1);
});

Deno.test("hooks are called on their observer", async () => {
  class Log {
    readonly lines: string[] = [];
    onStart({ name }: { name: string }): void {
      this.lines.push(name);
    }
  }
  const observer = new Log();
  await TaskScope.run((scope) => void scope.spawn(() => {}, { name: "one" }), { observer });
  assertEquals(observer.lines, ["one"]);
});

Deno.test("a failure under supervise that nobody awaits goes to the console without an observer", async () => {
  using log = stub(console, "error", spy());
  const boom = new Error("boom");
  await TaskScope.run((scope) => {
    scope.spawn(() => Promise.reject(boom), { name: "bad" });
  }, { policy: "supervise", name: "page" });
  assertEquals(log.calls.map(({ args }) => [String(args[0]).includes("(page/bad)"), args[1]]), [[true, boom]]);
});

Deno.test("a name neither swallows the error in the console nor begins a line of its own", async () => {
  using log = stub(console, "error", spy());
  const boom = new Error("boom");
  await TaskScope.run((scope) => {
    scope.spawn(() => Promise.reject(boom), { name: "GET /%c\n\x1b[31mall is well" });
  }, { policy: "supervise", name: "page" });
  assertEquals(log.calls.map(({ args }) => args), [[
    'TaskScope: "GET /?c??[31mall is well" (page/GET /?c??[31mall is well) failed and nobody awaits it:',
    boom,
  ]]);
});
