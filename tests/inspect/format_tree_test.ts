import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { processLifetime, type ScopeTree, TaskScope } from "@taskscope/taskscope";
import { formatTree, Recorder } from "@taskscope/taskscope/inspect";
import { columns } from "../../src/inspect/columns.ts";
import { hasColor, terminalWidth } from "../../src/inspect/format_tree_terminal.ts";

const plain = { color: false, width: 200 } as const;

function leaf(name: string, more: Partial<ScopeTree> = {}): ScopeTree {
  return { name, path: name, state: "running", age: 1, remaining: null, children: [], ...more };
}

Deno.test("formatTree: names, states, ages, time left, shields, queues and notes", async () => {
  using time = new FakeTime();
  const gate = Promise.withResolvers<void>();
  const scope = new TaskScope({ name: "page", note: "behind a proxy", concurrency: 2, deadline: 90_000 });
  scope.spawn((task) => {
    task.spawn(() => gate.promise, { name: "rows" });
    return task.shield(() => gate.promise, { deadline: 5_000, name: "commit" });
  }, { name: "user" });
  scope.spawn(() => gate.promise, { name: "posts", deadline: 20_000 });
  scope.spawn(() => 1, { name: "third" });
  await time.tickAsync(1_234);
  assertEquals(formatTree(scope, plain).split("\n"), [
    "page  open  1.2 s old  1 min 28 s left  note: behind a proxy",
    "├─ user  running  1.2 s old  1 min 28 s left",
    "│  ├─ rows  running  1.2 s old  1 min 28 s left",
    "│  └─ commit  running  1.2 s old  3.7 s left  shield",
    "├─ posts  running  1.2 s old  18.7 s left",
    "└─ third  queued  1.2 s old  1 min 28 s left",
    "6 in all: 1 queued, 4 running, 1 open",
  ]);
  assertEquals(formatTree(scope.tree(), plain), formatTree(scope, plain));
  gate.resolve();
  await scope.join();
});

Deno.test("formatTree: why it was canceled, told once, and who goes on", async () => {
  using time = new FakeTime();
  using recorder = new Recorder();
  recorder.start();
  const gate = Promise.withResolvers<void>();
  const scope = new TaskScope({ name: "page", grace: Infinity });
  scope.spawn((task) => void task.spawn(() => gate.promise, { name: "stuck" }), { name: "upload" });
  await time.tickAsync(10);
  scope.cancel("enough");
  await time.tickAsync(500);
  assertEquals(formatTree(scope, plain).split("\n"), [
    'page  canceling  510 ms old  canceled (canceled at page): "enough"',
    "└─ upload  running  510 ms old",
    "   └─ stuck  running  510 ms old  STILL RUNNING",
    "3 in all: 2 running, 1 canceling, 1 canceled and still running",
  ]);
  const events = recorder.events();
  assert(!formatTree(scope, { ...plain, events }).includes("STILL"));
  assertStringIncludes(
    formatTree(scope, { ...plain, events, ignored: 400 }),
    "STILL RUNNING 500 ms after it was canceled",
  );
  await time.tickAsync(2_000);
  assertStringIncludes(formatTree(scope, { ...plain, events }), "STILL RUNNING 2.5 s after it was canceled");
  gate.resolve();
  await scope.close();
});

Deno.test("formatTree: the detached tasks of the process", async () => {
  const gate = Promise.withResolvers<void>();
  assertEquals(formatTree(processLifetime(), plain), "nothing runs");
  await TaskScope.run((scope) => {
    scope.spawnDetached(() => gate.promise, { name: "video", deadline: 60_000 });
    scope.spawnDetached(() => gate.promise, { name: "audit", deadline: 60_000 });
  }, { name: "request" });
  const lines = formatTree(processLifetime(), plain).replace(/\d+ ms|(60|59)\.\d s|1 min 0 s/g, "T").split("\n");
  assertEquals(lines, [
    "video  running  T old  T left  detached",
    "audit  running  T old  T left  detached",
    "2 in all: 2 running",
  ]);
  gate.resolve();
  await processLifetime().drain({ deadline: 1_000 });
});

Deno.test("formatTree: what has no tree is refused, with what to do", () => {
  assertThrows(() => formatTree({ waitUntil() {} }), TypeError, "does not list its tasks");
  for (const wrong of [null, 1, "x", {}, [1], { tree: () => 1 }]) {
    assertThrows(() => formatTree(wrong as unknown as ScopeTree), TypeError, "a scope, a lifetime or a tree is needed");
  }
  assertThrows(() => formatTree(leaf("a"), { colour: true } as object), TypeError, "colour");
  assertThrows(() => formatTree(leaf("a"), { color: "always" as "auto" }), TypeError, "color");
  assertThrows(() => formatTree(leaf("a"), { width: 0 }), RangeError, "width");
  assertThrows(() => formatTree(leaf("a"), { events: {} as [] }), TypeError, "events");
});

Deno.test("formatTree: wide and deep trees are cut, what is hidden is counted", () => {
  const wide = leaf("root", { children: Array.from({ length: 173 }, (_, i) => leaf(`t${i}`)) });
  assertEquals(formatTree(wide, plain).split("\n").slice(-3), [
    "├─ t49  running  1 ms old",
    "└─ … 123 more (123 running)",
    "174 in all: 174 running",
  ]);
  assertEquals(formatTree(wide, { ...plain, children: 1 }).split("\n").length, 4);
  let deep = leaf("bottom");
  for (let i = 0; i < 100_000; i++) deep = leaf(`d${i}`, { children: [deep] });
  const lines = formatTree(deep, { ...plain, depth: 3 }).split("\n");
  assertEquals(lines.slice(2), [
    "   └─ d99997  running  1 ms old",
    "      └─ … 99998 below (99998 running)",
    "100001 in all: 100001 running",
  ]);
  assertEquals(formatTree(deep, { ...plain, depth: 1_000, width: 60 }).split("\n").length, 13);
});

Deno.test("formatTree: no line is wider than asked, wide characters count twice", () => {
  const tree = leaf("漢字😀".repeat(50), { note: "n".repeat(500), children: [leaf("x".repeat(300))] });
  for (const width of [20, 21, 40, 80]) {
    for (const line of formatTree(tree, { color: false, width }).split("\n").slice(0, 2)) {
      assert(columns(line) <= width, line);
    }
  }
  assertEquals([columns("a漢e\u0301😀"), columns("")], [6, 0]);
});

const STYLES = ["0", "1", "2", "31", "32", "33", "35", "36", "1;31"];
const HARMFUL =
  // deno-lint-ignore no-control-regex -- they must not be there
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

Deno.test("formatTree: names, notes, reasons of strangers are inert, with and without color", () => {
  const evil = '\x1b[2J\x1b]0;title\x07<script>\r\nfake  running\u202e\u2066\u2028\ud800\x9b31m"]]>';
  const tree = leaf(evil, {
    state: evil as "running",
    note: evil,
    age: evil as unknown as number,
    remaining: NaN,
    reason: { kind: evil as "closed", origin: evil, message: evil.repeat(50_000) },
    children: [leaf(evil), leaf("ok")],
  });
  for (const color of [true, false]) {
    const text = formatTree(tree, { color, width: 1_000 });
    assertEquals(text.split("\n").length, 4);
    const bare = color ? STYLES.reduce((rest, style) => rest.replaceAll(`\x1b[${style}m`, ""), text) : text;
    assert(!HARMFUL.test(bare), bare);
    assert(bare.isWellFormed());
  }
});

Deno.test("formatTree: colors only where there are some", () => {
  const host = (isTerminal: boolean, noColor: boolean, env: Record<string, string> = {}, state = "granted") => ({
    Deno: {
      noColor,
      stdout: { isTerminal: () => isTerminal },
      permissions: { querySync: () => ({ state }) },
      env: { get: (name: string) => env[name] },
      consoleSize: () => ({ columns: 77 }),
    },
  });
  const node = (isTTY: boolean, env: Record<string, string> = {}) => ({
    process: { env, stdout: { isTTY, columns: 66 } },
  });
  assertEquals([hasColor(host(true, false)), hasColor(host(false, false)), hasColor(host(true, true))], [
    true,
    false,
    false,
  ]);
  assert(hasColor(host(false, true, { FORCE_COLOR: "1" })));
  assert(!hasColor(host(false, true, { FORCE_COLOR: "1" }, "prompt")));
  assert(!hasColor(host(true, false, { FORCE_COLOR: "0" })) && !hasColor(host(true, false, { TERM: "dumb" })));
  assertEquals([hasColor(node(true)), hasColor(node(false)), hasColor({})], [true, false, false]);
  assertEquals([hasColor(node(true, { NO_COLOR: "1" })), hasColor(node(true, { NO_COLOR: "" }))], [false, true]);
  assert(hasColor(node(false, { FORCE_COLOR: "1", NO_COLOR: "1" })));
  const widths = [host(true, false), host(false, false), node(true), {}].map((each) => terminalWidth(each));
  assertEquals(widths, [77, 120, 66, 120]);
  assertEquals(formatTree(leaf("a"), { color: true }).includes("\x1b[1ma\x1b[0m"), true);
  assertEquals(formatTree(leaf("a"), { color: false }).includes("\x1b"), false);
});

Deno.test("formatTree: no line is longer than asked for, on however narrow a terminal", () => {
  const grow = (depth: number): ScopeTree =>
    leaf("漢n", { children: depth > 0 ? [grow(depth - 1), grow(depth - 1)] : [] });
  for (let width = 1; width <= 60; width++) {
    for (const children of [1, 50]) {
      for (const line of formatTree(grow(6), { color: false, width, children }).split("\n")) {
        assert(columns(line) <= width, `${width}: ${line}`);
      }
    }
  }
});

Deno.test("formatTree: a tree from elsewhere that is none is refused, whatever is wrong with it", () => {
  for (const child of [null, 1, {}, { name: 1, children: [] }, { name: "a" }]) {
    const tree = { ...leaf("a"), children: [leaf("b"), child] } as unknown as ScopeTree;
    assertThrows(() => formatTree(tree), TypeError, "a scope, a lifetime or a tree is needed");
  }
  const odd = leaf("a", {
    state: "__proto__" as "running",
    reason: "x" as unknown as NonNullable<ScopeTree["reason"]>,
  });
  assertEquals(formatTree(odd, { color: true }).split("\n").length, 2);
});
