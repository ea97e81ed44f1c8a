/** The picture in a real browser, with its fonts. What a person would see is in tests/screenshots/ afterwards. */
import { assertEquals } from "@std/assert";
import { type LifecycleEvent, renderTimeline } from "@taskscope/taskscope/inspect";
import type { Browser } from "playwright-core";
import { chromiumMissing, startChromium } from "../../tools/servers/chromium.ts";
import { everything, load, Story } from "./timeline_samples.ts";

const SCREENSHOTS = new URL("../screenshots/", import.meta.url);
const HIGHEST = 2_000; // of a screenshot, in pixels: what is below looks the same
const missing = chromiumMissing();

/** Texts that overlap, and texts that are not inside the picture, as the browser lays them out. */
const PROBLEMS = `(() => {
  const { width, height } = document.documentElement.viewBox.baseVal;
  const boxes = [...document.querySelectorAll("text")].filter((text) => text.textContent.trim() !== "")
    .map((text) => ({ text: text.textContent, box: text.getBBox() })).sort((a, b) => a.box.y - b.box.y);
  const problems = boxes.filter(({ box }) => box.x < 0 || box.x + box.width > width || box.y + box.height > height)
    .map(({ text }) => text + " is outside");
  boxes.forEach(({ text, box }, index) => {
    for (const other of boxes.slice(index + 1)) {
      const { box: { x, y, width, height } } = other;
      if (y > box.y + box.height) break;
      const high = Math.min(box.y + box.height, y + height) - Math.max(box.y, y);
      const wide = Math.min(box.x + box.width, x + width) - Math.max(box.x, x);
      if (wide > 1 && high > 0.35 * Math.min(height, box.height)) problems.push(text + " overlaps " + other.text);
    }
  });
  return problems;
})()`;

async function look(browser: Browser, name: string, events: LifecycleEvent[]): Promise<void> {
  const svg = renderTimeline(events, { title: name });
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  const viewport = { width: Number(width), height: Math.min(HIGHEST, Number(height)) };
  const page = await browser.newPage({ viewport });
  const problems: string[] = [];
  page.on("request", (request) => void problems.push(request.url()));
  page.on("console", (message) => void problems.push(message.text()));
  page.on("pageerror", (error) => void problems.push(String(error)));
  await page.route("**", (route) => route.fulfill({ body: svg, contentType: "image/svg+xml" }));
  await page.goto("http://timeline.test/");
  const colors: unknown[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    colors.push(await page.evaluate(`getComputedStyle(document.querySelector(".ts-background")).fill`));
    const path = new URL(`timeline_${name.replaceAll(" ", "_")}_${colorScheme}.png`, SCREENSHOTS).pathname;
    await page.screenshot({ path });
  }
  assertEquals(colors, ["rgb(255, 255, 255)", "rgb(16, 21, 27)"]);
  assertEquals(await page.evaluate(PROBLEMS), [], name);
  assertEquals(problems, ["http://timeline.test/"], "loads nothing but itself");
  await page.close();
}

Deno.test({
  name: `timeline in Chromium${missing ? `: skipped, ${missing}` : ""}`,
  ignore: missing !== undefined,
  async fn() {
    await Deno.mkdir(SCREENSHOTS, { recursive: true });
    const names = new Story();
    const root = names.spawn(0, "W".repeat(99), { deadline: 50 });
    for (
      const name of ["漢字の名前".repeat(12), "\u{1f600}".repeat(30), "<script>alert(1)</script>\x1b[31m\n\u202eabc"]
    ) {
      names.settle(70, names.spawn(1, name, { parent: root, deadline: 40 }), "failed", { message: name });
    }
    const browser = await startChromium();
    try {
      await look(browser, "everything", everything());
      await look(browser, "names", names.events);
      await look(browser, "70 tasks", load(70));
      await look(browser, "500 tasks", load(500));
    } finally {
      await browser.close();
    }
  },
});
