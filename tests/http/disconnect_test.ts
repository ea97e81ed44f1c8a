/** scoped() behind a real Deno.serve, with real sockets: who leaves, and who does not. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { CancelReason, type TaskScope } from "@taskscope/taskscope";
import { serve } from "./serve.ts";

/** A task that lasts until it is canceled, and tells why. */
function attach(scope: TaskScope, canceled: PromiseWithResolvers<unknown>): void {
  scope.spawn(() => {
    const { promise, reject } = Promise.withResolvers<never>();
    scope.signal.addEventListener("abort", () => {
      canceled.resolve(scope.signal.reason);
      reject(scope.signal.reason);
    });
    return promise;
  });
}

Deno.test("scoped() cancels attached tasks when the client leaves before the answer; detached ones complete", async () => {
  const [started, canceled, gate] = [0, 1, 2].map(() => Promise.withResolvers<unknown>());
  assert(started && canceled && gate);
  const done: boolean[] = [];
  const errors: unknown[] = [];
  await serve(
    (_request, scope) => {
      scope.spawnDetached(async (task) => {
        await gate.promise;
        done.push(task.signal.aborted);
      }, { deadline: 5_000 });
      attach(scope, canceled);
      started.resolve(undefined);
      return new Promise(() => {});
    },
    { grace: 10, onError: (error) => errors.push(error) },
    async (url) => {
      const leave = new AbortController();
      const call = fetch(url, { signal: leave.signal }).catch(() => {});
      await started.promise;
      leave.abort();
      await call;
      const reason = await canceled.promise;
      assertInstanceOf(reason, CancelReason);
      assertEquals([reason.kind, reason.origin], ["disconnected", "GET /x"]);
      gate.resolve(undefined);
    },
  );
  assertEquals([done, errors], [[false], []]);
});

Deno.test("scoped() cancels attached tasks when the client leaves mid-stream; detached ones complete", async () => {
  const [canceled, gate] = [0, 1].map(() => Promise.withResolvers<unknown>());
  assert(canceled && gate);
  const done: boolean[] = [];
  let sourceCanceled = false;
  await serve(
    (_request, scope) => {
      scope.spawnDetached(async (task) => {
        await gate.promise;
        done.push(task.signal.aborted);
      }, { deadline: 5_000 });
      attach(scope, canceled);
      const body = new ReadableStream({
        start: (controller) => controller.enqueue(new Uint8Array(8)),
        cancel: () => void (sourceCanceled = true),
      });
      return new Response(body);
    },
    {},
    async (url) => {
      const response = await fetch(url);
      const reader = response.body?.getReader();
      assertEquals((await reader?.read())?.value?.length, 8);
      await reader?.cancel();
      assertEquals((await canceled.promise as CancelReason).kind, "disconnected");
      gate.resolve(undefined);
    },
  );
  assertEquals([done, sourceCanceled], [[false], true]);
});

Deno.test("scoped() takes no delivered answer for a disconnect, streamed or not", async () => {
  const aborted: boolean[] = [];
  const closed = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  await serve(
    ({ url }, scope) => {
      scope.spawnDetached(async (task) => {
        await gate.promise;
        aborted.push(task.signal.aborted, scope.signal.aborted);
      }, { deadline: 5_000 });
      scope.defer(() => closed.resolve());
      const text = ReadableStream.from(["a", "b", "c"]).pipeThrough(new TextEncoderStream());
      return new Response(new URL(url).search ? text : "abc");
    },
    {},
    async (url) => {
      assertEquals(await (await fetch(url)).text(), "abc");
      assertEquals(await (await fetch(`${url}?stream`)).text(), "abc");
      await closed.promise;
      gate.resolve();
    },
  );
  assertEquals(aborted, [false, false, false, false]);
});
