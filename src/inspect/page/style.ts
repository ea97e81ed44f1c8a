/**
 * How the page looks: nothing moves; light and dark, every text with the contrast of WCAG AA, states told by sign and word, too.
 *
 * @module
 */

/** The style sheet. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --back: #ffffff; --raised: #f5f6f8; --line: #d4d9df; --text: #1b1f24; --soft: #57606a;
  --accent: #0b57b0; --chosen: #e3eefc; --hover: #f0f3f6;
  --running: #0b57b0; --queued: #57606a; --canceling: #804500; --succeeded: #17652f; --failed: #ac1f17;
  --canceled: #6a3fa8; --abandoned: #96186a; --danger: #ac1f17; --on-danger: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --back: #0f1318; --raised: #171c23; --line: #2d353f; --text: #e6ebf1; --soft: #9ba7b4;
    --accent: #7cb7ff; --chosen: #1b314d; --hover: #1a2029;
    --running: #7cb7ff; --queued: #9ba7b4; --canceling: #f2b866; --succeeded: #76d292; --failed: #ff8f86;
    --canceled: #c9aefa; --abandoned: #ff93cd; --danger: #ff8f86; --on-danger: #1a0b0a;
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html, body { height: 100%; margin: 0; }
body {
  display: grid; grid-template-rows: auto auto minmax(0, 1fr) auto; background: var(--back); color: var(--text);
  font: 13px/1.45 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
}
:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; border-radius: 3px; }
.skip { position: absolute; left: -999px; top: 0; z-index: 2; padding: 6px 12px; background: var(--back); color: var(--accent); }
.skip:focus { left: 8px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
h1, h2 { margin: 0; font-size: 14px; font-weight: 650; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 20px; padding: 10px 14px 4px; background: var(--raised); }
h1 span { font-weight: 400; color: var(--soft); }
#link { margin: 0; color: var(--soft); }
#link::before { content: "●"; margin-right: 6px; }
#link[data-state="live"]::before { color: var(--succeeded); }
#link[data-state="lost"] { color: var(--failed); }
#link[data-state="paused"]::before { content: "❚❚"; font-size: 9px; }
dl { margin: 0; }
header dl { display: flex; gap: 16px; }
header dl div { display: flex; gap: 5px; }
header dt, #rest { color: var(--soft); }
header dd { margin: 0; font-weight: 650; font-variant-numeric: tabular-nums; }
#rest { margin: 0; font-variant-numeric: tabular-nums; }
#tools {
  display: flex; flex-wrap: wrap; align-items: center; gap: 8px 10px; padding: 6px 14px 10px; background: var(--raised);
  border-bottom: 1px solid var(--line);
}
#tools label { display: inline-flex; align-items: center; gap: 5px; color: var(--soft); }
input, select, button { font: inherit; color: inherit; }
input[type="search"], select, button {
  height: 28px; padding: 0 9px; border: 1px solid var(--line); border-radius: 5px; background: var(--back);
}
input[type="search"] { width: 220px; }
input::placeholder { color: var(--soft); opacity: 1; }
button { cursor: pointer; }
button:hover { background: var(--hover); }
button[aria-pressed="true"] { background: var(--chosen); border-color: var(--accent); }
button:disabled { color: var(--soft); cursor: default; }
.views { display: flex; margin-left: auto; }
.views button:first-child { border-radius: 5px 0 0 5px; }
.views button:last-child { border-radius: 0 5px 5px 0; margin-left: -1px; }
main { display: grid; grid-template-columns: minmax(0, 1fr) minmax(260px, 340px); min-height: 0; }
#treePane, #timelinePane { display: flex; flex-direction: column; min-height: 0; position: relative; }
.line, #columns {
  display: grid; grid-template-columns: minmax(180px, 2.2fr) 136px 84px 84px minmax(0, 2fr); gap: 0 10px; align-items: center;
  padding: 0 14px;
}
#columns { height: 26px; color: var(--soft); border-bottom: 1px solid var(--line); font-size: 12px; }
#columns .age, #columns .left { text-align: right; }
#tree { flex: 1; overflow: auto; min-height: 0; contain: strict; }
#space { position: relative; }
.line { position: absolute; top: 0; left: 0; right: 0; height: 26px; cursor: default; white-space: nowrap; contain: strict; }
.line > span { overflow: hidden; text-overflow: ellipsis; }
.line:hover { background: var(--hover); }
.line[aria-selected="true"] { background: var(--chosen); }
.line:focus-visible { outline-offset: -2px; }
.twist { display: inline-block; width: 16px; color: var(--soft); cursor: pointer; text-align: center; }
.kind:not(:empty) {
  margin-right: 2px; padding: 0 5px; border: 1px solid var(--line); border-radius: 3px; color: var(--soft); font-size: 11px;
}
.line[aria-selected="true"] .kind { border-color: var(--soft); }
.sign { display: inline-block; width: 16px; }
.line .age, .line .left { text-align: right; font-variant-numeric: tabular-nums; }
.line .age, .line .why { color: var(--soft); }
.over .label, .beside .label { color: var(--soft); }
.queued .state { color: var(--queued); } .running .state, .open .state { color: var(--running); }
.canceling .state, .cleanup .state { color: var(--canceling); } .succeeded .state { color: var(--succeeded); }
.failed .state { color: var(--failed); } .canceled .state { color: var(--canceled); }
.abandoned .state { color: var(--abandoned); }
.missed { color: var(--failed); }
#tools > :disabled, #tools label:has(:disabled) { opacity: 0.55; cursor: default; }
#empty { position: absolute; top: 44px; left: 0; right: 0; margin: 0; text-align: center; color: var(--soft); }
#scroll { flex: 1; overflow: auto; min-height: 0; padding: 10px 14px; }
#timeline { max-width: none; }
aside { overflow: auto; padding: 12px 14px; border-left: 1px solid var(--line); background: var(--raised); }
aside h2 { overflow-wrap: anywhere; margin-bottom: 8px; }
#about { display: grid; grid-template-columns: 84px minmax(0, 1fr); gap: 5px 10px; margin-top: 12px; }
aside dt { color: var(--soft); }
aside dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
aside ol { margin: 0; padding: 0; list-style: none; }
aside li + li { margin-top: 2px; }
.chain li + li::before { content: "← "; color: var(--soft); }
aside pre { margin: 0; font: 11px/1.5 ui-monospace, Consolas, monospace; white-space: pre-wrap; }
.wide { grid-column: 1 / -1; }
.jump { height: 22px; max-width: 100%; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#question { margin: 0 0 6px; font-weight: 600; overflow-wrap: anywhere; }
#cancel, #yes { border-color: var(--danger); color: var(--danger); }
#yes { background: var(--danger); color: var(--on-danger); font-weight: 600; }
#cancel:disabled { border-color: var(--line); color: var(--soft); }
#said { margin: 8px 0 0; }
#hint { color: var(--soft); }
#warnings { border-top: 1px solid var(--line); max-height: 26vh; display: flex; flex-direction: column; min-height: 0; }
#warnings h2 { padding: 6px 14px; }
#alertCount { padding: 0 7px; border-radius: 9px; background: var(--danger); color: var(--on-danger); font-size: 12px; }
#lane { overflow: auto; min-height: 0; }
#alerts { margin: 0; padding: 0 14px 8px; list-style: none; }
#alerts li {
  display: grid; grid-template-columns: 60px 168px minmax(0, 1fr); gap: 0 10px; padding: 3px 0; border-top: 1px solid var(--line);
}
#alerts .at, #alerts .path, #alerts code { color: var(--soft); font-variant-numeric: tabular-nums; }
#alerts .what { color: var(--canceling); font-weight: 600; }
#alerts .message, #alerts .path, #alerts code { overflow-wrap: anywhere; }
#alerts .path, #alerts code { grid-column: 3; }
#alerts code { font: 11px/1.7 ui-monospace, Consolas, monospace; }
#none { margin: 0; padding: 0 14px 8px; color: var(--soft); }
@media (max-height: 560px) { /* zoomed in: the page scrolls, so that the tree is not squeezed to nothing */
  html, body { height: auto; }
  body { grid-template-rows: auto auto 420px auto; }
  #warnings { max-height: 240px; }
}
@media (forced-colors: active) { /* where backgrounds are not drawn */
  .line[aria-selected="true"] { outline: 1px dashed Highlight; outline-offset: -3px; }
  button[aria-pressed="true"] { border-width: 3px; }
}
@media (max-width: 820px) {
  main { grid-template-columns: minmax(0, 1fr); grid-template-rows: minmax(0, 1fr) minmax(0, 40%); }
  aside { border-left: 0; border-top: 1px solid var(--line); }
  #alerts li { grid-template-columns: 60px minmax(0, 1fr); }
  #alerts .message, #alerts .path, #alerts code { grid-column: 1 / -1; }
  .line, #columns { grid-template-columns: minmax(120px, 1fr) 104px 70px; }
  .line .left, .line .why, #columns .left, #columns .why { display: none; }
}
`;
