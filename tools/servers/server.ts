/** A server that a test started. */
export interface Server {
  readonly url: string;
  /** Ends it at once, as a power cut would, and removes its data. */
  stop(): Promise<void>;
}

/** A server that comes back with what it had acknowledged. */
export interface RestartableServer extends Server {
  /**
   * Ends it as a crash would, and starts it again at the same address with the same data.
   *
   * @param meanwhile Called while there is no server, which comes back when it is over.
   */
  restart(meanwhile?: () => Promise<unknown>): Promise<void>;
}

/** Of a server that a test starts. */
export interface ServerOptions {
  /**
   * Whether it keeps what it has acknowledged when its process is killed, at the cost of some speed.
   *
   * @default false
   */
  readonly durable?: boolean;
}

/** Where a program is: on the PATH, or in one of the folders where its package puts it. */
export function findProgram(name: string, folders: readonly string[] = []): string | undefined {
  const path = Deno.env.get("PATH")?.split(Deno.build.os === "windows" ? ";" : ":") ?? [];
  for (const folder of [...path, ...folders]) {
    const file = `${folder}/${name}${Deno.build.os === "windows" ? ".exe" : ""}`;
    try {
      if (Deno.statSync(file).isFile) return file;
    } catch {
      // Not here.
    }
  }
  return undefined;
}

/** A port that nobody listens on now. The system hands out another one next time: it is still free a moment later. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** Calls `isReady` until it is; a server that ended meanwhile, or takes too long, is an error. */
export async function untilReady(
  child: Deno.ChildProcess,
  isReady: () => Promise<boolean>,
  log: () => Promise<string>,
): Promise<void> {
  let ended: Deno.CommandStatus | undefined;
  void child.status.then((status) => ended = status);
  for (const started = Date.now(); !await isReady().catch(() => false);) {
    if (ended || Date.now() - started > 30_000) throw new Error(`The server did not start:\n${await log()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Ends a process that may have ended already. */
export async function kill(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
  await child.status;
}

/** Whether this is continuous integration on Linux, where `.ci/run` installs the servers and nothing may be skipped. */
export function isRequired(): boolean {
  return Deno.env.get("CI") === "true" && Deno.build.os === "linux";
}
