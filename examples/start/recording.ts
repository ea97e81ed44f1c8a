/** What all scenarios did, as a picture: recorded in this process, and by the server of scenario 5 in its own. */
import { type LifecycleEvent, Recorder, renderTimeline } from "@taskscope/taskscope/inspect";

const APART = 1_000_000_000;

/** A recorder that is at work from the start. */
export class Recording implements Disposable {
  readonly #recorder = new Recorder();
  readonly #others: LifecycleEvent[] = [];

  constructor() {
    this.#recorder.start();
  }

  /** Adds what another process has written to a file; each process has numbers of its own for its tasks. */
  async addFile(path: string): Promise<void> {
    const events: LifecycleEvent[] = JSON.parse(await Deno.readTextFile(path));
    const other = (id: number) => id + APART;
    const known = (id: number | null) => id === null ? null : other(id);
    for (const event of events) {
      const { type } = event;
      if (type === "spawn") {
        const { parent, spawner } = event;
        this.#others.push({ ...event, id: other(event.id), parent: known(parent), spawner: known(spawner) });
      } else if (type === "settle") this.#others.push({ ...event, id: other(event.id), by: known(event.by) });
      else this.#others.push({ ...event, id: other(event.id) });
    }
  }

  /**
   * Draws everything into a file.
   *
   * @param chapters Where each scenario began: each gets a time axis of its own.
   * @returns The path of the file.
   */
  async draw(chapters: readonly { readonly at: number; readonly title: string }[], path: string): Promise<string> {
    const events = [...this.#recorder.events(), ...this.#others].sort((a, b) => a.at - b.at);
    await Deno.writeTextFile(path, renderTimeline(events, { title: "The five scenarios", chapters }));
    return path;
  }

  [Symbol.dispose](): void {
    this.#recorder[Symbol.dispose]();
  }
}
