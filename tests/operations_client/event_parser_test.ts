import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { EventParser } from "../../src/http/operations_client/event_parser.ts";

const encoder = new TextEncoder();

function parse(...pieces: Uint8Array[]) {
  const parser = new EventParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

Deno.test("EventParser reads fields, comments and every kind of line end", () => {
  const text = [
    "\uFEFF: hello\r\n\r\n",
    "event:operation\rid: 3\rdata: a\rdata:b\rretry: 250\r\r",
    "data\n\n",
    "event: nothing\n\n",
    "unknown: x\nretry: soon\ndata:  two spaces: and colons\n\n",
  ].join("");
  assertEquals(parse(encoder.encode(text)), [
    { event: "operation", data: "a\nb", retry: 250 },
    { event: "message", data: "", retry: undefined },
    { event: "message", data: " two spaces: and colons", retry: undefined },
  ]);
});

Deno.test("EventParser drops an event that was cut off", () => {
  assertEquals(parse(encoder.encode('data: {"a":1}\n\ndata: {"a"')), [{
    event: "message",
    data: '{"a":1}',
    retry: undefined,
  }]);
  assertEquals(parse(encoder.encode("data: 1\n")), []);
});

Deno.test("EventParser: where a stream is cut into pieces changes nothing", () => {
  const line = fc.constantFrom(
    "data: ü€😀",
    "data:x",
    "event: operation",
    ": comment",
    "retry: 5",
    "",
    "",
    "id: 1",
    "data",
  );
  const end = fc.constantFrom("\n", "\r\n", "\r");
  const stream = fc.array(fc.tuple(line, end), { maxLength: 30 });
  fc.assert(fc.property(stream, fc.array(fc.nat(400), { maxLength: 12 }), (lines, cuts) => {
    // A lone \r as the very last byte may be half of a line's end, whole or in pieces.
    const bytes = encoder.encode(`${lines.map(([text, ending]) => text + ending).join("")}:`);
    const places = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length];
    const pieces = places.slice(1).map((place, index) => bytes.slice(places[index], place));
    assertEquals(parse(...pieces), parse(bytes));
  }));
});
