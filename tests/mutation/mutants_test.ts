import { assertEquals } from "@std/assert";
import { loadTypeScript } from "../../tools/lib/typescript.ts";
import { ROOT } from "../../tools/lib/command.ts";
import { mutate } from "../../tools/mutate/mutants.ts";
import { explained } from "./explained.ts";

const CODE = `
function last(list) {
  let at = list?.items.length ?? 0;
  at--;
  if (at < 0 || list.isOver) return "none";
  return list.items[at];
}`;

Deno.test("mutate() puts all mutants of a file into one text, of which one is chosen at run time", async () => {
  const { code, mutants } = mutate(await loadTypeScript(), "last.js", CODE, 1);
  const run = (chosen: number, ...args: unknown[]) => {
    const last = new Function("isMutant", `${code}; return last;`)((id: number) => id === chosen);
    try {
      return last(...args);
    } catch {
      return "throws";
    }
  };
  const list = { items: ["a", "b"] };
  assertEquals([run(0), run(0, { items: [] }), run(0, list), run(0, { ...list, isOver: true })], [
    "none",
    "none",
    "b",
    "none",
  ]);
  const result = new Map(mutants.map(({ id, key }) => [key, [run(id), run(id, list), run(id, { items: ["a"] })]]));
  assertEquals(result.get("at: list?.items.length → list.items.length"), ["throws", "b", "a"]);
  assertEquals(result.get("last: at--; → nothing"), ["throws", undefined, undefined]);
  assertEquals(result.get("last: at < 0 → at <= 0"), ["none", "b", "none"]);
  assertEquals(result.get("last: list.items[at] → undefined"), ["none", undefined, undefined]);
  assertEquals(mutants.every(({ line }) => line > 1), true);
});

Deno.test("mutate() tells mutants of the same text apart", async () => {
  const { mutants } = mutate(await loadTypeScript(), "two.js", "function two() { run(true); run(true); }", 1);
  const keys = mutants.map(({ key }) => key).filter((key) => key.includes("false"));
  assertEquals(keys, ["two: true → false", "two: true → false (2)"]);
});

Deno.test("what is explained is a mutant that there is", async () => {
  const compiler = await loadTypeScript();
  for (const [file, keys] of Object.entries(explained)) {
    const { mutants } = mutate(compiler, file, await Deno.readTextFile(`${ROOT}${file}`), 1);
    const known = new Set(mutants.map(({ key }) => key));
    assertEquals(Object.keys(keys).filter((key) => !known.has(key)), [], file);
  }
});
