/** Never interrupted: a write that goes on to its end although the client left, within its own 5 s. */
import type { TaskScope } from "@taskscope/taskscope";
import type { App } from "./app.ts";

/** `POST /transfer` */
export async function transfer(_request: Request, scope: TaskScope, { dir, upstream }: App): Promise<Response> {
  const bytes = await scope.shield((task) => copyLedger(task, `${upstream}/ledger`, `${dir}/ledger`), {
    deadline: 5_000,
    name: "copy",
  });
  return Response.json({ bytes }); // for a client that is still there
}

async function copyLedger({ signal }: TaskScope, url: string, target: string): Promise<number> {
  const response = await fetch(url, { signal });
  using file = await Deno.open(`${target}.part`, { write: true, create: true, truncate: true });
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    for (let at = 0; at < chunk.length;) at += await file.write(chunk.subarray(at));
    bytes += chunk.length;
  }
  await file.syncData();
  await Deno.rename(`${target}.part`, target);
  return bytes;
}
