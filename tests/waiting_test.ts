import { assertEquals } from "@std/assert";
import * as Flag from "../src/flags.ts";
import { openRoot } from "../src/root.ts";
import { pause } from "../src/waiting.ts";

Deno.test("G13: a pause that is ended is over, and nothing of it is kept", async () => {
  const toScope = () => ({ name: "page", path: "page", state: "open" as const });
  const node = openRoot({}, Flag.MANUAL, { name: "page" }, "Cannot open", toScope);
  const { over, end } = pause(node, 60_000);
  end();
  await over;
  assertEquals(node.extras?.hooks?.size, 0);
});
