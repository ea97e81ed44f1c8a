/**
 * The server of scenario 5: what a service does to end well on SIGTERM. Its arguments are the folder for its logs and
 * time zero, in milliseconds since 1970.
 */
import { type CancelReason, processLifetime, TaskScope } from "@taskscope/taskscope";
import { Recorder } from "@taskscope/taskscope/inspect";
import { Timeline } from "./timeline.ts";

const [dir = ".", start] = Deno.args;
const DRAIN = 2_000;
const STEP = 50;

const recorder = new Recorder();
recorder.start();
const timeline = new Timeline(start === undefined ? undefined : Number(start));

const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
  const [, kind = "", ...rest] = new URL(request.url).pathname.split("/");
  return TaskScope.run(async (scope) => {
    if (kind === "slow") {
      await scope.sleep(Number(rest[0]));
      timeline.answered(`slow/${rest[0]}`, 200);
      return new Response("ok");
    }
    const [name = "", ms] = rest;
    scope.spawnDetached((task) => job(task, `${dir}/${name}.log`, Number(ms)), { name, deadline: { minutes: 5 } });
    return new Response(null, { status: 202 });
  }, {
    name: kind,
    observer: {
      ...timeline.observer,
      onError(error, { task }) {
        // A detached task that a drain cut off, and that nobody awaits, is told here: the place for an alert.
        const { kind, message } = error as Partial<CancelReason>;
        timeline.line("LOST", `${task.path}: ${kind ?? "error"}, ${message}`);
      },
    },
  });
});

// The requests in flight are work, too: the drain waits for them as for detached tasks.
Deno.addSignalListener("SIGTERM", () => {
  timeline.line("server", "SIGTERM: takes no new requests, drains for at most 2 s");
  timeline.live(lifetime.tree());
  lifetime.waitUntil(server.shutdown());
});
const lifetime = processLifetime({ signals: ["SIGTERM"], drain: DRAIN });
globalThis.addEventListener("unload", () => {
  timeline.tree();
  Deno.writeTextFileSync(`${dir}/events.json`, JSON.stringify(recorder.events())); // for the picture of all scenarios
});
timeline.line("server", `listens on http://127.0.0.1:${server.addr.port}`);

/** Takes steps, and writes down how it ended, also when it was canceled. */
async function job(task: TaskScope, path: string, ms: number): Promise<void> {
  const started = performance.now();
  let end = "stopped";
  task.defer(() => Deno.writeTextFile(path, `${Math.round((performance.now() - started) / STEP)} steps, ${end}\n`));
  while (performance.now() - started < ms) await task.sleep(STEP);
  end = "done";
}
