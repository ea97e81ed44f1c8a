/** The picture: well-formed, inert, the same every time, and legible. What it looks like: timeline_browser_test.ts. */
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type EndState, type LifecycleEvent, renderTimeline, renderTimelineText } from "@taskscope/taskscope/inspect";
import { SaxesParser } from "npm:saxes@6.0.0";
import type { Label, PlacedPanel } from "../../src/inspect/timeline_geometry.ts";
import { layOut } from "../../src/inspect/timeline_layout.ts";
import { columns } from "../../src/inspect/columns.ts";
import { pixels } from "../../src/inspect/timeline_measure.ts";
import { readModel } from "../../src/inspect/timeline_model.ts";
import { interestOf } from "../../src/inspect/timeline_facts.ts";
import { PALETTES } from "../../src/inspect/timeline_palette.ts";
import { arrange } from "../../src/inspect/timeline_rows.ts";
import { everything, load, random, START, Story } from "./timeline_samples.ts";

const ELEMENTS = "svg title desc style defs pattern symbol rect path circle g text tspan use".split(" ");
const NASTY = [
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "'/><svg onload='alert(1)'>",
  "]]><script>1</script><![CDATA[",
  "</title></style></svg><script>1</script>",
  "--><!-- & &amp; &#60;script&#62; &x;",
  "\x1b[31mred\x1b[0m\x9b2J\x07",
  "line\nline\r\nline\u2028line\u2029line\tend",
  "\u202egnp.exe\u2066\u2069\u200f\ufeff",
  "\ud800 alone \udc00",
  "\u0000\u0001\u007f\u0085\ufffe\uffff",
  "javascript:alert(1) url(https://evil.example/x) @import 'x'; }",
  "%3Cscript%3E ${alert(1)} {{constructor}}",
];

/** Parses strictly, and returns the elements in order. */
function parse(svg: string): { name: string; attributes: Record<string, string> }[] {
  const elements: { name: string; attributes: Record<string, string> }[] = [];
  const parser = new SaxesParser();
  parser.on("error", (error) => {
    throw error;
  });
  parser.on("opentag", ({ name, attributes }) => void elements.push({ name, attributes }));
  parser.write(svg).close();
  return elements;
}

/** Every text there is, hostile. */
function hostile(text: string): LifecycleEvent[] {
  return everything().map((event): LifecycleEvent => {
    switch (event.type) {
      case "spawn":
        return { ...event, name: text, stack: text };
      case "cancel":
        return { ...event, origin: text, reason: text };
      case "settle":
      case "abandon":
      case "late-settle":
      case "error":
        return { ...event, message: text };
      default:
        return event;
    }
  });
}

function panels(events: readonly LifecycleEvent[], width = 1_280): PlacedPanel[] {
  return layOut(arrange(readModel(events), [{ at: START + 300, title: "The second part" }], 600), width, 100);
}

Deno.test("renderTimeline() is well-formed XML that loads and runs nothing", () => {
  assertThrows(() => parse("<svg>&x;</svg>"));
  for (const theme of ["auto", "light", "dark"] as const) {
    for (const events of [[], everything(), load(60), theme === "auto" ? load(3_000) : load(5)]) {
      const elements = parse(renderTimeline(events, { theme }));
      assertEquals(elements[0]?.attributes.role, "img");
      for (const { name, attributes } of elements) {
        assert(ELEMENTS.includes(name), name);
        for (const [key, value] of Object.entries(attributes)) {
          assert(!/^on/i.test(key), key);
          if (key !== "xmlns") assert(!/https?:|javascript:|data:/i.test(value), value);
          if (/href/.test(key)) assert(value.startsWith("#ts-"), value);
        }
      }
    }
  }
});

Deno.test("renderTimeline() makes whatever strangers wrote inert", () => {
  const plain = parse(renderTimeline(hostile("x"), { title: "x", chapters: [{ at: 0, title: "x" }] }));
  for (const text of NASTY) {
    const svg = renderTimeline(hostile(text), { title: text, chapters: [{ at: 0, title: text }] });
    const elements = parse(svg);
    // deno-lint-ignore no-control-regex -- they are the point
    assert(!/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff]/.test(svg), text);
    assert(svg.isWellFormed());
    const names = (all: typeof elements) => [...new Set(all.map(({ name }) => name))].sort().join(" ");
    assertEquals(names(elements), names(plain), text);
    assertEquals(svg.match(/<(style|title|script|a|image|foreignObject)\b/g)?.filter((tag) => tag === "<script"), []);
  }
});

Deno.test("renderTimeline() draws any sequence of events", () => {
  const next = random(42);
  const choose = <T>(...of: T[]): T => of[Math.floor(next() * of.length)] as T;
  const event = (): LifecycleEvent => {
    const at = choose(START, START + next() * 1e3, START + next() * 1e3, START - next() * 1e5, NaN, 1e300, -1);
    const id = () => Math.floor(next() * 9) - 1;
    const state = choose<EndState>("succeeded", "failed", "canceled");
    const message = choose(null, "", "why");
    const base = { at, id: id() };
    return choose<LifecycleEvent>(
      {
        ...{
          ...base,
          type: "spawn",
          parent: choose(null, id()),
          spawner: choose(null, id()),
          name: choose("", "task"),
        },
        ...{ kind: choose("scope", "task", "detached", "shield"), queued: choose(true, false) },
        deadline: choose(null, at, at + 50, 1e300, NaN),
      },
      { ...base, type: "start" },
      { ...base, type: "cancel", kind: choose("canceled", "sibling-failed", "deadline"), origin: "x", reason: "y" },
      { ...base, type: "deadline" },
      { ...base, type: "settle", state, late: choose(true, false), by: choose(null, id()), message },
      { ...base, type: "abandon", message: "ignored" },
      { ...base, type: "late-settle", state, message },
      { ...base, type: "error", phase: "body", message: "told" },
    );
  };
  for (let round = 0; round < 150; round++) {
    const events = Array.from({ length: 1 + Math.floor(next() * 40) }, event);
    const svg = renderTimeline(events, { maxLanes: choose(2, 100) });
    parse(svg);
    assert(!/NaN|Infinity|undefined/.test(svg), JSON.stringify(events));
    for (const line of renderTimelineText(events, { width: 80 }).split("\n")) assert(columns(line) <= 80);
  }
});

Deno.test("renderTimeline() cuts texts of a megabyte", () => {
  const long = hostile("<&\u{1f600}".repeat(250_000));
  assert(renderTimeline(long).length < 150_000);
});

Deno.test("renderTimeline() draws the same events the same way", () => {
  assertEquals(renderTimeline(load(300)), renderTimeline(load(300)));
  assertEquals(renderTimeline(new Set(everything())), renderTimeline(everything()));
});

Deno.test("renderTimeline() says in words what the picture shows", () => {
  const svg = renderTimeline(everything(), { title: "One page" });
  assertStringIncludes(svg, "<title>One page</title>");
  assertStringIncludes(
    svg,
    "3 outlived their request (page/audit, user/mail, page/index); 2 missed their deadline (page/feed",
  );
  assertStringIncludes(
    svg,
    "<title>mail (detached task): abandoned\npage/user/mail\nfrom 40 ms, to 1 s; spawned 2026-",
  );
  assertStringIncludes(svg, "page was canceled (feed failed), which reached 2");
  assertStringIncludes(svg, ">end of page<");
  assertStringIncludes(renderTimeline([]), "nothing was recorded");
});

Deno.test("renderTimeline() follows the system, or the theme it is given", () => {
  const { light, dark } = PALETTES;
  const has = (svg: string) => [svg.includes(light.background), svg.includes(dark.background)];
  const events = everything();
  assertEquals(has(renderTimeline(events)), [true, true]);
  assertEquals(has(renderTimeline(events, { theme: "light" })), [true, false]);
  assertEquals(has(renderTimeline(events, { theme: "dark" })), [false, true]);
  assertStringIncludes(renderTimeline(events), "@media screen and (prefers-color-scheme:dark)"); // not on paper
});

Deno.test("renderTimeline() has no name or id that a second picture in the same page would take away", () => {
  const svg = renderTimeline(everything(), { title: "One & all" });
  assert(!svg.includes("aria-labelledby"));
  const ids = parse(svg).flatMap(({ attributes: { id } }) => id === undefined ? [] : [id]).sort();
  const others = parse(renderTimeline([], { title: "Nothing" })).flatMap(({ attributes: { id } }) => id ?? []).sort();
  assertEquals(ids, others, "only what is the same in all pictures has one");
  assertStringIncludes(svg, "<title>One &amp; all</title><desc>");
});

Deno.test("renderTimeline() labels everything that is special, also among 500 others", () => {
  const story = new Story();
  const root = story.spawn(0, "batch");
  for (let index = 0; index < 500; index++) {
    const isLate = index % 100 < 3;
    const id = story.spawn(1, `job ${index}`, { parent: root, ...(isLate && { deadline: 20 }) });
    story.settle(isLate ? 40 : 10, id, isLate ? "failed" : "succeeded");
  }
  story.settle(60, story.spawn(2, "audit", { kind: "detached", spawner: root, deadline: 90 }));
  story.settle(50, root);
  const rows = panels(story.events).flatMap((panel) => panel.rows);
  const special = rows.filter(({ lane }) => lane && interestOf(lane) > 0);
  assertEquals(special.length, 16);
  assertEquals(special.filter(({ label, notes }) => !label || notes.length === 0).map(({ lane }) => lane?.name), []);
});

Deno.test("renderTimeline() gives the longest note the room it takes, wherever its bar ends", () => {
  for (let width = 640; width < 700; width++) {
    const story = new Story();
    story.spawn(0, "x");
    assertStringIncludes(renderTimeline(story.events, { width }), ">still running after 1 ms<", `${width}`);
  }
});

Deno.test("renderTimeline() does not repeat itself where somebody canceled without a reason", () => {
  const story = new Story();
  const page = story.spawn(0, "page");
  const task = story.spawn(1, "task", { parent: page });
  const reason = '"page" was canceled';
  story.tell({ type: "cancel", at: 9, id: page, kind: "canceled", origin: "page", reason });
  story.settle(9, task, "canceled", { by: page, message: reason });
  story.settle(10, page, "canceled", { by: page, message: reason });
  const svg = renderTimeline(story.events);
  assertStringIncludes(svg, ">canceled</tspan>");
  assertStringIncludes(svg, ">canceled by page</tspan>");
  assertStringIncludes(svg, "<title>page was canceled, which reached 1</title>");
  assert(!svg.includes("canceled: canceled"));
  assertStringIncludes(svg, "2 were canceled (page, page/task by page)");
});

Deno.test("renderTimeline() refuses options that make no sense", () => {
  const wrong = (options: object, error: typeof TypeError | typeof RangeError, message: string) =>
    assertThrows(() => renderTimeline([], options), error, message);
  wrong({ theme: "pink" }, TypeError, "theme must be auto or light or dark");
  wrong({ width: 100 }, RangeError, "width must be between 640 and 4000");
  wrong({ title: "" }, TypeError, "a title must be a non-empty string");
  wrong({ maxLanes: 0 }, RangeError, "maxLanes");
  wrong({ now: NaN }, RangeError, "now");
  wrong({ colour: 1 }, TypeError, "the options are title, theme");
});

Deno.test("renderTimeline() keeps its size within bounds, and its time about linear", () => {
  const big = load(3_700);
  assert(big.length > 9_500, `${big.length} events`);
  const heightOf = (events: LifecycleEvent[]) => Number(/height="(\d+)"/.exec(renderTimeline(events))?.[1]);
  assert(heightOf(load(500)) < 8_000);
  assert(heightOf(big) < 16_000, "no higher than what browsers can draw");
  const deep = new Story();
  for (let depth = 0, parent: number | undefined; depth < 4_000; depth++) {
    parent = deep.spawn(depth, `level ${depth}`, parent === undefined ? {} : { parent });
  }
  assert(renderTimeline(deep.events).length < 2e6);
});

Deno.test("renderTimeline() folds with a row that says so", () => {
  const story = new Story();
  const root = story.spawn(0, "root");
  for (let task = 0; task < 20; task++) story.settle(task + 1, story.spawn(task, `task ${task}`, { parent: root }));
  const svg = renderTimeline(story.events, { maxLanes: 5 });
  assertStringIncludes(svg, ">16 more<");
  assertStringIncludes(svg, "16 succeeded");
});

Deno.test("the colors of a timeline: text has a contrast of 4.5, everything else of 3", () => {
  for (const [theme, palette] of Object.entries(PALETTES)) {
    const { background, card, text, muted, alarm, cancel, past, lanes } = palette;
    for (const behind of [background, card]) {
      for (const color of [text, muted, alarm, cancel, past]) {
        assert(contrast(color, behind) >= 4.5, `${theme}: ${color} on ${behind}: ${contrast(color, behind)}`);
      }
      for (const [state, color] of Object.entries(lanes)) {
        assert(contrast(color, behind) >= 3, `${theme}: ${state} on ${behind}: ${contrast(color, behind)}`);
      }
    }
  }
});

Deno.test("no two labels of a timeline overlap, and none is outside of it", () => {
  const names = new Story();
  const root = names.spawn(0, "W".repeat(300));
  for (const name of ["漢字".repeat(50), "\u{1f600}".repeat(40), "i".repeat(400), "Ж".repeat(90)]) {
    names.settle(50, names.spawn(1, name, { parent: root, deadline: 40 }), "failed", { message: name });
  }
  const short = new Story(); // so little is said of it that its time goes far to the right
  short.settle(1_000, short.spawn(0, "page"));
  for (const width of [640, 1_280, 2_000]) {
    for (
      const events of [names.events, short.events, everything(), load(30), load(70), load(150), load(500), load(900, 7)]
    ) {
      const labels = panels(events, width).flatMap(labelsOf);
      for (const { x, width: wide, text } of labels) assert(x >= 0 && x + wide <= width, `${text} at ${x}`);
      for (const [one, other] of overlaps(labels)) assert(false, `"${one.text}" and "${other.text}" overlap`);
    }
  }
});

function labelsOf({ title, moment, ticks, axis, rows, ends }: PlacedPanel): Label[] {
  const axisLabels = ticks.filter(({ text }) => text !== "").map(({ text, x }) => ({
    text,
    x: x - pixels(text, 11) / 2,
    y: axis,
    size: 11,
    width: pixels(text, 11),
  }));
  axisLabels.push(moment);
  const found = [title, ...axisLabels, ...rows.flatMap(({ label, notes }) => [label, ...notes])];
  return [...found, ...ends.map(({ label }) => label)].filter((label) => label !== undefined);
}

function overlaps(labels: readonly Label[]): [Label, Label][] {
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  const found: [Label, Label][] = [];
  for (const [index, one] of sorted.entries()) {
    for (let next = index + 1; next < sorted.length; next++) {
      const other = sorted[next] as Label;
      if (other.y - one.y >= (one.size + other.size) / 2) break;
      if (one.x + one.width > other.x + 0.5 && other.x + other.width > one.x + 0.5) found.push([one, other]);
    }
  }
  return found;
}

/** As the Web Content Accessibility Guidelines define it. */
function contrast(one: string, other: string): number {
  const [light = 0, dark = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = parseInt(color.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
