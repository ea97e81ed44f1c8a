import { chromiumMissing } from "../servers/chromium.ts";

/** Where the test of the upload page is: a leg of its own, because it needs a browser. */
export const UPLOAD_PAGE = "tests/upload_page_test.ts";

/** What the line of the leg says: what to install, or where to look. */
export function uploadPageNote(): string {
  return chromiumMissing() ?? "screenshots are in tests/screenshots/";
}
