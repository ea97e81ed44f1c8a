/** Runs the walk in `workerd test`. */
import { main, type WalkOptions } from "./walk.ts";

export { main } from "./walk.ts";

export default {
  async test(_controller: unknown, { OPTIONS }: { OPTIONS: WalkOptions }): Promise<void> {
    if ((await main(OPTIONS)).failed > 0) throw new Error("the walk failed");
  },
};
