/** The live page in a real browser. What a person would see is in tests/screenshots/ afterwards. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { Recording } from "../examples/start/recording.ts";
import { fanOut } from "../examples/start/scenarios/fan_out.ts";
import { stuck } from "../examples/start/scenarios/stuck.ts";
import { uninterrupted } from "../examples/start/scenarios/transfer.ts";
import { uploadAndLeave } from "../examples/start/scenarios/upload.ts";
import { serve } from "../examples/start/server/server.ts";
import { startUpstream } from "../examples/start/server/upstream.ts";
import { Timeline } from "../examples/start/timeline.ts";
import { chromiumMissing, startChromium } from "../tools/servers/chromium.ts";
import { ATTACKS, serveInspector, startLiveApp } from "./inspect/live_app.ts";
import { check, shoot } from "./pages.ts";

const MANY = 5_000;
const MOST_ELEMENTS = 600;
const missing = chromiumMissing();

type Scheme = "light" | "dark";

/** What axe has to say. */
async function accessible(page: Page, when: string, ...schemes: Scheme[]): Promise<void> {
  if (await page.evaluate("typeof axe") === "undefined") await page.evaluate(axe.source); // the page forbids script elements
  for (const colorScheme of schemes) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    const where = when === "question" ? "'#details'" : "document"; // all else is as it was
    const { violations } = await page.evaluate(`axe.run(${where})`) as {
      violations: { id: string; help: string; nodes: { html: string; failureSummary: string }[] }[];
    };
    const said = violations.map(({ id, help, nodes }) =>
      `${id}: ${help}\n${JSON.stringify(nodes.slice(0, 3), null, 1)}`
    );
    assertEquals(said, [], `${when}, ${colorScheme}`);
  }
}

async function live(page: Page): Promise<void> {
  await page.locator('#link[data-state="live"]').waitFor();
}

function line(page: Page, name: string) {
  return page.locator('[role="treeitem"]', { has: page.getByText(name, { exact: true }) });
}

/** The text of the line that has the focus, or the id of the element. */
async function focused(page: Page): Promise<string> {
  return await page.evaluate("document.activeElement.id || document.activeElement.textContent");
}

Deno.test({
  name: `live page in Chromium${missing ? `: skipped, ${missing}` : ""}`,
  ignore: missing !== undefined,
  async fn() {
    const server = serveInspector({ cancel: true, stacks: true, patience: 300 });
    const endApp = await startLiveApp();
    const browser = await startChromium();
    try {
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      page.setDefaultTimeout(15_000);
      const problems: string[] = [];
      page.on("pageerror", (error) => void problems.push(String(error)));
      page.on("console", (message) => void (message.type() === "error" && problems.push(message.text())));

      await check("what runs, what has ended and what is wrong is there", async () => {
        await page.goto(server.url);
        await live(page);
        for (const name of ["POST /upload", "transcode", "posts", "query comments", "feed 6", "stuck export"]) {
          await line(page, name).waitFor();
        }
        assertStringIncludes(await line(page, "feed 6").innerText(), "queued");
        assertStringIncludes(await line(page, "stuck export").innerText(), "abandoned");
        assertStringIncludes(await line(page, "stock").innerText(), "stock answered 503");
        assertStringIncludes(await line(page, "transcode").innerText(), "from POST /upload");
        await page.locator("#alerts .what", { hasText: "cancellation-ignored" }).first().waitFor();
        await page.locator("#alerts .what", { hasText: "abandoned" }).first().waitFor();
        await page.locator("#announce", { hasText: "new warning" }).waitFor({ state: "attached" });
        await shoot(page, "inspector_1_tree");
        await accessible(page, "tree and warnings", "light", "dark");
      });

      await check("all of it can be done by keyboard", async () => {
        await page.reload();
        await live(page);
        await line(page, "posts").waitFor();
        await page.keyboard.press("Tab");
        await page.keyboard.press("Enter"); // skip to the tree
        await page.keyboard.press("Tab");
        assertStringIncludes(await focused(page), "scope POST /upload✓succeeded");
        await page.keyboard.press("ArrowDown");
        assertStringIncludes(await focused(page), "store file");
        await page.keyboard.press("End");
        assertStringIncludes(await focused(page), "reason◐canceling");
        await page.keyboard.press("Home");
        assertEquals(
          await page.locator("#tree").evaluate((tree) => (tree as unknown as { scrollTop: number }).scrollTop),
          0,
        );
        await page.keyboard.press("ArrowLeft"); // closes it
        await line(page, "store file").waitFor({ state: "detached" });
        await page.keyboard.press("ArrowRight");
        await line(page, "store file").waitFor();
        await page.keyboard.press("/");
        await page.keyboard.type("comments");
        await line(page, "import feeds").waitFor({ state: "detached" });
        assertEquals(await page.locator('[role="treeitem"]').count(), 3, "it, and what is above it");
        await page.keyboard.press("Control+A");
        await page.keyboard.press("Backspace");
        await line(page, "import feeds").waitFor();
        await page.selectOption("#state", "queued");
        await line(page, "user").waitFor({ state: "detached" });
        assertEquals(await page.locator('[role="treeitem"]:not(.beside)').count(), 3);
        await page.selectOption("#state", "");
      });

      await check("details: path, names of context keys, reasons, where it was spawned", async () => {
        await line(page, "transcode").click();
        const about = page.locator("#about");
        await about.getByText("POST /upload/transcode").waitFor();
        await about.getByText("trace-id").waitFor();
        await about.getByText("live_app.ts").first().waitFor();
        assert(!(await page.content()).includes("hunter2"), "the value of a context key is in the page");
        await shoot(page, "inspector_2_details");
        await line(page, "old report that ignores its signal").click();
        await about.getByText("GDPR request 77").waitFor();
        await accessible(page, "details", "light", "dark");
      });

      await check("Cancel asks, cancels, and says so", async () => {
        await line(page, "thumbnails").focus();
        await page.keyboard.press("Enter");
        await page.locator("#about").getByText("POST /upload/thumbnails").waitFor();
        await page.locator("#cancel").focus();
        await page.keyboard.press("Enter");
        assertEquals(await focused(page), "yes");
        await page.getByText("Cancel thumbnails?").waitFor();
        await shoot(page, "inspector_3_cancel");
        await accessible(page, "question", "light", "dark");
        await page.keyboard.press("Enter");
        await page.locator("#said", { hasText: "Canceled thumbnails." }).waitFor();
        await line(page, "thumbnails").locator(".state", { hasText: "canceled" }).waitFor();
        await page.keyboard.press("Escape");
        assertStringIncludes(await focused(page), "thumbnails⊘canceled");
        const end = Promise.withResolvers<void>();
        const work = TaskScope.run((scope) => scope.abortable(end.promise), { name: "ends by itself" });
        await page.fill("#filter", "by itself"); // it is too far below to be drawn
        await line(page, "ends by itself").click();
        await page.locator("#cancel").click();
        await page.keyboard.press("Escape");
        assertEquals([await focused(page), await page.locator("#sure").isHidden()], ["cancel", true]);
        await page.keyboard.press("Enter");
        assertEquals(await focused(page), "yes");
        end.resolve();
        await work;
        await page.locator("#said", { hasText: "It has ended by itself." }).waitFor();
        assertEquals(await focused(page), "details", "the focus is not lost with the button");
        await page.fill("#filter", "");
        await line(page, "POST /upload").waitFor(); // drawn with the next frame
      });

      await check("texts of strangers are texts", async () => {
        await page.locator("#tree").press("End");
        await page.locator('[role="treeitem"]', { hasText: "onerror" }).first().waitFor();
        await page.locator('[role="treeitem"]', { hasText: "reason" }).last().click();
        await page.locator("#about").getByText("<img src=x onerror").first().waitFor();
        assertEquals(
          await page.evaluate("typeof pwned + document.querySelectorAll('main script, main svg, #about img').length"),
          "undefined0",
        );
        assert(ATTACKS.length > 0);
        await shoot(page, "inspector_4_attacks");
      });

      await check("the timeline", async () => {
        await page.click("#asTimeline");
        await page.locator('#timeline[src*="timeline.svg"]').waitFor();
        assertEquals(await page.locator("#tools :is(input, select):disabled").count(), 4, "filters are for the tree");
        await shoot(page, "inspector_5_timeline");
        await accessible(page, "timeline", "light");
        await page.click("#asTree");
        assertEquals(await page.locator("#tools :is(input, select):disabled").count(), 0);
      });

      await check("a narrow window", async () => {
        await page.setViewportSize({ width: 480, height: 800 });
        await shoot(page, "inspector_6_narrow");
        await accessible(page, "narrow", "dark");
        await page.setViewportSize({ width: 640, height: 400 }); // 1280 by 800 at 200 %
        const { tree, over } = await page.evaluate(
          "({ tree: document.getElementById('tree').clientHeight, over: document.documentElement.scrollWidth - innerWidth })",
        ) as { tree: number; over: number };
        assert(tree > 150 && over <= 0, `${tree} pixels of tree, ${over} too wide`);
        await shoot(page, "inspector_6_zoomed");
        await page.setViewportSize({ width: 1280, height: 800 });
      });

      await check(`${MANY} tasks: few elements, and nothing freezes`, async () => {
        await page.evaluate(`(() => {
          globalThis.gaps = []; globalThis.long = [];
          new PerformanceObserver((list) => long.push(...list.getEntries().map(({ duration }) => Math.round(duration))))
            .observe({ entryTypes: ["longtask"] });
          let last = performance.now();
          (function frame() { const now = performance.now(); gaps.push(now - last); last = now; requestAnimationFrame(frame); })();
        })()`);
        const end = Promise.withResolvers<void>();
        const work = TaskScope.run((scope) => {
          for (let i = 1; i <= MANY; i++) scope.spawn(() => end.promise, { name: `job ${i}` });
          return end.promise;
        }, { name: "import of many" });
        await page.locator("#live", { hasText: "5,0" }).waitFor();
        for (const key of ["End", "PageUp", "PageUp", "Home", "PageDown"]) await page.locator("#tree").press(key);
        await page.fill("#filter", "job 4999");
        await line(page, "job 4999").waitFor();
        await page.fill("#filter", "job 49");
        await line(page, "job 4900").waitFor();
        await page.fill("#filter", "");
        await line(page, "POST /upload").waitFor(); // drawn with the next frame
        await page.locator("#tree").press("End");
        await page.locator('[role="treeitem"]', { hasText: "job 5000" }).waitFor();
        const elements = await page.evaluate("document.querySelectorAll('*').length") as number;
        await shoot(page, "inspector_7_many");
        assert(elements < MOST_ELEMENTS, `${elements} elements for ${MANY} tasks`);
        end.resolve();
        await work;
        await page.locator("#live", { hasText: /^\d\d$/ }).waitFor();
        const { gaps, long } = await page.evaluate("({ gaps, long })") as { gaps: number[]; long: number[] };
        gaps.sort((a, b) => b - a);
        console.log(
          `      ${MANY} tasks: ${elements} elements; frames: longest gap ${Math.round(gaps[0] ?? 0)} ms,`,
          `99 % under ${Math.round(gaps[Math.floor(gaps.length / 100)] ?? 0)} ms; long tasks: ${long.join(", ")} ms`,
        );
      });

      await check("a connection that is lost comes again, and Pause stops it", async () => {
        await page.click("#pause");
        await page.locator('#link[data-state="paused"]').waitFor();
        await page.click("#pause");
        await live(page);
        assertEquals(problems, []);
        const gone = TaskScope.run(() => 1, { name: "feeds of the old server" });
        await page.fill("#filter", "feeds");
        await line(page, "feeds of the old server").waitFor();
        await line(page, "import feeds").click();
        await page.locator("#cancel").click();
        assertEquals(await focused(page), "yes");
        server.restart();
        await page.locator("#said", { hasText: "started anew" }).waitFor();
        assertEquals(await focused(page), "details");
        assertEquals(
          await page.locator("#sure, #cancel").filter({ visible: true }).count(),
          0,
          "it would be another's",
        );
        await page.locator("#empty").waitFor(); // this one has not seen them
        await gone;
        server.end();
        await page.locator('#link[data-state="lost"]').waitFor();
      });
      await page.close();
    } finally {
      await browser.close();
      await endApp();
      await server.close();
    }
  },
});

Deno.test({
  name: `live page of the demo in Chromium${missing ? `: skipped, ${missing}` : ""}`,
  ignore: missing !== undefined,
  async fn() {
    const timeline = new Timeline();
    using recording = new Recording();
    const dir = await Deno.makeTempDir({ prefix: "taskscope-page-" });
    const shown = serveInspector({ stacks: true });
    const browser = await startChromium();
    const { log } = console;
    console.log = () => {}; // what the demo prints has a test of its own
    try {
      await using upstream = startUpstream(timeline);
      await using server = serve({ dir, upstream: upstream.url, timeline });
      const url = `http://127.0.0.1:${server.addr.port}`;
      const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
      page.setDefaultTimeout(15_000);
      await page.goto(shown.url);
      await live(page);
      // The fifth scenario is another process.
      for (const scenario of [uploadAndLeave, fanOut, uninterrupted, stuck]) {
        await scenario({ dir, url, upstream, timeline, recording });
      }
      for (
        const [name, state, why] of [
          ["transcode", "succeeded", "from upload"], // what outlived the request
          ["posts", "canceled", "failed"], // what was canceled, and by whom
          ["copy", "succeeded", ""],
          ["old-report", "abandoned", "ended after all"], // what missed its deadline
        ] as const
      ) {
        const found = line(page, name);
        await found.locator(".word", { hasText: state }).first().waitFor();
        await found.locator(".why", { hasText: why }).first().waitFor({ state: "attached" });
      }
      await line(page, "old-report").locator(".missed").waitFor();
      await line(page, "posts").first().click();
      await page.locator("#about").getByText("page/posts").first().waitFor();
      await shoot(page, "inspector_8_demo");
      await page.click("#asTimeline");
      await page.locator('#timeline[src*="timeline.svg"]').waitFor();
      await page.setViewportSize({ width: 1280, height: 1500 });
      await shoot(page, "inspector_9_demo_timeline");
      await page.close();
    } finally {
      console.log = log;
      await browser.close();
      await shown.close();
      await Deno.remove(dir, { recursive: true });
    }
  },
});
