/**
 * The page as one response: no file is read and nothing else is loaded, wherever the package runs.
 *
 * @module
 */
import { answer, randomToken } from "../inspector_answer.ts";
import { BODY } from "./html.ts";
import { SCRIPT } from "./script.ts";
import { STYLE } from "./style.ts";

/** The response; what it may do is what it needs. */
export function page(): Response {
  const nonce = randomToken();
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>TaskScope inspector</title>
<link rel="icon" href="data:,">
<style nonce="${nonce}">${STYLE}</style>
</head>
<body>${BODY}<script type="module" nonce="${nonce}">${SCRIPT}</script>
</body>
</html>
`;
  const policy = {
    "default-src": "'none'",
    "script-src": `'nonce-${nonce}'`,
    "style-src": `'nonce-${nonce}'`,
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
    "require-trusted-types-for": "'script'",
    "trusted-types": "'none'",
  };
  const value = Object.entries(policy).map((directive) => directive.join(" ")).join("; ");
  return answer(html, "text/html; charset=utf-8", 200, { "content-security-policy": value });
}
