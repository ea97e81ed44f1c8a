/**
 * What the page uses of a browser, by its shape: the types of the DOM would be those of the whole package.
 *
 * @module
 */

/** An element, whichever it is. */
export interface El {
  id: string;
  textContent: string | null;
  className: string;
  hidden: boolean;
  disabled: boolean;
  checked: boolean;
  value: string;
  src: string;
  tabIndex: number;
  scrollTop: number;
  readonly clientHeight: number;
  readonly clientWidth: number;
  readonly dataset: Record<string, string | undefined>;
  readonly style: Record<string, string>;
  readonly childElementCount: number;
  readonly parentElement: El | null;
  append(...nodes: (El | string)[]): void;
  replaceChildren(...nodes: (El | string)[]): void;
  remove(): void;
  setAttribute(name: string, value: string): void;
  getAttribute(name: string): string | null;
  removeAttribute(name: string): void;
  closest(selectors: string): El | null;
  contains(other: El | null): boolean;
  focus(options?: { preventScroll?: boolean }): void;
  decode(): Promise<void>;
  onclick: ((event: UiEvent) => unknown) | null;
  oninput: (() => unknown) | null;
  onscroll: (() => unknown) | null;
  onkeydown: ((event: UiEvent) => unknown) | null;
}

/** A click or a key. */
export interface UiEvent {
  readonly target: El;
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  preventDefault(): void;
}

/** `document`. */
export interface Doc {
  readonly activeElement: El | null;
  readonly hidden: boolean;
  title: string;
  getElementById(id: string): El;
  createElement(tag: string): El;
  onkeydown: ((event: UiEvent) => unknown) | null;
  onvisibilitychange: (() => unknown) | null;
}

/** An `EventSource`. */
export interface Events {
  readonly readyState: number;
  close(): void;
  addEventListener(type: string, listener: (event: { data: string; lastEventId: string }) => void): void;
  onopen: (() => void) | null;
  onerror: (() => void) | null;
}

/** The window; passed in, because elsewhere there is none. */
export interface Win {
  readonly document: Doc;
  readonly location: { readonly pathname: string; readonly href: string };
  readonly EventSource: new (url: string) => Events;
  fetch(url: string, init?: { method?: string; headers?: Record<string, string> }): Promise<{
    readonly ok: boolean;
    json(): Promise<unknown>;
  }>;
  requestAnimationFrame(call: () => void): number;
  setTimeout(call: () => void, ms: number): number;
  getSelection(): { readonly isCollapsed: boolean; readonly anchorNode: El | null } | null;
  onresize: (() => unknown) | null;
}
