/**
 * AWS Lambda: its own Runtime Interface Client (npm `aws-lambda-ric`) on Node 22 and 24, against a Runtime API of ours. The
 * API freezes the process as Lambda does: SIGSTOP when the client asks for the next invocation and there is none, SIGCONT
 * when there is one again.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { bundle } from "../../tools/lib/bundle.ts";
import { npmPackage } from "../../tools/lib/npm.ts";
import { join } from "../../tools/lib/path.ts";
import { runtimes } from "../../tools/runtimes.ts";
import { stdEnv } from "../../tools/std.ts";

const VERSION = "4.0.2";
const ignore = Deno.build.os === "windows"; // has no SIGSTOP

/** One invocation after the other, and what the client and the function did, in order. */
class RuntimeApi {
  readonly log: string[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #waiting = Promise.withResolvers<(answer: Response) => void>();
  #process: Deno.ChildProcess | undefined;

  constructor() {
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => this.#handle(request));
  }

  get address(): string {
    return `127.0.0.1:${this.#server.addr.port}`;
  }

  /** Starts the client; the API stops and continues it. */
  start(process: Deno.ChildProcess): void {
    this.#process = process;
  }

  /** Waits until the client asks, thaws it, and gives it an invocation with this much time. */
  async invoke(id: string, milliseconds: number): Promise<void> {
    const give = await this.#asked();
    this.#waiting = Promise.withResolvers();
    this.log.push(`invoke ${id}`);
    this.#process?.kill("SIGCONT");
    give(
      new Response("{}", {
        headers: {
          "lambda-runtime-aws-request-id": id,
          "lambda-runtime-deadline-ms": `${Date.now() + milliseconds}`,
          "lambda-runtime-invoked-function-arn": "arn:aws:lambda:eu-central-1:1:function:f",
        },
      }),
    );
    await this.#asked();
  }

  /** When the client asks for an invocation; an error if it ended instead. */
  async #asked(): Promise<(answer: Response) => void> {
    const ended = this.#process?.status.then(({ code }) => Promise.reject(new Error(`The client ended: ${code}`)));
    return await Promise.race([this.#waiting.promise, ended ?? this.#waiting.promise]);
  }

  async stop(): Promise<void> {
    this.#process?.kill("SIGKILL");
    await this.#process?.status;
    void this.#waiting.promise.then((give) => give(new Response())); // shutdown() waits for it
    await this.#server.shutdown();
  }

  async #handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/log") this.log.push(await request.text());
    else if (pathname.endsWith("/next")) {
      this.log.push("next");
      return await new Promise((resolve) => {
        this.#waiting.resolve(resolve);
        this.#process?.kill("SIGSTOP");
      });
    } else this.log.push(`${pathname.split("/").slice(-2).join(" ")} ${await request.text()}`);
    return new Response(null, { status: 202 });
  }
}

Deno.test({ name: "Lambda's Runtime Interface Client, on Node 22 and 24", ignore }, async (t) => {
  const [env, { node22, node24 }, ric] = [
    await stdEnv(),
    await runtimes(),
    await npmPackage("aws-lambda-ric", VERSION),
  ];
  const folder = await Deno.makeTempDir({ prefix: "taskscope-lambda-" });
  await bundle(env, ["--output", join(folder, "handlers.mjs"), "tests/platforms/lambda/handlers.ts"]);
  await Deno.copyFile(join(ric, "index.mjs"), join(folder, "index.mjs"));
  await Deno.copyFile("tests/platforms/lambda/preload.cjs", join(folder, "preload.cjs"));
  await Deno.writeTextFile(join(folder, "rapid-client.node"), ""); // preload.cjs stands in

  async function run(node: string, name: string, invocations = 1, milliseconds = 3_000): Promise<string[]> {
    const api = new RuntimeApi();
    const child = new Deno.Command(node, {
      args: ["--require", join(folder, "preload.cjs"), join(folder, "index.mjs")],
      env: {
        AWS_LAMBDA_RUNTIME_API: api.address,
        AWS_LAMBDA_NODEJS_USE_ALTERNATIVE_CLIENT_1: "true",
        AWS_LAMBDA_FUNCTION_NAME: "f",
        AWS_LAMBDA_FUNCTION_VERSION: "1",
        AWS_LAMBDA_FUNCTION_MEMORY_SIZE: "128",
        AWS_LAMBDA_LOG_GROUP_NAME: "group",
        AWS_LAMBDA_LOG_STREAM_NAME: "stream",
        LAMBDA_TASK_ROOT: folder,
        _HANDLER: `handlers.${name}`,
      },
      stdin: "null",
      stderr: "inherit",
    }).spawn();
    api.start(child);
    try {
      for (let number = 1; number <= invocations; number++) await api.invoke(`${number}`, milliseconds);
    } finally {
      await api.stop();
    }
    return api.log;
  }

  try {
    for (const { label, path } of [node22, node24]) {
      const test = (name: string, fn: () => Promise<void>) => t.step(`${label}: ${name}`, fn);

      await test("control: work that is cut loose is frozen, and thawed in the next invocation", async () => {
        const log = await run(path, "loose", 2);
        assertEquals([log.indexOf("audited 1") > log.indexOf("invoke 2"), log[2]], [true, '1 response "answer"']);
      });

      await test("a buffered answer is posted when the detached work has ended; so is the next one", async () => {
        const one = (id: number) => [`invoke ${id}`, "audited", `${id} response {"statusCode":202}`, "next"];
        assertEquals(await run(path, "buffered", 2), ["next", ...one(1), ...one(2)]);
      });

      await test("a streamed answer is complete before the detached work has ended, the invocation is not", async () => {
        assertEquals(await run(path, "streaming"), ["next", "invoke 1", "1 response started", "audited", "next"]);
      });

      await test("detached work that nobody awaits is refused, with an error that explains", async () => {
        const [, , answer] = await run(path, "detached");
        assertMatch(
          answer ?? "",
          /^1 response "LifetimeUnavailableError: Cannot wait on lambda: it freezes the process/,
        );
      });

      await test("detectLifetime() finds the context, and without it refuses the process", async () => {
        const [, , answer] = await run(path, "detected");
        assertMatch(
          answer ?? "",
          /"source":"lambda \(http: \d+ ms from invocation start; getRemainingTimeInMillis\(\)/,
        );
        assertMatch(answer ?? "", /"refused":"Cannot find the lifetime: AWS Lambda freezes the process/);
      });

      await test("a task that does not fit is refused or clamped, and canceled before the time is over", async () => {
        const log = await run(path, "clamped", 1, 1_500);
        assertEquals([log.length, log[2], log[4]], [5, "failed, true", "next"]);
        assert(log[3]?.includes("it asks for 60000 ms, lambda (http: "), log[3]);
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
