/**
 * What is known of one task, and the button that cancels it. Runs in the page: see script.ts.
 *
 * @module
 */
import type { Details } from "../inspector_details.ts";
import type { El, Win } from "./dom.ts";
import type { Item, Store } from "./store.ts";
import type { Text } from "./text.ts";

/** What {@linkcode makeDetails} makes. */
export interface DetailsPanel {
  /** Shows a task, or shows it again. */
  show(id: number): void;
  /** Brings it up to date. */
  refresh(now: number): void;
  /** Back to showing none: numbers mean others from now on. */
  forget(): void;
  /** Takes back the question whether to cancel; `false` if there is none. */
  keep(): boolean;
  /** What proves that this page may cancel; none: it may not. */
  allow(token: string | undefined): void;
}

/** Makes the panel. */
export function makeDetails(
  win: Win,
  base: string,
  text: Text,
  store: Store,
  reveal: (id: number) => void,
): DetailsPanel {
  const { document } = win;
  const body = document.getElementById("about");
  const heading = document.getElementById("what");
  const cancel = document.getElementById("cancel");
  const sure = document.getElementById("sure");
  const question = document.getElementById("question");
  const said = document.getElementById("said");
  const actions = document.getElementById("actions");
  const panel = document.getElementById("details");
  const hint = document.getElementById("hint");
  let shown = 0;
  let drawn = 0;
  let token: string | undefined;
  let last: Details | undefined;
  let isAsking = false;
  let askedAt = 0;

  function make(tag: string, content: string, className = ""): El {
    const element = document.createElement(tag);
    element.textContent = content;
    element.className = className;
    return element;
  }

  function list(items: readonly string[], className = ""): El {
    const element = document.createElement("ol");
    element.className = className;
    element.append(...items.map((item) => make("li", item)));
    return element;
  }

  function jump(id: number): El {
    const button = make("button", store.items.get(id)?.name ?? `number ${id}`, "jump");
    button.setAttribute("type", "button");
    button.onclick = () => reveal(id);
    return button;
  }

  /** Pairs of a term and what is said of it; without that, the pair is left out. */
  function facts(item: Item | undefined, now: number): [string, El | string | null][] {
    const { counters = null, deadline = item?.deadline ?? null } = last ?? {};
    const { at = 0, born = last?.born ?? now, why = "" } = item ?? {};
    const parts = Object.entries(counters ?? {}).filter(([name, count]) => count > 0 || name === "spawned");
    const isOwn = last?.hasOwnDeadline === false ? " (of a scope above)" : "";
    const reasons = last && last.reasons.length > 0 ? list(last.reasons, "chain") : why || null;
    return [
      ["Path", last?.path ?? store.pathOf(shown)],
      ["Kind", last?.kind ?? item?.kind ?? null],
      ["State", `${text.sign(item?.state ?? "")} ${item?.state ?? "unknown"}${item?.late ? ", late" : ""}`],
      ["Note", last?.note ?? null],
      [
        "Started",
        `${text.clock(born)}, ${at ? `ran for ${text.duration(at - born)}` : `${text.duration(now - born)} ago`}`,
      ],
      ["Ended", at ? text.clock(at) : null],
      ["Deadline", deadline === null ? "none" : text.clock(deadline) + isOwn],
      ["Remaining", deadline === null || at ? null : text.duration(deadline - now)],
      ["Missed by", deadline !== null && at > deadline ? text.duration(at - deadline) : null],
      ["Canceled", last?.since ? `${text.duration(now - last.since)} ago, in ${last.origin ?? "?"}` : null],
      [at ? "Why" : "Reason", reasons],
      ["Failures", last && last.failures.length > 0 ? list(last.failures) : null],
      ["Tasks", counters === null ? null : parts.map(([name, count]) => `${count} ${name}`).join(", ")],
      ["Context", last === undefined ? null : last.context.length > 0 ? list(last.context) : "no keys"],
      ["Spawned by", last?.spawner ? jump(last.spawner) : null],
      ["Spawned at", last && last.stack.length > 0 ? make("pre", last.stack.join("\n")) : null],
    ];
  }

  function draw(now: number): void {
    const item = store.items.get(shown);
    const isLive = item !== undefined && item.at === 0;
    heading.textContent = item?.name ?? last?.path ?? "It has ended";
    const rows: El[] = [];
    for (const [term, fact] of facts(item, now)) {
      if (fact === null || fact === "") continue;
      const dd = document.createElement("dd");
      dd.append(fact);
      if (term === "Spawned at") dd.className = "wide";
      rows.push(make("dt", term), dd);
    }
    // Neither a button that has the focus nor text that somebody copies is taken away.
    const selection = win.getSelection();
    const isSelected = selection?.isCollapsed === false && body.contains(selection.anchorNode);
    if (drawn !== shown || !(isSelected || body.contains(document.activeElement))) body.replaceChildren(...rows);
    drawn = shown;
    const isCanceled = item?.state === "canceling" || item?.state === "cleanup";
    const hadFocus = actions.contains(document.activeElement);
    if (isAsking && (!isLive || isCanceled)) {
      ask(false);
      said.textContent = isLive ? "It is being canceled already." : "It has ended by itself.";
    }
    cancel.hidden = token === undefined || !isLive || isAsking;
    cancel.disabled = isCanceled;
    cancel.textContent = isCanceled ? "Being canceled" : "Cancel…";
    if (hadFocus && !isAsking && (cancel.hidden || isCanceled)) panel.focus(); // it was on what is no button any more
  }

  function ask(isOn: boolean): void {
    isAsking = isOn;
    sure.hidden = !isOn;
    if (!isOn) return;
    const below = last?.below ?? 0;
    question.textContent = `Cancel ${heading.textContent}${
      below > 0 ? ` and ${text.plural(below, "task")} below it` : ""
    }?`;
    document.getElementById("yes").focus();
  }

  async function load(): Promise<void> {
    const id = shown;
    askedAt = Date.now();
    if (store.items.get(id)?.at !== 0) return;
    const response = await win.fetch(`${base}details?id=${id}`).catch(() => undefined);
    const details = response?.ok ? await response.json() as Details | null : null;
    if (id !== shown) return;
    last = details ?? last; // none: it has ended in the meantime
    draw(Date.now());
  }

  async function cancelIt(): Promise<void> {
    const headers = { "x-taskscope-token": token ?? "" };
    ask(false);
    said.textContent = "Canceling…";
    const response = await win.fetch(`${base}cancel?id=${shown}`, { method: "POST", headers }).catch(() => undefined);
    const result = await response?.json().catch(() => undefined) as { error?: string } | undefined;
    const problem = result?.error ?? "the server did not answer";
    said.textContent = response?.ok ? `Canceled ${heading.textContent}.` : `Cannot cancel: ${problem}.`;
    await load();
    panel.focus();
  }

  function keep(): boolean {
    if (!isAsking) return false;
    ask(false);
    draw(Date.now());
    cancel.focus();
    return true;
  }

  cancel.onclick = () => {
    ask(true);
    cancel.hidden = true;
  };
  document.getElementById("yes").onclick = cancelIt;
  document.getElementById("no").onclick = keep;

  return {
    show(id) {
      if (id !== shown) {
        last = undefined;
        said.textContent = "";
        ask(false);
      }
      shown = id;
      hint.hidden = true;
      draw(Date.now());
      load();
    },
    refresh(now) {
      if (shown === 0) return;
      draw(now);
      const isLive = store.items.get(shown)?.at === 0;
      if (isLive && Date.now() - askedAt >= 1_000) load();
    },
    forget() {
      if (shown === 0) return;
      const hadFocus = panel.contains(document.activeElement);
      shown = drawn = 0;
      last = undefined;
      ask(false);
      cancel.hidden = true;
      body.replaceChildren();
      heading.textContent = "Details";
      hint.hidden = false;
      said.textContent = "The server was started anew: what was shown here is gone.";
      if (hadFocus) panel.focus();
    },
    keep,
    allow(given) {
      token = given;
    },
  };
}
