import type { Ground } from "../lib/ground.ts";
import type { Leg } from "../lib/leg.ts";
import { ROOT } from "../lib/command.ts";
import { check } from "./memory.ts";

/** Thousands of clients of events that come and go, and what a server holds afterwards. */
export function sseSoak({ env }: Ground): Leg {
  return {
    name: "clients of events that come and go",
    run: () => check(Deno.execPath(), ["run", "-A", "--quiet", "tests/soak_sse/clients.ts"], ROOT, env),
  };
}
