/** Somebody who has read the pages and nothing else: an empty folder, an editor, a shell. */
import { assertEquals } from "@std/assert";
import { command } from "../../tools/lib/command.ts";
import { delimiter, dirname, join } from "../../tools/lib/path.ts";
import { freePort } from "../../tools/servers/server.ts";
import { Server } from "./server.ts";
import type { World } from "./world.ts";

/** The port of the pages; in the tests each server has one of its own, and nothing else of a page is changed. */
const PORT = "8000";

export class Newcomer implements AsyncDisposable {
  /** The Node in use, by its path. */
  node: string;
  readonly #world: World;
  readonly #folder: string;
  readonly #port = freePort();
  #server: Server | undefined;

  constructor(world: World, name: string) {
    this.#world = world;
    this.node = world.node24;
    this.#folder = join(world.scratch, name.replaceAll(/\W+/g, "_"));
    Deno.mkdirSync(this.#folder);
  }

  async write(name: string, text: string): Promise<void> {
    await Deno.writeTextFile(join(this.#folder, name), text.replaceAll(PORT, `${this.#port}`));
  }

  /** Types commands one after the other; each has to end well. */
  async run(...lines: readonly string[]): Promise<void> {
    for (const line of lines) assertEquals(await this.attempt(line), { code: 0, output: "" }, line);
  }

  /** Types a command that may fail. What it says while all is well does not matter. */
  async attempt(line: string): Promise<{ code: number; output: string }> {
    const [program, args] = this.#parse(line);
    const { code, output } = await command(program, args, { cwd: this.#folder, env: this.#env(), timeout: 60 });
    return { code, output: code === 0 ? "" : output };
  }

  /** Makes one file of a program and its packages, with esbuild: `deno bundle` is that. */
  async bundle(from: string, to: string): Promise<void> {
    const args = ["bundle", "--quiet", "--platform", "browser", "--output", to, from];
    const { code, output } = await command(Deno.execPath(), args, { cwd: this.#folder });
    assertEquals(code, 0, output);
  }

  /** Types a command that does not end; the server before it is ended. */
  async serve(line: string): Promise<Server> {
    await this.#server?.kill();
    const [program, args] = this.#parse(line.replaceAll(PORT, `${this.#port}`));
    this.#server = new Server(program, args, { cwd: this.#folder, env: this.#env(), port: this.#port });
    await this.#server.listening();
    return this.#server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.kill();
  }

  #parse(line: string): [program: string, args: string[]] {
    const [name = "", ...args] = line.split(/\s+/);
    const { npm, bun, workerd } = this.#world;
    const programs: Record<string, string[]> = {
      deno: [Deno.execPath()],
      bun: [bun],
      node: [this.node],
      npm: [this.node, join(npm, "bin/npm-cli.js")],
      npx: [this.node, join(npm, "bin/npx-cli.js")],
      workerd: [workerd],
    };
    const [program, ...first] = programs[name] ?? [];
    if (program === undefined) throw new Error(`Cannot run "${line}": no such program`);
    return [program, [...first, ...args]];
  }

  /** Nothing of this machine's settings and caches, and no other registry. */
  #env(): Record<string, string> {
    const { scratch, registry, jsr } = this.#world;
    return {
      PATH: `${dirname(this.node)}${delimiter}${Deno.env.get("PATH") ?? ""}`,
      HOME: scratch,
      USERPROFILE: scratch,
      NO_PROXY: "127.0.0.1,localhost",
      JSR_URL: jsr,
      DENO_DIR: join(scratch, "deno_dir"),
      DENO_NO_UPDATE_CHECK: "1",
      NPM_CONFIG_REGISTRY: registry,
      npm_config_registry: registry,
      BUN_INSTALL_CACHE_DIR: join(scratch, "bun_cache"),
      npm_config_cache: join(scratch, "npm_cache"),
      npm_config_audit: "false",
      npm_config_update_notifier: "false",
    };
  }
}
