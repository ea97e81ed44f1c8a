/** A detached task that cannot be stopped: old code, which takes no signal, against a service that is too slow. */
import type { TaskScope } from "@taskscope/taskscope";
import type { App } from "./app.ts";

/** `POST /report` */
export function report(_request: Request, scope: TaskScope, { upstream }: App): Response {
  scope.spawnDetached(() => oldReport(upstream), { deadline: 300, name: "old-report" });
  return Response.json({ started: true }, { status: 202 });
}

async function oldReport(upstream: string): Promise<string> {
  const response = await fetch(`${upstream}/old-report`); // no signal
  return await response.text();
}
