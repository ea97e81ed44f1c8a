/** Scenario 1: the client has its 202 and disconnects; the transcode goes on, and its result is right. */
import { processLifetime } from "@taskscope/taskscope";
import { postFile } from "../raw_client.ts";
import { writeSample } from "../sample_file.ts";
import { fingerprint, type Transcoded } from "../server/transcode.ts";
import { duration, megabytes } from "../words.ts";
import { pause, type World } from "./world.ts";

const SIZE = 80 << 20;
const STAYS = 500;
const AT_ONCE = 1_000; // of a loaded machine

export async function uploadAndLeave({ dir, url, timeline }: World): Promise<void> {
  timeline.begin("1. Upload: the client leaves half a second later, the transcode goes on");
  const path = `${dir}/holiday.bin`;
  const trace = crypto.randomUUID().replaceAll("-", "");
  await writeSample(path, SIZE);
  timeline.line("client", `uploads ${megabytes(SIZE)} of text and noise`);

  const answer = await postFile(`${url}/upload`, path, { "X-Trace-Id": trace });
  timeline.line("client", `has ${answer.status}, Location: ${answer.headers.get("location")}`);
  const isTranscoding = processLifetime().pending === 1;
  await pause(STAYS);
  answer.leave();
  timeline.line("client", "disconnects");
  await timeline.until("the server sees the disconnect", ({ hook, path }) => hook === "cancel" && path === "upload");
  timeline.live(processLifetime().tree());
  const outlives = processLifetime().pending === 1;
  const left = performance.now();

  const response = await fetch(`${url}${answer.headers.get("location")}`);
  const transcoded: Transcoded = await response.json();
  const longer = duration(performance.now() - left);
  const [input, output] = await Promise.all([Deno.open(path), Deno.open(transcoded.target)]);
  const { size } = await output.stat();
  const original = await fingerprint(input.readable);
  const unpacked = await fingerprint(output.readable.pipeThrough(new DecompressionStream("gzip")));
  timeline.line("client", `unpacks ${megabytes(size)} to ${megabytes(unpacked.bytes)}, SHA-256 ${unpacked.sha256}`);

  timeline.tree();
  timeline.check(
    `202 at once, ${duration(answer.waited)} after the last byte, with the transcode at work`,
    answer.status === 202 && answer.waited < AT_ONCE && isTranscoding,
  );
  timeline.check(
    "the disconnect canceled what the request owned",
    timeline.events.some(({ path, text }) => path === "upload/progress" && text.startsWith("canceled: disconnected")),
  );
  timeline.check(
    `the transcode outlived the client by ${longer} and kept its trace id`,
    outlives && transcoded.trace === trace,
  );
  timeline.check(
    "its output unpacks to the input, byte for byte (SHA-256 and length)",
    original.bytes === SIZE && unpacked.bytes === SIZE && unpacked.sha256 === original.sha256 &&
      transcoded.sha256 === original.sha256,
  );
}
