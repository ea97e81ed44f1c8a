import { assertEquals } from "@std/assert";
import { parseTraceParent } from "@taskscope/taskscope/http";
import { formatTraceParent } from "../../src/http/trace_parent.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

Deno.test("parseTraceParent() takes what the W3C allows", () => {
  assertEquals(parseTraceParent(`00-${TRACE}-${PARENT}-01`), { traceId: TRACE, parentId: PARENT, flags: 1 });
  assertEquals(parseTraceParent(`cc-${TRACE}-${PARENT}-00-later`)?.flags, 0);
});

Deno.test("parseTraceParent() takes of a later version only the flag that is known", () => {
  assertEquals(parseTraceParent(`cc-${TRACE}-${PARENT}-ff-what`)?.flags, 1);
  assertEquals(parseTraceParent(`01-${TRACE}-${PARENT}-fe`)?.flags, 0);
  assertEquals(parseTraceParent(`00-${TRACE}-${PARENT}-03`)?.flags, 3);
});

Deno.test("parseTraceParent() refuses everything else", () => {
  for (
    const header of [
      null,
      "",
      `ff-${TRACE}-${PARENT}-01`,
      `00-${TRACE}-${PARENT}-01-more`,
      `00-${TRACE.toUpperCase()}-${PARENT}-01`,
      `00-${"0".repeat(32)}-${PARENT}-01`,
      `00-${TRACE}-${"0".repeat(16)}-01`,
      `cc-${TRACE}-${PARENT}-01${"-x".repeat(1_000)}`,
      `00-${TRACE}-${PARENT}-01\n`,
    ]
  ) assertEquals(parseTraceParent(header), undefined, `${header}`);
});

Deno.test("formatTraceParent() writes what parseTraceParent() reads", () => {
  for (const flags of ["00", "01", "0f", "ff"]) {
    const header = `00-${TRACE}-${PARENT}-${flags}`;
    const trace = parseTraceParent(header);
    assertEquals(trace && formatTraceParent(trace), header);
  }
});
