/** Upload → 202 at once; the transcode goes on in a detached task, with a deadline and the trace id of the request. */
import { CancelReason, type DetachedTask, type TaskScope } from "@taskscope/taskscope";
import { type App, TraceId } from "./app.ts";
import { transcode, type Transcoded } from "./transcode.ts";
import { megabytes } from "../words.ts";

interface Job {
  readonly task: DetachedTask<Transcoded>;
  /** How many bytes of the source have been read. */
  done: number;
}

const running = new Map<string, Job>(); // for the life of the process; a real service keeps them in a store

/** `POST /upload`: 202 with `Location`, and a body that tells the progress for as long as the client stays. */
export async function upload(request: Request, scope: TaskScope, { dir }: App): Promise<Response> {
  const id = crypto.randomUUID().slice(0, 8);
  const source = `${dir}/${id}.upload`;
  // All of it has to be here before the answer: nobody can read the body of a request that has been answered.
  const spool = await Deno.create(source);
  await (request.body ?? new Blob([]).stream()).pipeTo(spool.writable, { signal: scope.signal });

  const task = scope.spawnDetached(
    (task) => transcode(task, source, `${dir}/${id}.gz`, (bytes) => void (job.done = bytes)),
    { deadline: { minutes: 10 }, name: "transcode" },
  );
  const job: Job = { task, done: 0 };
  running.set(id, job);
  return new Response(progress(job, scope), {
    status: 202,
    headers: { location: `/jobs/${id}`, "x-trace-id": scope.get(TraceId) ?? "" },
  });
}

/** A body written by an owned task: unlike the transcode, it ends when the client leaves. */
function progress(job: Job, scope: TaskScope): ReadableStream<Uint8Array> {
  return new ReadableStream<string>({
    start: (controller) => {
      scope.spawn(async (task) => {
        try {
          while (job.task.state === "running") {
            controller.enqueue(`${megabytes(job.done)}\n`);
            await task.sleep(100);
          }
          controller.enqueue(`${job.task.state}\n`);
          controller.close();
        } catch (error) {
          controller.error(error); // a client that is still there must not wait for more
          throw error;
        }
      }, { name: "progress" });
    },
    // The 202 is out: from now on this is how a disconnect shows.
    cancel: () => scope.cancel(new CancelReason("disconnected", "client", "the client went away")),
  }).pipeThrough(new TextEncoderStream());
}

/** `GET /jobs/:id`: waits for the transcode, as long as this client stays, and says how it ended. */
export async function jobs(request: Request, scope: TaskScope): Promise<Response> {
  const id = new URL(request.url).pathname.split("/").at(-1) ?? "";
  const job = running.get(id);
  if (job === undefined) return Response.json({ error: `No such job: ${id}` }, { status: 404 });
  const outcome = await scope.abortable(job.task.outcome);
  if (outcome.state !== "succeeded") return Response.json({ state: outcome.state }, { status: 500 });
  return Response.json(outcome.value);
}
