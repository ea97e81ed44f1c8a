import {
  findProgram,
  freePort,
  isRequired,
  kill,
  type RestartableServer,
  type ServerOptions,
  untilReady,
} from "./server.ts";

/** Where Debian and Homebrew keep them: initdb is not on the PATH there. */
const FOLDERS = [18, 17, 16, 15, 14].flatMap((version) => [
  `/usr/lib/postgresql/${version}/bin`,
  `/opt/homebrew/opt/postgresql@${version}/bin`,
  `/usr/local/opt/postgresql@${version}/bin`,
]);

interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

function programs(): Programs | undefined {
  const initdb = findProgram("initdb", FOLDERS);
  const postgres = initdb && findProgram("postgres", [initdb.slice(0, -"/initdb".length), ...FOLDERS]);
  return initdb && postgres ? { initdb, postgres } : undefined;
}

/** Why there is no PostgreSQL, and what to do; `undefined` if there is one. */
export function postgresMissing(): string | undefined {
  if (programs() || isRequired()) return undefined;
  return "no PostgreSQL on the PATH: apt-get install postgresql";
}

/**
 * Starts a PostgreSQL with a database of its own in a temporary folder, by default with durable settings off.
 *
 * @throws {Error} If there is none, or it does not start.
 */
export async function startPostgres({ durable = false }: ServerOptions = {}): Promise<RestartableServer> {
  const found = programs();
  if (!found) throw new Error("Cannot start PostgreSQL: none on the PATH: apt-get install postgresql");
  const folder = await Deno.makeTempDir({ prefix: "taskscope-postgres-" });
  const user = await plainUser();
  if (user) await Deno.chown(folder, user.uid, user.gid);
  const data = `${folder}/data`;
  const port = freePort();
  const run = { ...user ?? {}, cwd: folder, stdin: "null" } as const;
  const { success, stderr } = await new Deno.Command(found.initdb, {
    ...run,
    args: ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync", "--no-instructions", "--no-locale"],
  }).output();
  if (!success) throw new Error(`initdb failed:\n${new TextDecoder().decode(stderr)}`);
  // Without fsync, what was acknowledged is with the system, which a crash of the process leaves alone.
  const args = ["-D", data, "-p", `${port}`, "-h", "127.0.0.1", "-k", "", "-F"]
    .concat(["-c", `synchronous_commit=${durable ? "on" : "off"}`, "-c", "full_page_writes=off"])
    .concat(["-c", "shared_buffers=16MB"])
    .concat(["-c", "logging_collector=on", "-c", "log_directory=log", "-c", "log_filename=log"]);
  const start = async () => {
    const child = new Deno.Command(found.postgres, { ...run, args, stdout: "null", stderr: "null" }).spawn();
    await untilReady(child, () => answers(port), () => Deno.readTextFile(`${data}/log/log`).catch(() => "no log"));
    return child;
  };
  const end = async () => {
    child.kill("SIGQUIT"); // at once, its children with it
    await child.status;
  };
  let child = await start();
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async restart(meanwhile) {
      await end();
      await meanwhile?.();
      child = await start();
    },
    async stop() {
      await end().catch(() => kill(child));
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** PostgreSQL refuses to run as root. */
async function plainUser(): Promise<{ uid: number; gid: number } | undefined> {
  if (Deno.build.os === "windows" || Deno.uid() !== 0) return undefined;
  const users = (await Deno.readTextFile("/etc/passwd")).split("\n").map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (!user) throw new Error('Cannot start PostgreSQL as root: there is neither a user "postgres" nor "nobody"');
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

/** Begins a session: while the server still starts, it answers with an error. */
async function answers(port: number): Promise<boolean> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const parameters = new TextEncoder().encode("user\0postgres\0database\0postgres\0\0");
  const message = new Uint8Array(8 + parameters.length);
  new DataView(message.buffer).setUint32(0, message.length);
  new DataView(message.buffer).setUint32(4, 196_608); // version 3.0 of the protocol
  message.set(parameters, 8);
  await connection.write(message);
  const [first] = await readSome(connection);
  return first === "R".charCodeAt(0); // authentication, and not an error
}

async function readSome(connection: Deno.Conn): Promise<Uint8Array> {
  const bytes = new Uint8Array(16);
  return bytes.subarray(0, await connection.read(bytes) ?? 0);
}
