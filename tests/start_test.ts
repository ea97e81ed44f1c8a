/** The demo ends by itself with exit code 0, and shows what each of its five scenarios is about. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { clientOf } from "../examples/start/server/disconnect.ts";
import { chromiumMissing, startChromium } from "../tools/servers/chromium.ts";

const ROOT = new URL("../", import.meta.url);
const LIMIT = 90_000; // of a loaded machine; alone, it takes under 10 s
const CLAIMS = 19;

Deno.test("start: five scenarios on real sockets, exit code 0", async (t) => {
  const { code, stdout, stderr } = await runStart();
  const scenario = (number: number) => stdout.split(/^(?=\d\. )/m)[number] ?? "";
  assertEquals(code, 0, stdout + stderr);

  await t.step("stderr has nothing but Deno's own notice about request.signal", () => {
    const lines = stderr.split("\n").filter((line) => line !== "" && !line.includes("no-legacy-abort"));
    assertEquals(lines, []);
  });

  await t.step("1: 202 at once, the transcode outlives the client, its output is the input", () => {
    const text = scenario(1);
    assertInOrder(text, [
      /client +uploads 83\.9 MB/,
      /client +has 202/,
      /client +disconnects/,
      /upload is being canceled: disconnected/,
      /alive +upload\/transcode: running for \d+ ms, (9\.9|10\.0) min left/,
      /upload\/transcode succeeded/,
      /✓ .* byte for byte/,
    ]);
  });

  await t.step("2: the sibling is canceled and awaited, then the client has the error", () => {
    assertInOrder(scenario(2), [
      /page is being canceled: sibling-failed/,
      /upstream +GET \/posts aborted by its client/,
      /page\/posts canceled: sibling-failed/,
      /page: answers 502/,
      /client +has 502 .*\/user answered 503/,
    ]);
  });

  await t.step("3: the shielded write completes after the client has left", () => {
    assertInOrder(scenario(3), [
      /client +leaves/,
      /transfer is being canceled: disconnected/,
      /transfer\/copy succeeded/,
      /✓ the file is complete/,
    ]);
  });

  await t.step("4: the stuck task is abandoned, the server is healthy", () => {
    assertInOrder(scenario(4), [
      /old-report is being canceled: deadline/,
      /old-report abandoned/,
      /client +asks for \/health: 200/,
      /old-report ended after all/,
    ]);
  });

  await t.step({
    name: "5: SIGTERM drains what fits, and each loss has a line",
    ignore: Deno.build.os === "windows",
    fn() {
      const text = scenario(5);
      assertInOrder(text, [/server +SIGTERM/, /jobs\/invoice succeeded/, /jobs\/mail succeeded/, /canceled: shutdown/]);
      assertMatch(text, /LOST +jobs\/reindex: shutdown/);
      assertMatch(text, /LOST +jobs\/export: shutdown/);
      assertEquals(stdout.split("✓").length - 1, CLAIMS);
    },
  });

  const picture = /^The same as a picture: (.+\.svg)$/m.exec(stdout)?.[1] ?? "";
  const svg = await Deno.readTextFile(picture);
  await Deno.remove(picture);

  await t.step("the picture tells what outlived the request, was canceled by whom, and missed its deadline", () => {
    const texts = [...svg.matchAll(/<text [^>]*>(.*?)<\/text>/g)].map(([, text = ""]) => text.replace(/<[^>]+>/g, ""));
    assertInOrder(texts.join("\n"), [
      /1 missed its deadline \(report\/old-report\)/,
      /upload\ncanceled by client: disconnected/,
      /transcode\noutlived upload by /,
      /progress\ncanceled by upload: disconnected/,
      /page\nuser failed, so the others were canceled/,
      /posts\ncanceled by page: user failed/,
      /close cursor\nshielded from the cancellation of posts/,
      /transfer\ncanceled by client: disconnected · ended well all the same/,
      /old-report\nmissed its deadline of 300 ms by /,
    ]);
    if (Deno.build.os === "windows") return;
    assertInOrder(texts.join("\n"), [
      /invoice\noutlived jobs by /,
      /reindex\noutlived jobs by .* · canceled by process: shutdown/,
    ]);
  });

  await t.step({
    name: "and how it looks is in tests/screenshots/",
    ignore: chromiumMissing() !== undefined,
    fn: () => shoot(svg),
  });

  await t.step("no colors where there is no terminal", () => assert(!stdout.includes("\x1b[")));
});

Deno.test("clientOf() tells a disconnect from an answer that was delivered", async () => {
  const signals: Record<string, AbortSignal> = {};
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const path = new URL(request.url).pathname;
    const client = clientOf(request);
    signals[path] = client.signal;
    if (path === "/leaves") await new Promise((resolve) => client.signal.addEventListener("abort", resolve));
    client.answered();
    const text = ReadableStream.from(["a", "b"]).pipeThrough(new TextEncoderStream());
    return new Response(path === "/streams" ? text : "ok");
  });
  const url = `http://127.0.0.1:${server.addr.port}`;
  for (const path of ["/answered", "/streams"]) await (await fetch(url + path)).text();
  await fetch(`${url}/leaves`, { signal: AbortSignal.timeout(50) }).catch(() => {});
  await server.shutdown();
  const aborted = Object.entries(signals).map(([path, signal]) => [path, signal.aborted]);
  assertEquals(aborted, [["/answered", false], ["/streams", false], ["/leaves", true]]);
});

async function runStart(): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", "--config", "deno.json", "examples/start/main.ts"],
    cwd: ROOT,
    stdin: "null",
    signal: AbortSignal.timeout(LIMIT),
  }).output();
  const text = new TextDecoder();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

async function shoot(svg: string): Promise<void> {
  const folder = new URL("screenshots/", import.meta.url);
  await Deno.mkdir(folder, { recursive: true });
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg) ?? [];
  const browser = await startChromium();
  try {
    const page = await browser.newPage({ viewport: { width: Number(width), height: Number(height) } });
    await page.route("**", (route) => route.fulfill({ body: svg, contentType: "image/svg+xml" }));
    await page.goto("http://timeline.test/");
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: new URL(`timeline_start_${colorScheme}.png`, folder).pathname });
    }
  } finally {
    await browser.close();
  }
}

/** Asserts that each pattern matches after the end of the match before it. */
function assertInOrder(text: string, patterns: readonly RegExp[]): void {
  let at = 0;
  for (const pattern of patterns) {
    const match = pattern.exec(text.slice(at));
    assert(match !== null, `${pattern} does not follow in:\n${text}`);
    at += match.index + match[0].length;
  }
}
