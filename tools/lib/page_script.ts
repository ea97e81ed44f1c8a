/** What `tools/build_page.ts` makes one script of. */
import { main } from "../../src/inspect/page/main.ts";
import type { Win } from "../../src/inspect/page/dom.ts";

main(globalThis as unknown as Win);
