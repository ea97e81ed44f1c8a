/** Scenario 3: a transfer that must not be interrupted; the client leaves after 100 ms, the write completes. */
import { fingerprint } from "../server/transcode.ts";
import type { World } from "./world.ts";

export async function uninterrupted({ dir, url, upstream, timeline }: World): Promise<void> {
  timeline.begin("3. Transfer in a shield: the client leaves after 100 ms, the write completes");
  timeline.line("client", "starts /transfer");
  const left = await fetch(`${url}/transfer`, { method: "POST", signal: AbortSignal.timeout(100) })
    .then(() => false, () => true);
  timeline.line("client", "leaves");
  const cancel = await timeline.until(
    "the server sees it",
    ({ hook, path }) => hook === "cancel" && path === "transfer",
  );
  const wasWritten = await exists(`${dir}/ledger`);
  await timeline.until("the copy ends", ({ hook, path }) => hook === "settle" && path === "transfer/copy");
  const file = await Deno.open(`${dir}/ledger`);
  const written = await fingerprint(file.readable);
  const sent = await fingerprint(new Blob([upstream.ledger]).stream());

  timeline.tree();
  timeline.check("the client left, and the server knew", left && cancel.text.includes("disconnected"));
  timeline.check(
    "the copy was not done yet, and was not aborted",
    !wasWritten && !upstream.seen.includes("GET /ledger aborted by its client"),
  );
  timeline.check(
    `the file is complete: ${written.bytes} bytes, the same SHA-256`,
    written.bytes === sent.bytes && written.sha256 === sent.sha256,
  );
}

function exists(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}
