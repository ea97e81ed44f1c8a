/** The upload page in a real browser. What a person would see is in tests/screenshots/ afterwards. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Operations } from "@taskscope/taskscope/operations";
import { operationsClient } from "@taskscope/taskscope/operations/client";
import { Buffer } from "node:buffer";
import type { Page } from "playwright-core";
import { serveUploadPage } from "../examples/upload_page/server.ts";
import { chromiumMissing, startChromium } from "../tools/servers/chromium.ts";
import { check, shoot } from "./pages.ts";

const TEXT = new TextEncoder().encode("All of this is said again and again. ".repeat(2_000));
const missing = chromiumMissing();

/** Lets each upload do as many pieces as it is told. */
class Gates {
  #allowed = 0;
  #changed = Promise.withResolvers<void>();

  allow(pieces: number): void {
    this.#allowed = pieces;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  readonly pace = async (task: { abortable(work: Promise<void>): Promise<void> }, piece: number): Promise<void> => {
    while (piece >= this.#allowed) await task.abortable(this.#changed.promise);
  };
}

/** Chooses a file and presses the button, by keyboard. */
async function upload(page: Page, buffer = TEXT, name = "speech.txt"): Promise<void> {
  await page.setInputFiles("#file", { name, mimeType: "text/plain", buffer: Buffer.from(buffer) });
  await page.getByText(name, { exact: true }).waitFor();
  await page.focus("#file");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
}

/** Nothing runs, and nobody listens: the server hears of a client that left a moment later. */
async function atRest(operations: Operations): Promise<void> {
  for (let tries = 0; tries < 200 && operations.counters.running + operations.counters.listeners > 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertEquals(operations.counters, { running: 0, listeners: 0 });
}

async function inState(page: Page, state: string): Promise<void> {
  await page.locator(`main[data-state="${state}"]`).waitFor();
}

async function atPercent(page: Page, percent: number): Promise<void> {
  await page.locator("#percent", { hasText: new RegExp(`^${percent} %$`) }).waitFor();
  assertEquals(
    await page.locator("#progress").evaluate((bar) => (bar as unknown as { value: number }).value),
    percent / 100,
  );
}

Deno.test("upload page: what it is made of, and an upload without a browser", async () => {
  const server = await serveUploadPage({ pace: () => Promise.resolve() });
  try {
    const base = `http://localhost:${server.addr.port}`;
    for (
      const [path, type, part] of [
        ["/", "text/html", '<script type="module" src="/page.js">'],
        ["/style.css", "text/css", "color-scheme: light dark"],
        ["/page.js", "text/javascript", 'from "@taskscope/taskscope/operations/client"'],
        ["/client.js", "text/javascript", "operationsClient"],
      ] as const
    ) {
      const response = await fetch(base + path);
      assertEquals([response.status, response.headers.get("content-type")], [200, `${type}; charset=utf-8`]);
      assertStringIncludes(await response.text(), part);
    }
    const nothing = await fetch(`${base}/server.ts`);
    assertEquals([nothing.status, await nothing.text()], [404, "Not Found"]);

    const body = new FormData();
    body.set("file", new File([TEXT], "speech.txt"));
    const operation = await operationsClient(base).start<{ bytes: number; compressed: number }>("/uploads", { body });
    const { bytes, compressed } = await operation.result();
    assert(bytes === TEXT.length && compressed < bytes / 10, `${bytes} became ${compressed}`);
    await atRest(server.operations);
  } finally {
    await server.shutdown();
  }
});

Deno.test({
  name: `upload page in Chromium${missing ? `: skipped, ${missing}` : ""}`,
  ignore: missing !== undefined,
  async fn() {
    const gates = new Gates();
    const server = await serveUploadPage({ pace: gates.pace });
    const browser = await startChromium();
    try {
      const page = await browser.newPage({ viewport: { width: 760, height: 560 } });
      page.setDefaultTimeout(20_000);
      const problems: string[] = [];
      page.on("pageerror", (error) => void problems.push(String(error)));
      page.on("console", (message) => void (message.type() === "error" && problems.push(message.text())));
      await page.goto(`http://localhost:${server.addr.port}/`);

      await check("an upload is followed, survives a reload in the middle, and ends", async () => {
        await shoot(page, "upload_1_idle");
        await upload(page);
        await inState(page, "working");
        assertEquals(await page.evaluate("document.activeElement.id"), "cancel");
        await atPercent(page, 0);
        gates.allow(8);
        await atPercent(page, 40);
        await page.getByText("speech.txt, piece 9 of 20").waitFor();
        await shoot(page, "upload_2_working");

        const address = page.url();
        assert(/#[0-9a-f-]{36}$/.test(address), address);
        await page.reload();
        await inState(page, "working");
        await atPercent(page, 40);
        gates.allow(14);
        await atPercent(page, 70);
        assertEquals([page.url(), server.operations.counters.running], [address, 1]);

        gates.allow(20);
        await inState(page, "succeeded");
        await shoot(page, "upload_3_succeeded");
        const report = await page.textContent("#report");
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", TEXT)).toHex();
        assertStringIncludes(report ?? "", "speech.txt: 74 KB became ");
        assertStringIncludes(report ?? "", digest);
        await page.reload();
        await inState(page, "succeeded");
        assertEquals(await page.textContent("#report"), report, "how it ended can be read again");
      });

      await check("Cancel cancels", async () => {
        gates.allow(5);
        await page.click("#again");
        assertEquals(await page.evaluate("document.activeElement.id + location.hash"), "file");
        await upload(page);
        await atPercent(page, 25);
        await page.keyboard.press("Enter"); // Cancel has the focus
        await inState(page, "canceled");
        await shoot(page, "upload_4_canceled");
        await atRest(server.operations);
      });

      assertEquals(problems, []);
      await check("what is wrong is said", async () => {
        await page.click("#again");
        await upload(page, new Uint8Array(), "nothing.txt");
        await inState(page, "failed");
        await page.getByText("The file is empty").waitFor();
        await shoot(page, "upload_5_failed");
        await page.goto(`http://localhost:${server.addr.port}/#00000000-0000-4000-8000-000000000000`);
        await page.reload();
        await page.getByText("no longer knows").waitFor();
        await inState(page, "idle");
        assertEquals(
          problems.filter((problem) => !/status of 40[04]/.test(problem)),
          [],
          "but for what Chromium logs itself",
        );
      });

      await page.close();
      await atRest(server.operations);
    } finally {
      await browser.close();
      await server.shutdown();
    }
  },
});
