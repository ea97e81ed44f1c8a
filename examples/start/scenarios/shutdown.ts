/** Scenario 5: SIGTERM with work pending. What fits is waited for, the rest is canceled, and each loss has a line. */
import { dim } from "../colors.ts";
import { TextLineStream } from "../text_lines.ts";
import type { World } from "./world.ts";

const SERVER = new URL("../shutdown_server.ts", import.meta.url);
const EXIT_CODE_OF_SIGTERM = 143;
const IN_TIME = 3_500; // 2 s to drain, and a loaded machine

export async function shutdown({ dir, timeline, recording }: World): Promise<void> {
  timeline.begin("5. SIGTERM with work pending: a server of its own process has 2 s to drain");
  if (Deno.build.os === "windows") return timeline.line("parent", "skipped: Windows has no SIGTERM");
  await using child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", SERVER.href, dir, String(Date.now())],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines: string[] = [];
  const url = Promise.withResolvers<string>();
  const printing = (async () => {
    for await (const line of child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
      lines.push(line);
      console.log(`${dim("│")} ${line}`);
      const address = line.match(/http:\S+/)?.[0];
      if (address !== undefined) url.resolve(address);
    }
    url.reject(new Error("Not as claimed: the server of scenario 5 starts"));
  })();
  const address = await url.promise;
  for (const job of ["invoice/200", "mail/900", "reindex/60000", "export/60000"]) {
    const response = await fetch(`${address}/jobs/${job}`, { method: "POST" });
    await response.body?.cancel();
  }
  const inFlight = fetch(`${address}/slow/700`).then((response) => response.status);
  await fetch(`${address}/slow/0`).then((response) => response.body?.cancel()); // the one before has arrived
  timeline.line("parent", "sends SIGTERM");
  const sent = performance.now();
  child.kill("SIGTERM");
  const [{ code }, answered] = await Promise.all([child.status, inFlight, printing]);
  const took = performance.now() - sent;
  await recording.addFile(`${dir}/events.json`);

  const has = (pattern: RegExp) => lines.some((line) => pattern.test(line));
  const log = async (job: string) => await Deno.readTextFile(`${dir}/${job}.log`);
  timeline.check("the request in flight was answered", answered === 200);
  timeline.check(
    "what fitted was completed",
    has(/jobs\/invoice succeeded/) && has(/jobs\/mail succeeded/) && (await log("mail")).endsWith("done\n"),
  );
  timeline.check(
    "the rest was canceled for the reason shutdown, and wrote down how far it came",
    has(/jobs\/reindex canceled: shutdown/) && has(/jobs\/export canceled: shutdown/) &&
      (await log("reindex")).endsWith("stopped\n") && (await log("export")).endsWith("stopped\n"),
  );
  const lost = lines.filter((line) => line.includes(" LOST "));
  timeline.check(
    "each loss has its line, and nothing else has",
    lost.length === 2 && has(/LOST +jobs\/reindex/) && has(/LOST +jobs\/export/),
  );
  timeline.check(
    `the process ended in time, with exit code ${EXIT_CODE_OF_SIGTERM}`,
    code === EXIT_CODE_OF_SIGTERM && took < IN_TIME,
  );
}
