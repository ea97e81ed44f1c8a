import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { inertText, logText } from "../../src/inert_text.ts";
import { xml } from "../../src/inspect/escape.ts";

/** Everything that moves a cursor, breaks a line, hides, or turns the direction of text. */
const HARMFUL =
  // deno-lint-ignore no-control-regex -- they are what must not be there
  /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/u;

Deno.test("inertText: control characters and line breaks are shown, not sent", () => {
  assertEquals(inertText("\x1b[31mred\x1b[0m"), "\\u{1b}[31mred\\u{1b}[0m");
  assertEquals(inertText("one\ntwo\r\n\tthree\0\x07\x9b"), "one\\ntwo\\r\\n\\tthree\\u{0}\\u{7}\\u{9b}");
  assertEquals(inertText("a\u2028b\u2029c\u0085d"), "a\\u{2028}b\\u{2029}c\\u{85}d");
});

Deno.test("inertText: what turns or hides text is shown", () => {
  assertEquals(inertText("user\u202egnp.exe"), "user\\u{202e}gnp.exe");
  assertEquals(
    inertText("\u2066a\u2069\u200b\ufeff\u{e0041}\u00ad"),
    "\\u{2066}a\\u{2069}\\u{200b}\\u{feff}\\u{e0041}\\u{ad}",
  );
});

Deno.test("inertText: lone surrogates are replaced, pairs are left alone", () => {
  assertEquals(inertText("a\ud800b\udc00c 😀 é 漢"), "a\ufffdb\ufffdc 😀 é 漢");
  assertEquals(inertText("\uffff\ufdd0\u{1fffe}"), "\\u{ffff}\\u{fdd0}\\u{1fffe}");
});

Deno.test("inertText: long texts are cut, never in the middle of a character", () => {
  assertEquals(inertText("abcdef", 6), "abcdef");
  assertEquals(inertText("abcdefg", 6), "abcde…");
  assertEquals(inertText("abcd😀g", 6), "abcd…");
  assertEquals(inertText("x".repeat(1_000_000)).length, 200);
  assertEquals(inertText("\x1b".repeat(1_000_000), 50).length, 50);
  assertEquals([inertText("abc", 1), inertText("abc", 0), inertText("", 1)], ["…", "", ""]);
});

Deno.test("xml: nothing in it is markup", () => {
  assertEquals(
    xml(`<script>alert("1")</script> & 'x' ]]> \``),
    "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39; ]]&gt; &#96;",
  );
  assertEquals(xml("\x00\x0b\ufffe\ud800"), "\\u{0}\\u{b}\\u{fffe}\ufffd");
});

Deno.test("inertText and xml: any text is harmless, and no longer than asked for", () => {
  const nasty = fc.string({
    unit: fc.oneof(
      fc.constantFrom("<", "]]>", "&", "\x1b", "\r", "\ud83d", "\ude00", "\u202e", "'"),
      fc.string({ unit: "binary" }),
    ),
    maxLength: 60,
  });
  fc.assert(fc.property(nasty, fc.integer({ min: 0, max: 70 }), (text, max) => {
    const shown = inertText(text, max);
    assert(shown.length <= max && !HARMFUL.test(shown));
    assert(!HARMFUL.test(xml(text)) && !/[<>"'`]/.test(xml(text)));
    assert(xml(text).replace(/&(amp|lt|gt|quot|#39|#96);/g, "").indexOf("&") < 0);
    assertEquals(inertText(inertText(text, Infinity), Infinity), inertText(text, Infinity));
  }));
});

Deno.test("logText() has no directive of console, and what console prints is the text", () => {
  assertEquals(logText("100% %c %s\n\u{1b}[2J", 40), "100%% %%c %%s\\n\\u{1b}[2J");
});
