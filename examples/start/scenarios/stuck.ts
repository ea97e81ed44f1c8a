/** Scenario 4: a detached task ignores its signal and runs into its deadline; the server goes on without it. */
import { processLifetime } from "@taskscope/taskscope";
import type { World } from "./world.ts";

const TASK = "report/old-report";

export async function stuck({ url, timeline }: World): Promise<void> {
  timeline.begin("4. A detached task that ignores its signal runs into its deadline of 300 ms");
  timeline.line("client", "asks for /report");
  const response = await fetch(`${url}/report`, { method: "POST" });
  await response.body?.cancel();
  await timeline.until("it is abandoned", ({ hook, path }) => hook === "abandon" && path === TASK);
  const { pending } = processLifetime();
  const health = await fetch(`${url}/health`);
  timeline.line("client", `asks for /health: ${health.status} ${await health.text()}`);
  const isLate = ({ path, text }: { path: string; text: string }) =>
    path === TASK && text.startsWith("ended after all");
  const hadEnded = timeline.events.some(isLate);
  const end = await timeline.until("its late end is told", isLate);

  timeline.tree();
  timeline.check("the client had its 202 at once", response.status === 202);
  timeline.check(
    "it was reported: past its deadline, then abandoned",
    timeline.events.some(({ path, text }) => path === TASK && text.includes("deadline: ")),
  );
  timeline.check(
    "the server is healthy, and waits for it no longer",
    health.status === 200 && pending === 0 && !hadEnded,
  );
  timeline.check("its end, long after, was reported, too", end.text.endsWith("succeeded, late"));
}
