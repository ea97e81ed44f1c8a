/** Records to draw: written by hand, generated, and cut short. */
import type { LifecycleEvent } from "@taskscope/taskscope/inspect";

type Spawn = LifecycleEvent & { type: "spawn" };
type Settle = LifecycleEvent & { type: "settle" };

export const START = Date.UTC(2026, 10, 21, 12);

/** Events in few words; times count from {@linkcode START}. */
export class Story {
  readonly events: LifecycleEvent[] = [];
  #ids = 0;

  spawn(at: number, name: string, rest: Partial<Spawn> = {}): number {
    const id = ++this.#ids;
    const kind = rest.kind ?? (rest.parent === undefined ? "scope" : "task");
    const { deadline = null, parent = null } = rest;
    this.events.push({
      type: "spawn",
      id,
      name,
      queued: false,
      ...rest,
      at: START + at,
      kind,
      parent,
      spawner: rest.spawner ?? parent,
      deadline: deadline === null ? null : START + deadline,
    });
    if (kind !== "scope" && !rest.queued) this.events.push({ type: "start", at: START + at, id });
    return id;
  }

  settle(at: number, id: number, state: Settle["state"] = "succeeded", rest: Partial<Settle> = {}): this {
    this.events.push({
      type: "settle",
      late: false,
      by: null,
      message: state === "succeeded" ? null : `${state} it is`,
      ...rest,
      id,
      state,
      at: START + at,
    });
    return this;
  }

  /** Anything else. */
  tell(event: LifecycleEvent): this {
    this.events.push({ ...event, at: START + event.at });
    return this;
  }
}

/** All that can happen, in one request and what it leaves behind. */
export function everything(): LifecycleEvent[] {
  const story = new Story();
  const page = story.spawn(0, "page", { deadline: 900 });
  const user = story.spawn(2, "user", { parent: page, deadline: 900 });
  const feed = story.spawn(3, "feed", { parent: page, deadline: 400 });
  const ads = story.spawn(4, "ads", { parent: page, deadline: 900, queued: true });
  const never = story.spawn(5, "never", { parent: page, deadline: 900, queued: true });
  const save = story.spawn(6, "save", { parent: page, kind: "shield", deadline: 700 });
  const audit = story.spawn(30, "audit", { kind: "detached", spawner: page, deadline: 1_500 });
  const mail = story.spawn(40, "mail", { kind: "detached", spawner: user, deadline: 600 });
  const index = story.spawn(50, "index", { kind: "detached", spawner: page, deadline: 600_000 });
  story.tell({ type: "start", at: 120, id: ads });
  story.settle(250, user);
  story.tell({ type: "deadline", at: 400, id: feed });
  story.tell({ type: "cancel", at: 400, id: feed, kind: "deadline", origin: "page/feed", reason: "too late" });
  story.settle(402, feed, "failed", { by: feed, message: "The deadline of feed passed" });
  story.tell({ type: "cancel", at: 403, id: page, kind: "sibling-failed", origin: "page", reason: "page/feed failed" });
  story.settle(404, never, "canceled", { by: page });
  story.settle(420, ads, "canceled", { by: page });
  story.settle(520, save);
  story.settle(521, page, "failed", { by: page, message: "The deadline of feed passed" });
  story.tell({ type: "deadline", at: 600, id: mail });
  story.tell({ type: "cancel", at: 600, id: mail, kind: "deadline", origin: "page/user/mail", reason: "too late" });
  story.tell({ type: "abandon", at: 700, id: mail, message: "ignored its cancellation" });
  story.settle(900, audit);
  story.tell({ type: "late-settle", at: 1_000, id: mail, state: "failed", message: "no such host" });
  story.tell({ type: "error", at: 1_000, id: mail, phase: "after-abandon", message: "no such host" });
  story.tell({ type: "error", at: 1_100, id: index, phase: "cleanup", message: "cannot remove the lock" });
  return story.events;
}

/** The same numbers every time. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A server under load: requests that end in every way, until there are so many scopes and tasks. */
export function load(count: number, seed = 1): LifecycleEvent[] {
  const next = random(seed);
  const upTo = (most: number) => Math.floor(next() * most);
  const story = new Story();
  let clock = 0;
  for (let made = 0; made < count;) {
    clock += upTo(40);
    const fate = next();
    const many = Math.min(count - made - 1, fate > 0.9 ? 60 : 1 + upTo(6));
    const end = clock + 80 + upTo(400);
    const deadline = clock + 2_000;
    const root = story.spawn(clock, `request-${made}`, { deadline });
    made += 1 + many;
    const cut: number[] = [];
    for (let index = 0; index < many; index++) {
      const name = `${["fetch", "query", "render"][index % 3]}-${index}`;
      const queued = index > 8;
      const task = story.spawn(clock + index % 9, name, { parent: root, deadline, queued });
      const isCut = fate > 0.6 && next() < 0.6;
      if (queued && !(isCut && next() < 0.5)) story.tell({ type: "start", at: clock + 20, id: task });
      if (isCut) cut.push(task);
      else story.settle(clock + 20 + upTo(end - clock - 25), task);
    }
    if (made < count && next() < 0.4) {
      made++;
      const detached = story.spawn(end - 5, "audit", { kind: "detached", spawner: root, deadline: end + 300 });
      if (next() < 0.8) story.settle(end + upTo(280), detached);
      else story.tell({ type: "deadline", at: end + 300, id: detached });
    }
    if (cut.length > 0) {
      story.tell({ type: "cancel", at: end, id: root, kind: "disconnected", origin: "client", reason: "it went away" });
      for (const id of cut) story.settle(end + 2, id, "canceled", { by: root });
      story.settle(end + 3, root, "canceled", { by: root });
    } else story.settle(end, root);
  }
  return story.events.sort((a, b) => a.at - b.at);
}
