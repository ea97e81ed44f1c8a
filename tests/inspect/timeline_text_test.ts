/** The timeline for terminals. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type LifecycleEvent, renderTimelineText } from "@taskscope/taskscope/inspect";
import { columns, fit } from "../../src/inspect/columns.ts";
import { pixels } from "../../src/inspect/timeline_measure.ts";
import { everything, load, START, Story } from "./timeline_samples.ts";

/** Without the summary above and the legend below. */
function drawing(text: string): string[] {
  return text.split("\n\n").slice(1, -1).join("\n\n").split("\n");
}

Deno.test("renderTimelineText() shows what outlived the request, who was canceled by whom, and what missed", () => {
  const text = renderTimelineText(everything(), { title: "One page", width: 100 });
  assertEquals(text.split("\n").slice(0, 2), [
    "One page",
    "9 scopes and tasks in 1.1 s · 3 outlived their request (page/audit, user/mail, page/index)",
  ]);
  assertEquals(drawing(text), [
    "             0                   500 ms               1 s",
    "page         ━━━━━━━━━━━━━━━━◉━━━━━               ◇         ✗ feed failed, so the others were cance…",
    "├─ user      ███████████     │    ┊                         ✓ 248 ms",
    "│  └─ ⇢ mail  ████████████████████╫███◆████▒▒▒▒▒▒▒▒▒▒▒▒     ! missed its deadline of 560 ms by 400…",
    "├─ feed      ████████████████◆    ┊                         ✗ missed its deadline of 397 ms by 2 ms…",
    "├─ ads       ░░░░░▓▓▓▓▓▓▓▓▓▓▓▼▓   ┊                         ⊘ canceled by page: feed failed · 416 m…",
    "├─ never     ░░░░░░░░░░░░░░░░▼    ┊                         ⊘ canceled by page: feed failed · 399 m…",
    "├─ ⊞ save    ██████████████████████       ◇                 ✓ shielded from the cancellation of pag…",
    "├─ ⇢ audit    ████████████████████╫████████████████         ✓ outlived page by 379 ms · 870 ms · de…",
    "└─ ⇢ index     ███████████████████╫████████████████████████ ▶ outlived page by 579 ms · still runni…",
  ]);
  assertStringIncludes(text, "╫ outlived it");
});

Deno.test("renderTimelineText() keeps to its width, in columns, and has no colors unless asked", () => {
  const wide = new Story();
  const root = wide.spawn(0, "漢字の名前".repeat(20));
  wide.settle(9, wide.spawn(1, "\u{1f600} e\u0301".repeat(30), { parent: root }), "failed", {
    message: "語".repeat(99),
  });
  for (const events of [[], everything(), load(40), load(400), wide.events]) {
    for (const width of [40, 60, 100, 237]) {
      const text = renderTimelineText(events, { width, title: "語".repeat(150) });
      for (const line of text.split("\n")) assert(columns(line) <= width, `${columns(line)} > ${width}: ${line}`);
      assert(!text.includes("\x1b"));
    }
  }
  const plain = renderTimelineText(everything(), { width: 80 });
  const colored = renderTimelineText(everything(), { width: 80, color: true });
  const sizeless = (text: string) => text.replace(/ +$/gm, "");
  // deno-lint-ignore no-control-regex -- what is taken away
  assertEquals(sizeless(colored.replace(/\x1b\[\d+m/g, "")), sizeless(plain));
  assert(columns(renderTimelineText(everything()).split("\n")[0] ?? "") <= 1_000, "of this terminal, or 100");
});

Deno.test("renderTimelineText() makes whatever strangers wrote inert", () => {
  for (
    const text of [
      "\x1b[2J\x1b[31m",
      "a\nb\r\nc\u2028d",
      "\u202egnp\u2066",
      "\ud800",
      "\x9b1m\x07\u0000",
      "x".repeat(1e6),
    ]
  ) {
    const events = everything().map((event): LifecycleEvent => {
      if (event.type === "spawn") return { ...event, name: text };
      if (event.type === "cancel") return { ...event, origin: text, reason: text };
      return "message" in event ? { ...event, message: text } : event;
    });
    const shown = renderTimelineText(events, { title: text, chapters: [{ at: 0, title: text }], width: 100 });
    // deno-lint-ignore no-control-regex -- they are the point
    assert(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/.test(shown), JSON.stringify(shown));
    assert(shown.isWellFormed());
    assertEquals(drawing(shown).length, 11, "as many lines as rows: a name does not add one");
  }
});

Deno.test("renderTimelineText() has chapters, folds, and refuses options that make no sense", () => {
  const chapters = [{ at: START, title: "The first" }, { at: START + 200, title: "The second" }];
  const text = renderTimelineText(load(600), { chapters, maxLanes: 20, width: 100, now: START + 9_000 });
  assertStringIncludes(text, "\n\nThe first\n");
  assertStringIncludes(text, "\n\nThe second\n");
  assert(/\n(├─ |└─ )?\+ \d+ more +░+ +\d+ [a-z]+/.test(text), text);

  const deep = new Story();
  for (let depth = 0, parent: number | undefined; depth < 30; depth++) {
    parent = deep.spawn(depth, `level ${depth}`, parent === undefined ? {} : { parent });
  }
  assertStringIncludes(renderTimelineText(deep.events, { width: 120 }), "\n…                └─ level 29");

  for (const width of [60, 80]) {
    assertStringIncludes(
      renderTimelineText(deep.events, { width }),
      "└─ level",
      "a name has room below a deep tree, too",
    );
  }

  const wrong = (options: object, error: typeof TypeError | typeof RangeError, message: string) =>
    assertThrows(() => renderTimelineText([], options), error, message);
  wrong({ width: 10 }, RangeError, "width must be between 40 and 1000");
  wrong({ color: "yes" }, TypeError, "color must be true or false");
  wrong({ theme: "dark" }, TypeError, "the options are title, width");
});

Deno.test("columns(), pixels() and fit() measure and cut", () => {
  assertEquals(["abc", "漢字", "\u{17000}", "e\u0301", "\u{1f600}", "é", "…"].map(columns), [3, 4, 2, 1, 2, 1, 1]);
  assertEquals(["", "i", "W", "漢", "e\u0301"].map((text) => pixels(text, 100)), [0, 28, 99, 130, 62]);
  assertEquals([3, 2, 1, 0].map((width) => fit("漢a", width, columns)), ["漢a", "", "", ""]);
  assertEquals([9, 4, 3].map((width) => fit("one two", width, columns)), ["one two", "one…", "on…"]);
});
