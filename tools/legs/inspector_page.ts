import { chromiumMissing } from "../servers/chromium.ts";

/** Where the test of the live page is: a leg of its own, because it needs a browser. */
export const INSPECTOR_PAGE = "tests/inspector_page_test.ts";

/** What the line of the leg says: what to install, or where to look. */
export function inspectorPageNote(): string {
  return chromiumMissing() ?? "screenshots are in tests/screenshots/";
}
