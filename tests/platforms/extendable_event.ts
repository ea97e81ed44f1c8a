/**
 * A stand-in for the event of a service worker (facts: ServiceWorker specification, "add lifetime promise"; fastly/
 * js-compute-runtime fetch-event.cpp). It models: active while dispatched or while a promise is pending, `respondWith`
 * counts as one, the count falls a microtask after the promise settled, a rejection counts like success, and a call on an
 * inactive event throws.
 */
export class ExtendableEvent {
  readonly #inactive: () => Error;
  #dispatched = false;
  #pending = 0;

  private constructor(inactive: () => Error) {
    this.#inactive = inactive;
  }

  static serviceWorker(): ExtendableEvent {
    return new ExtendableEvent(() => new DOMException("The event is not active", "InvalidStateError"));
  }

  static fastly(): ExtendableEvent {
    return new ExtendableEvent(() => new Error("FetchEvent#waitUntil called on inactive event"));
  }

  get isActive(): boolean {
    return this.#dispatched || this.#pending > 0;
  }

  /** Calls a listener, as the host does. */
  dispatch(listener: (event: this) => void): void {
    this.#dispatched = true;
    listener(this);
    this.#dispatched = false;
  }

  respondWith(response: Promise<unknown>): void {
    this.waitUntil(response);
  }

  waitUntil(work: Promise<unknown>): void {
    if (!this.isActive) throw this.#inactive();
    this.#pending++;
    const settled = () => queueMicrotask(() => void this.#pending--);
    work.then(settled, settled);
  }
}
