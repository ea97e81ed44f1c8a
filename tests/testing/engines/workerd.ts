/** A Worker that is server and clients at once, for `workerd test`: a disconnect goes through a service binding. */
import type { HostKey, Kit } from "../scenario.ts";
import { handle, runScenarios, sendOn } from "./run.ts";

interface Env {
  readonly SELF: { fetch(url: string, init: RequestInit): Promise<Response> };
  readonly KEY: HostKey;
}

export default {
  fetch(request: Request, _env: Env, context: NonNullable<Kit["context"]>): Response | Promise<Response> {
    return handle(request, { context });
  },

  async test(_controller: unknown, { SELF, KEY }: Env): Promise<void> {
    const failed = await runScenarios(
      KEY,
      (init = {}) => sendOn((query, init) => SELF.fetch(`http://worker/${query}`, init), init),
    );
    if (failed > 0) throw new Error(`${failed} scenarios failed`);
  },
};
