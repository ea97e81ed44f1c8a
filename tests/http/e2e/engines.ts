/** Servers to connect to: processes that print the port they listen on, and workerd, which is given its ports. */
import { freePort, kill } from "../../../tools/servers/server.ts";
import { until } from "./until.ts";

export interface Server extends AsyncDisposable {
  readonly port: number;
  readonly process: Deno.ChildProcess;
  /** What it has printed since it listens. */
  printed(): string;
  /** Fulfills when it has ended and all it printed has been read. */
  readonly ended: Promise<Deno.CommandStatus>;
}

export async function startProcess([program = "", ...args]: readonly string[]): Promise<Server> {
  const process = new Deno.Command(program, { args: [...args], stdin: "null", stdout: "piped", stderr: "inherit" })
    .spawn();
  const listening = Promise.withResolvers<number>();
  let text = "";
  const read = async () => {
    for await (const chunk of process.stdout.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const line = /^listening (\d+)$/m.exec(text);
      if (line) listening.resolve(Number(line[1]));
    }
    const status = await process.status;
    listening.reject(new Error(`${program} ended with code ${status.code}:\n${text}`));
    return status;
  };
  const ended = read();
  listening.promise.catch(() => {});
  return {
    port: await listening.promise,
    process,
    printed: () => text,
    ended,
    async [Symbol.asyncDispose]() {
      await kill(process);
      await ended;
    },
  };
}

/** Services of workerd.capnp with a socket each: with the flag and without, directly and behind a binding. */
const SERVICES = ["on", "off", "on-behind", "off-behind"];

export async function startWorkerd(
  program: string,
  folder: string,
): Promise<AsyncDisposable & { readonly ports: readonly number[] }> {
  const ports = SERVICES.map(freePort);
  const sockets = SERVICES.map((name, index) => `--socket-addr=${name}=127.0.0.1:${ports[index]}`);
  const process = new Deno.Command(program, {
    args: ["serve", "workerd.capnp", ...sockets],
    cwd: folder,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const isUp = (port: number) => fetch(`http://127.0.0.1:${port}/ok`).then((response) => response.text());
  await until(
    () => Promise.all(ports.map(isUp)).then(() => true, () => false),
    () => "workerd to listen",
  );
  return {
    ports,
    async [Symbol.asyncDispose]() {
      await kill(process);
    },
  };
}
