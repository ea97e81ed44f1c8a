import { assertEquals, assertMatch } from "@std/assert";
import { homeOf, locationsOf, placeOf } from "../../src/inspect/misuse/place.ts";

const V8 = `Error
    at spawn (file:///lib/src/spawn.ts:10:5)
    at async file:///app/my%20main.ts:3:7
    at new Page (http://localhost:5173/src/page.ts?t=17:4:2)
    at Object.test (worker.js:12:1)
    at Array.map (<anonymous>)
    at Promise.all (index 0)
    at eval (eval at run (file:///app/main.ts:1:1), <anonymous>:1:1)
    at run (node:internal/modules/run_main:117:5)
    at <anonymous> (ext:core/01_core.js:1:1)`;
const JSC = `spawn@/lib/src/spawn.ts:10:5
/app/main.ts:3:7
@http://localhost/app.js:1:2
asyncFunctionResume@[native code]
module code@/app/main.ts:9:1`;

Deno.test("locationsOf() reads the frames of both kinds of engines, without those of the runtime", () => {
  assertEquals(locationsOf(V8), [
    "file:///lib/src/spawn.ts:10:5",
    "file:///app/my%20main.ts:3:7",
    "http://localhost:5173/src/page.ts?t=17:4:2",
    "worker.js:12:1",
  ]);
  assertEquals(locationsOf(JSC), ["/lib/src/spawn.ts:10:5", "http://localhost/app.js:1:2", "/app/main.ts:9:1"]);
});

Deno.test("homeOf() knows sources, the cache of JSR and the npm package, and that a bundle is none", () => {
  const home = (url: string) => homeOf(url);
  assertEquals(home("file:///a%20b/src/inspect/misuse/place.ts"), "/a b/src/");
  assertEquals(
    home("https://jsr.io/@taskscope/taskscope/0.1.0/src/inspect/misuse/place.ts"),
    "https://jsr.io/@taskscope/taskscope/0.1.0/src/",
  );
  assertEquals(
    home("file:///app/node_modules/.pnpm/x/node_modules/@taskscope/taskscope/chunk-AB.js"),
    "/app/node_modules/.pnpm/x/node_modules/@taskscope/taskscope/",
  );
  assertEquals(home("file:///app/dist/worker.js"), null);
  assertEquals(home("undefined"), null);
});

Deno.test("placeOf() skips the files of the library", () => {
  const [here = ""] = locationsOf(new Error().stack ?? "");
  const file = here.replace(/:\d+:\d+$/, "");
  const place = placeOf({ boundaries: [] });
  assertEquals(place?.startsWith(`${file}:`), true, `${place} ${file}`);
  assertEquals(placeOf({ boundaries: [], library: file.replace(/^file:\/\/|tests\/.*/g, "") }), undefined);
});

Deno.test("placeOf() cuts the stack of a bundle at the public function that was called", () => {
  function inner(): string | undefined {
    return placeOf({ boundaries: [() => {}, outer], library: null });
  }
  function outer(): string | undefined {
    return inner();
  }
  const line = Number(/:(\d+):\d+$/.exec(locationsOf(new Error().stack ?? "")[0] ?? "")?.[1]) + 1;
  assertMatch(outer() ?? "", new RegExp(`misuse_place_test\\.ts:${line}:`));
  assertEquals(placeOf({ boundaries: [() => {}], library: null }), undefined);
});

Deno.test("placeOf() is undefined where somebody makes something else of stacks", () => {
  const errors = Error as unknown as { prepareStackTrace: unknown; stackTraceLimit: number };
  const { prepareStackTrace, stackTraceLimit } = errors;
  try {
    errors.prepareStackTrace = () => [];
    assertEquals(placeOf({ boundaries: [] }), undefined);
    errors.prepareStackTrace = () => {
      throw new Error("no");
    };
    assertEquals(placeOf({ boundaries: [] }), undefined);
  } finally {
    errors.prepareStackTrace = prepareStackTrace;
  }
  assertEquals(errors.stackTraceLimit, stackTraceLimit);
});
