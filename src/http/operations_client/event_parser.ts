/**
 * Server-Sent Events, from bytes.
 *
 * `ServerSentEventParseStream` of `@std/http` is not used: at the end of a stream that was cut off it hands out the half of
 * an event, which the standard says to drop; and it does not tell of bytes that are no event yet.
 *
 * @module
 */

/** One event. */
export interface ServerEvent {
  /** `message` if the server did not say. */
  readonly event: string;
  readonly data: string;
  /** How long to wait before connecting again, in milliseconds, if the server said so since the last event. */
  readonly retry: number | undefined;
}

/** Takes one stream of bytes, piece by piece. */
export class EventParser {
  readonly #decoder = new TextDecoder(); // drops the byte order mark, as the standard wants it
  #rest = "";
  #event = "";
  #data: string[] = [];
  #retry: number | undefined;

  /** The events that are complete with these bytes. */
  push(bytes: Uint8Array): ServerEvent[] {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true });
    // A carriage return at the end may be the first half of a line's end.
    const lines = text.split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line) ?? []);
  }

  #line(line: string): ServerEvent | undefined {
    if (line === "") return this.#dispatch();
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (field === "event") this.#event = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "retry" && /^\d+$/.test(value)) this.#retry = Number(value);
    return undefined; // comments, ids and what nobody knows
  }

  #dispatch(): ServerEvent | undefined {
    const [event, data, retry] = [this.#event || "message", this.#data, this.#retry];
    this.#event = "";
    this.#data = [];
    if (data.length === 0) return undefined;
    this.#retry = undefined;
    return { event, data: data.join("\n"), retry };
  }
}
