/**
 * The tree: only the lines in sight are elements, whatever there is. Runs in the page: see script.ts.
 *
 * Keys as in the ARIA pattern "tree view": arrows, Home, End, PageUp, PageDown; Enter and Space choose.
 *
 * @module
 */
import type { El, UiEvent, Win } from "./dom.ts";
import type { Line } from "./store.ts";
import type { Text } from "./text.ts";

/** What {@linkcode makeTree} makes. */
export interface Tree {
  /** Draws these lines. */
  show(lines: readonly Line[], now: number): void;
  /** Brings times up to date. */
  tick(now: number): void;
  /** Moves to a line, if it is there. */
  reveal(id: number): void;
  focus(): void;
}

/** What the tree tells. */
export interface TreeEvents {
  chosen(id: number): void;
  /** To be opened or closed. */
  toggled(id: number, open: boolean): void;
}

interface Drawn {
  readonly element: El;
  readonly parts: Record<string, El>;
  key: string;
}

/** Makes the tree. */
export function makeTree(win: Win, text: Text, events: TreeEvents): Tree {
  const HEIGHT = 26; // of a line, as in style.ts
  const SPARE = 8; // lines above and below what is in sight
  const { document } = win;
  const view = document.getElementById("tree");
  const space = document.getElementById("space");
  const empty = document.getElementById("empty");
  const drawn = new Map<number, Drawn>();
  let lines: readonly Line[] = [];
  let places = new Map<number, number>();
  let current = 0; // the line that Tab comes to
  let chosen = 0;
  let now = 0;

  function make(id: number): Drawn {
    const element = document.createElement("div");
    element.setAttribute("role", "treeitem");
    element.dataset["id"] = `${id}`;
    const parts: Record<string, El> = {};
    function cell(part: string, owner: El | undefined): void {
      const made = parts[part] = document.createElement("span");
      made.className = part;
      // What changes all the time, or is a sign of what follows, is not a part of its name.
      if (["twist", "sign", "age", "left"].includes(part)) made.setAttribute("aria-hidden", "true");
      owner?.append(made);
    }
    for (const part of ["name", "state", "age", "left", "why"]) cell(part, element);
    for (const part of ["twist", "kind", "label"]) {
      cell(part, parts["name"]);
      if (part === "kind") parts["name"]?.append(" ");
    }
    for (const part of ["sign", "word"]) cell(part, parts["state"]);
    space.append(element);
    return { element, parts, key: "" };
  }

  function set(cell: El | undefined, value: string): void {
    if (cell && cell.textContent !== value) cell.textContent = value;
  }

  function draw(line: Line, index: number): void {
    const { item, level, place, siblings, children, isOpen, isHit } = line;
    let each = drawn.get(item.id);
    if (!each) drawn.set(item.id, each = make(item.id));
    const { element, parts } = each;
    const isCurrent = item.id === current;
    const { name, state, kind, from = "", why = "", late } = item;
    const fixed = [name, state, kind, from, why, late, level, place, siblings, children > 0, isOpen, isHit].join("\0");
    const key = `${fixed}\0${index}\0${isCurrent}\0${item.id === chosen}`;
    if (each.key !== key) {
      each.key = key;
      element.className = `line ${state}${isHit ? "" : " beside"}${item.at ? " over" : ""}`;
      element.style["transform"] = `translateY(${index * HEIGHT}px)`;
      element.tabIndex = isCurrent ? 0 : -1;
      element.setAttribute("aria-level", `${level}`);
      element.setAttribute("aria-posinset", `${place}`);
      element.setAttribute("aria-setsize", `${siblings}`);
      element.setAttribute("aria-selected", `${item.id === chosen}`);
      if (children > 0) element.setAttribute("aria-expanded", `${isOpen}`);
      else element.removeAttribute("aria-expanded");
      const indent = parts["name"];
      if (indent) indent.style["paddingLeft"] = `${(Math.min(level, 24) - 1) * 16}px`;
      set(parts["twist"], children > 0 ? (isOpen ? "▾" : "▸") : "");
      set(parts["kind"], kind === "task" ? "" : kind);
      set(parts["label"], name);
      set(parts["sign"], text.sign(state));
      set(parts["word"], state + (late ? ", late" : ""));
      set(parts["why"], why || (from && `from ${from}`));
      parts["why"]?.setAttribute("title", why); // it is cut where there is no room
    }
    const end = item.at || now;
    set(parts["age"], text.duration(Math.max(0, end - item.born)));
    const remaining = item.deadline === undefined ? Infinity : item.deadline - end;
    // Of what has ended, only that it was too late.
    set(parts["left"], remaining === Infinity || (item.at !== 0 && remaining > -1) ? "" : text.duration(remaining));
    const left = parts["left"];
    if (left) left.className = remaining < 0 ? "left missed" : "left";
  }

  function drawAll(): void {
    const first = Math.max(0, Math.floor(view.scrollTop / HEIGHT) - SPARE);
    const last = Math.min(lines.length, Math.ceil((view.scrollTop + view.clientHeight) / HEIGHT) + SPARE);
    const kept = new Set<number>();
    function keep(index: number): void {
      const line = lines[index];
      if (!line || kept.has(line.item.id)) return;
      kept.add(line.item.id);
      draw(line, index);
    }
    for (let index = first; index < last; index++) keep(index);
    keep(places.get(current) ?? -1); // else the focus would be lost when it scrolls out of sight
    for (const [id, { element }] of drawn) {
      if (kept.has(id)) continue;
      element.remove();
      drawn.delete(id);
    }
  }

  function show(next: readonly Line[], at: number): void {
    now = at;
    const hadFocus = view.contains(document.activeElement);
    const before = places.get(current) ?? 0;
    lines = next;
    places = new Map(lines.map(({ item }, index) => [item.id, index]));
    const isLost = !places.has(current);
    if (isLost) current = lines[Math.min(before, lines.length - 1)]?.item.id ?? 0;
    space.style["height"] = `${lines.length * HEIGHT}px`;
    empty.hidden = lines.length > 0;
    view.setAttribute("aria-hidden", `${lines.length === 0}`);
    drawAll();
    if (hadFocus && isLost) drawn.get(current)?.element.focus({ preventScroll: true });
  }

  function moveTo(index: number): void {
    const line = lines[Math.max(0, Math.min(index, lines.length - 1))];
    if (!line) return;
    current = line.item.id;
    const top = (places.get(current) ?? 0) * HEIGHT;
    if (top < view.scrollTop) view.scrollTop = top;
    else if (top + HEIGHT > view.scrollTop + view.clientHeight) view.scrollTop = top + HEIGHT - view.clientHeight;
    drawAll();
    drawn.get(current)?.element.focus({ preventScroll: true });
  }

  function choose(id: number): void {
    chosen = current = id;
    drawAll();
    events.chosen(id);
  }

  function sideways(line: Line, index: number, isRight: boolean): void {
    if (isRight && line.children > 0) return line.isOpen ? moveTo(index + 1) : events.toggled(line.item.id, true);
    if (isRight) return;
    if (line.isOpen) return events.toggled(line.item.id, false);
    for (let above = index - 1; above >= 0; above--) if ((lines[above]?.level ?? 0) < line.level) return moveTo(above);
  }

  view.onscroll = drawAll;
  view.onclick = ({ target }: UiEvent) => {
    const id = Number(target.closest("[data-id]")?.dataset["id"] ?? NaN);
    const line = lines[places.get(id) ?? -1];
    if (!line) return;
    if (target.className === "twist" && line.children > 0) return events.toggled(id, !line.isOpen);
    choose(id);
    drawn.get(id)?.element.focus({ preventScroll: true });
  };
  view.onkeydown = (event: UiEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const focused = Number(event.target.closest("[data-id]")?.dataset["id"] ?? current); // a screen reader may move it
    const index = places.get(focused) ?? places.get(current) ?? 0;
    const line = lines[index];
    const page = Math.max(1, Math.floor(view.clientHeight / HEIGHT) - 1);
    const steps: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      Home: 0,
      End: lines.length - 1,
      PageDown: index + page,
      PageUp: index - page,
    };
    const step = steps[event.key];
    if (step !== undefined) moveTo(step);
    else if (!line) return;
    else if (event.key === "ArrowRight" || event.key === "ArrowLeft") sideways(line, index, event.key === "ArrowRight");
    else if (event.key === "Enter" || event.key === " ") choose(line.item.id);
    else return;
    event.preventDefault();
  };

  function tick(at: number): void {
    now = at;
    drawAll();
  }

  function reveal(id: number): void {
    const index = places.get(id);
    if (index === undefined) return events.chosen(id);
    moveTo(index);
    choose(id);
  }

  return { show, tick, reveal, focus: () => moveTo(places.get(current) ?? 0) };
}
