import { assertEquals, assertThrows } from "@std/assert";
import { type EntrySize, sizesProblems, withSizes } from "../../tools/sizes.ts";

const EMPTY = "# Readme\n\n<!-- sizes: start -->\n<!-- sizes: end -->\n";
const OLD = ["README.md: the table of sizes is old, run: deno task sizes"];

const sizes = (inspect: number): EntrySize[] => [
  { entry: ".", all: 12_582, typical: 10_238 },
  { entry: "./inspect", all: inspect, typical: 14_500 },
];

Deno.test("sizesProblems() takes the table that withSizes() wrote, and one that is off by what rounding does", () => {
  const page = withSizes(EMPTY, sizes(10_190)); // 9.95 KB: the next byte is another digit, and another width
  assertEquals(sizesProblems(page, sizes(10_190)), []);
  assertEquals(sizesProblems(page, sizes(10_200)), []);
});

Deno.test("sizesProblems() finds a size that changed, an entry that is new, and a table that is not there", () => {
  const page = withSizes(EMPTY, sizes(51_200));
  assertEquals(sizesProblems(page, sizes(52_600)), OLD);
  assertEquals(sizesProblems(page, [...sizes(51_200), { entry: "./otel", all: 14_000, typical: 14_000 }]), OLD);
  assertEquals(sizesProblems(EMPTY, sizes(51_200)), OLD);
  assertThrows(() => sizesProblems("# Readme", sizes(51_200)), Error, "sizes: start");
});
