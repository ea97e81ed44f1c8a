/**
 * What holds the page together: its connection, its switches and its clock. Runs in the page: see script.ts.
 *
 * @module
 */
import type { Row } from "../inspector_row.ts";
import type { Alert, Ended } from "../inspector_past.ts";
import { makeAlerts } from "./alerts.ts";
import { makeDetails } from "./details.ts";
import type { Events, Win } from "./dom.ts";
import { type Filter, makeStore } from "./store.ts";
import { makeText } from "./text.ts";
import { makeTree } from "./tree.ts";

interface News {
  readonly now: number;
  readonly full?: boolean;
  readonly rows?: readonly Row[];
  readonly gone?: readonly number[];
  readonly ended: readonly Ended[];
  readonly alerts: readonly Alert[];
  readonly status: {
    readonly pending: number | null;
    readonly end: number | null;
    readonly isClosing: boolean;
    readonly hidden: number;
  } | null;
}

/** Runs the page. */
export function main(win: Win): void {
  const { document, location } = win;
  const get = (id: string) => document.getElementById(id);
  // Mounted at /inspect as well as at /inspect/: what belongs to the page is always below that.
  // It begins with a dot, or a name with a colon would be a scheme.
  const base = location.pathname.endsWith("/") ? "./" : `./${location.pathname.split("/").at(-1)}/`;
  const text = makeText();
  const store = makeStore(500);
  const alerts = makeAlerts(win, text, 200);
  const tree = makeTree(win, text, {
    chosen: (id) => details.show(id),
    toggled(id, open) {
      if (open) store.closed.delete(id);
      else store.closed.add(id);
      isStale = true;
      plan();
    },
  });
  const details = makeDetails(win, base, text, store, (id) => tree.reveal(id));
  let filter: Filter = { text: "", state: "", age: 0, withEnded: true };
  let source: Events | undefined;
  let position = ""; // the id of the last message
  let epoch = "";
  let offset = 0; // of the server's clock
  let status: News["status"] = null;
  let isStale = true;
  let isPlanned = false;
  let isPaused = false;
  let isTimeline = false;
  let isLoading = false;
  let hasNews = false; // since it has connected

  function now(): number {
    return Date.now() + offset;
  }

  /** Draws with the next frame, however much comes before it. */
  function plan(): void {
    if (isPlanned) return;
    isPlanned = true;
    win.requestAnimationFrame(() => {
      isPlanned = false;
      if (!isTimeline) {
        if (isStale) tree.show(store.lines(filter, now()), now());
        else tree.tick(now());
        isStale = false;
      }
      details.refresh(now());
      summarize();
    });
  }

  function summarize(): void {
    const { counts } = store;
    const sum = Object.values(counts).reduce((a, b) => a + b, 0);
    const facts: [string, string][] = [
      ["live", sum.toLocaleString("en-US")],
      ["queued", `${counts["queued"] ?? 0}`],
      ["canceling", `${(counts["canceling"] ?? 0) + (counts["cleanup"] ?? 0)}`],
    ];
    if (status?.pending != null) facts.push(["the host waits for", `${status.pending}`]);
    if (status?.end != null) facts.push(["it ends in", text.duration(Math.max(0, status.end - now()))]);
    if (status && status.hidden > 0) facts.push(["not shown", `${status.hidden}`]);
    for (const [index, id] of ["live", "queued", "canceling"].entries()) get(id).textContent = facts[index]?.[1] ?? "";
    get("rest").textContent = facts.slice(3).map(([name, value]) => `${name} ${value}`).join(" · ");
  }

  function say(state: "connecting" | "live" | "lost" | "paused", words: string): void {
    const link = get("link");
    link.dataset["state"] = state;
    if (link.textContent !== words) link.textContent = words;
  }

  function sayLive(): void {
    say("live", status?.isClosing ? "Live, the host is closing" : "Live");
  }

  function take(news: News, id: string): void {
    position = id;
    offset = news.now - Date.now();
    status = news.status;
    hasNews = true;
    sayLive();
    if (news.rows || news.ended.length > 0) {
      store.apply(news.full, news.rows ?? [], news.gone ?? [], news.ended);
      isStale = true;
    }
    if (news.alerts.length > 0) alerts.add(news.alerts);
    plan();
  }

  function connect(): void {
    if (isPaused || document.hidden) return;
    hasNews = false;
    if (get("link").dataset["state"] !== "lost") say("connecting", "Connecting…"); // else it would be read out each time
    const own = source = new win.EventSource(`${base}events?since=${position}`);
    own.addEventListener("hello", ({ data }) => {
      const hello = JSON.parse(data) as { epoch: string; token?: string };
      if (epoch !== "" && hello.epoch !== epoch) { // the server has started anew: so do numbers
        store.clear();
        details.forget();
        status = null;
        isStale = true;
        plan();
      }
      epoch = hello.epoch;
      details.allow(hello.token);
      sayLive();
    });
    own.addEventListener("news", ({ data, lastEventId }) => take(JSON.parse(data) as News, lastEventId));
    own.onerror = () => {
      if (source !== own) return;
      // A host that is closing ends each stream, and lets pages come again until it is gone.
      if (hasNews && status?.isClosing && own.readyState !== 2) hasNews = false;
      else say("lost", "Connection lost, trying again…");
      if (own.readyState === 2) win.setTimeout(() => source === own && connect(), 2_000); // it does not by itself
    };
  }

  function disconnect(): void {
    source?.close();
    source = undefined;
  }

  function loadTimeline(): void {
    if (!isTimeline || isPaused || isLoading || document.hidden) return;
    isLoading = true;
    const fresh = document.createElement("img");
    fresh.src = `${base}timeline.svg?width=${Math.floor(get("scroll").clientWidth) - 30}&at=${Date.now()}`;
    const done = () => {
      isLoading = false;
    };
    fresh.decode().then(() => {
      get("timeline").src = fresh.src;
    }).then(done, done); // decoded first, so that it does not flicker
  }

  function view(timeline: boolean): void {
    isTimeline = timeline;
    get("treePane").hidden = timeline;
    get("timelinePane").hidden = !timeline;
    get("asTree").setAttribute("aria-pressed", `${!timeline}`);
    get("asTimeline").setAttribute("aria-pressed", `${timeline}`);
    for (const id of ["filter", "state", "age", "ended"]) get(id).disabled = timeline; // they are for the tree
    isStale = true;
    loadTimeline();
    plan();
  }

  function narrow(): void {
    filter = {
      text: get("filter").value.trim().toLowerCase(),
      state: get("state").value,
      age: Number(get("age").value),
      withEnded: get("ended").checked,
    };
    isStale = true;
    plan();
  }

  for (const id of ["filter", "state", "age", "ended"]) get(id).oninput = narrow;
  get("asTree").onclick = () => view(false);
  get("asTimeline").onclick = () => view(true);
  get("pause").onclick = () => {
    isPaused = !isPaused;
    get("pause").setAttribute("aria-pressed", `${isPaused}`);
    if (!isPaused) return connect();
    disconnect();
    say("paused", "Paused");
  };
  document.onkeydown = (event) => {
    const isTyping = document.activeElement?.closest("input, select") != null;
    if (event.key === "/" && !isTyping && !event.ctrlKey && !event.metaKey && !event.altKey) get("filter").focus();
    else if (event.key === "Escape" && get("details").contains(document.activeElement)) details.keep() || tree.focus();
    else return;
    event.preventDefault();
  };
  document.onvisibilitychange = () => {
    if (!document.hidden) return connect();
    disconnect(); // nobody looks: the server need not talk
  };
  win.onresize = plan;

  let ticks = 0;
  function tick(): void {
    win.setTimeout(tick, 1_000);
    if (document.hidden) return;
    alerts.tick(now());
    if (filter.age > 0) isStale = true;
    if (++ticks % 2 === 0) loadTimeline();
    if (!isPaused) plan();
  }
  narrow();
  connect();
  tick();
}
