/** A server that was started as a page says, and its client. */
import { assert, assertEquals } from "@std/assert";
import { stripVTControlCharacters } from "node:util";
import { until } from "../http/e2e/until.ts";
import { start } from "./page.ts";

/** What to type in another terminal, and what the server prints then. */
const [TRY = ""] = start.section("Getting started").commands;
const [, METHOD = "", PATH = ""] = /^curl -i -X (\w+) http:\/\/localhost:8000(\S+)$/.exec(TRY) ?? [];
const WRITTEN = `${METHOD} ${PATH}/audit: written`;

export interface ServerOptions {
  readonly cwd: string;
  readonly env: Record<string, string>;
  readonly port: number;
}

export class Server {
  readonly #process: Deno.ChildProcess;
  readonly #origin: string;
  readonly #ended: Promise<number>;
  #printed = "";
  #isOver = false;

  constructor(program: string, args: readonly string[], { cwd, env, port }: ServerOptions) {
    this.#origin = `http://127.0.0.1:${port}`;
    const streams = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
    this.#process = new Deno.Command(program, { args: [...args], cwd, env: { NO_COLOR: "1", ...env }, ...streams })
      .spawn();
    const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) this.#printed += text;
    };
    this.#ended = Promise.all([read(this.#process.stdout), read(this.#process.stderr), this.#process.status])
      .then(([, , { code }]) => {
        this.#isOver = true;
        return code;
      });
  }

  get printed(): string {
    return stripVTControlCharacters(this.#printed);
  }

  async listening(): Promise<void> {
    const { hostname, port } = new URL(this.#origin);
    const isUp = () => Deno.connect({ hostname, port: Number(port) }).then((socket) => (socket.close(), true));
    await until(
      async () => {
        assert(!this.#isOver, this.printed);
        return await isUp().catch(() => false);
      },
      () => `the server to listen; it has printed: ${this.printed}`,
    );
  }

  async post(): Promise<[status: number, text: string]> {
    const response = await fetch(`${this.#origin}${PATH}`, { method: METHOD });
    return [response.status, await response.text()];
  }

  /** The client has its answer before the work has ended, and the work ends. */
  async answersAndGoesOn(): Promise<void> {
    let isAhead = false;
    for (let requests = 1; !isAhead && requests <= 3; requests++) { // a machine may stand still as long as the work takes
      assertEquals(await this.post(), [202, "started\n"]);
      isAhead = this.#written < requests;
      await until(
        () => Promise.resolve(this.#written === requests),
        () => `request ${requests} to be written; it has printed: ${this.printed}`,
      );
    }
    assert(isAhead, "The answer came when the work had ended");
  }

  /** What was accepted is done before the process ends. */
  async drains(code: number): Promise<void> {
    if (Deno.build.os === "windows") return; // it has no SIGTERM
    const before = this.#written;
    assertEquals(await this.post(), [202, "started\n"]);
    this.#process.kill("SIGTERM");
    assertEquals([await this.#ended, this.#written - before], [code, 1], this.printed);
  }

  /** A handler without a deadline for its work fails, says why, and has started nothing. */
  async refuses(why: string): Promise<void> {
    assertEquals(await this.post(), [500, "Internal Server Error"]);
    await until(() => Promise.resolve(this.printed.includes(why)), () => `${why}; it has printed: ${this.printed}`);
    assertEquals(this.#written, 0);
  }

  async kill(): Promise<void> {
    if (!this.#isOver) this.#process.kill("SIGKILL");
    await this.#ended;
  }

  get #written(): number {
    return this.printed.split(WRITTEN).length - 1;
  }
}
