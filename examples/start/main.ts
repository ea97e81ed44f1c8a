/**
 * The main job of TaskScope on a real server with real clients: `deno task start`.
 *
 * Five scenarios, one after the other; each ends with the tree of its tasks, why each ended, and claims that are
 * checked: exit code 0 means that all of them hold. A picture of all of them is left in a temporary file, or where
 * `--timeline <path>` says. With `--serve` the server stays, for you to try with curl.
 */
import { processLifetime } from "@taskscope/taskscope";
import { inspector } from "@taskscope/taskscope/inspect";
import { bold } from "./colors.ts";
import { Recording } from "./recording.ts";
import { Timeline } from "./timeline.ts";
import { duration } from "./words.ts";
import { serve } from "./server/server.ts";
import { startUpstream } from "./server/upstream.ts";
import { uploadAndLeave } from "./scenarios/upload.ts";
import { fanOut } from "./scenarios/fan_out.ts";
import { uninterrupted } from "./scenarios/transfer.ts";
import { stuck } from "./scenarios/stuck.ts";
import { shutdown } from "./scenarios/shutdown.ts";

const SCENARIOS = [uploadAndLeave, fanOut, uninterrupted, stuck, shutdown];

async function runAll(): Promise<void> {
  const started = performance.now();
  const timeline = new Timeline();
  using recording = new Recording();
  const dir = await Deno.makeTempDir({ prefix: "taskscope-start-" });
  try {
    await using upstream = startUpstream(timeline);
    await using server = serve({ dir, upstream: upstream.url, timeline });
    const url = `http://127.0.0.1:${server.addr.port}`;
    console.log(`A server on ${url}, five scenarios, times from the start of each.`);
    for (const scenario of SCENARIOS) await scenario({ dir, url, upstream, timeline, recording });
    await processLifetime().drain({ deadline: { seconds: 5 } });
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
  const took = duration(performance.now() - started);
  console.log(`\nThe same as a picture: ${await recording.draw(timeline.chapters, pathOfPicture())}`);
  console.log(`${bold(`All five scenarios as claimed, in ${took}.`)} Try it yourself: deno task start --serve`);
}

/** Where `--timeline <path>` says, or a new file of its own where temporary ones go. */
function pathOfPicture(): string {
  const [, given] = Deno.args.slice(Deno.args.indexOf("--timeline"));
  return given ?? Deno.makeTempFileSync({ prefix: "taskscope-", suffix: ".svg" });
}

async function serveForever(): Promise<void> {
  const timeline = new Timeline();
  const dir = await Deno.makeTempDir({ prefix: "taskscope-start-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(dir, { recursive: true }));
  const server = serve({ dir, upstream: startUpstream(timeline).url, timeline });
  const url = `http://127.0.0.1:${server.addr.port}`;
  const signals = Deno.build.os === "windows" ? ["SIGINT"] as const : ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) {
    // The requests in flight are work, too: registered first, so that the drain waits for them.
    Deno.addSignalListener(signal, () => processLifetime().waitUntil(server.shutdown()));
  }
  processLifetime({ signals, drain: { seconds: 5 } });
  // On a port of its own, so that nothing of the app can use it; it stays open while the process drains.
  const page = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    inspector(processLifetime(), { cancel: true, stacks: true }),
  );
  timeline.begin(`A server on ${url}; end it with Ctrl-C, or kill -TERM ${Deno.pid}`);
  console.log(`
  head -c 50000000 /dev/urandom > /tmp/holiday.bin
  curl -iN -m 1 --data-binary @/tmp/holiday.bin ${url}/upload   # leaves after a second, the transcode goes on
  curl -i ${url}/jobs/<id>                                      # the id is in the Location above: how it ended
  curl -i ${url}/page                                           # one upstream call fails, the other is canceled
  curl -i -m 0.1 -X POST ${url}/transfer                        # leaves after 100 ms, the write completes
  curl -i -X POST ${url}/report                                 # 202, then abandoned at its deadline
  curl -i ${url}/health

  What runs, live: http://127.0.0.1:${page.addr.port}/
`);
  await server.finished;
}

await (Deno.args.includes("--serve") ? serveForever() : runAll());
