import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Counters, type ScopeTree, type Task, TaskScope } from "@taskscope/taskscope";

/** What may be done to a random tree; `at` picks one of the scopes made so far. */
type Step =
  | { readonly kind: "spawn" | "shield" | "detach"; readonly at: number; readonly deadline: number | undefined }
  | { readonly kind: "cancel" | "fail" | "end"; readonly at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constantFrom("spawn" as const, "shield" as const, "detach" as const),
    at: fc.nat(30),
    deadline: fc.option(fc.constantFrom(0, 1, 60_000), { nil: undefined }),
  }),
  fc.record({ kind: fc.constantFrom("cancel" as const, "fail" as const, "end" as const), at: fc.nat(30) }),
);

/** A scope of the random tree, and what ends its function. */
interface Made {
  readonly scope: TaskScope;
  readonly end: PromiseWithResolvers<void>;
}

function conserved({ spawned, succeeded, failed, canceled, abandoned, running, queued }: Counters): boolean {
  return spawned === succeeded + failed + canceled + abandoned + running + queued;
}

function live(tree: ScopeTree): number {
  return tree.children.reduce((sum, child) => sum + live(child), tree.children.length);
}

async function play(steps: readonly Step[], options: { policy: "failFast" | "supervise"; concurrency: number }) {
  const made: Made[] = [];
  const handles: Task<unknown>[] = [];
  const held = { pending: 0 };
  const lifetime = {
    waitUntil: (work: Promise<unknown>) => void (held.pending++, work.then(() => held.pending--)),
  };
  const body = async (scope: TaskScope): Promise<void> => {
    const one = { scope, end: Promise.withResolvers<void>() };
    made.push(one);
    one.end.promise.catch(() => {});
    await scope.abortable(one.end.promise);
  };
  const root = new TaskScope({ ...options, lifetime, observer: { onError() {} } });
  for (const each of steps) {
    const target = made[each.at % Math.max(1, made.length)];
    const scope = target?.scope ?? root;
    try {
      if (each.kind === "spawn") {
        handles.push(scope.spawn(body, each.deadline === undefined ? {} : { deadline: each.deadline }));
      } else if (each.kind === "shield") {
        handles.push(scope.shield(body, { deadline: each.deadline ?? 50 }) as Task<unknown>);
      } else if (each.kind === "detach") handles.push(scope.spawnDetached(body, { deadline: each.deadline ?? 50 }));
      else if (each.kind === "cancel") scope.cancel();
      else if (each.kind === "fail") target?.end.reject(new Error("fail"));
      else target?.end.resolve();
    } catch (error) {
      assert(error instanceof Error && /^(Scope(Closed|Canceled)|Timeout)Error$/.test(error.name), String(error));
    }
    for (const { scope } of [...made, { scope: root }]) assert(conserved(scope.counters), "G12: not conserved");
    await null;
  }
  for (const handle of handles) handle.then(() => {}, () => {});
  return { root, made, handles, held };
}

Deno.test("G1, G12: whatever is done to a tree, closing it ends everything, and every task is accounted for", async () => {
  const options = fc.record({
    policy: fc.constantFrom("failFast" as const, "supervise" as const),
    concurrency: fc.constantFrom(1, 3, Infinity),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), options, async (steps, options) => {
      const { root, made, handles, held } = await play(steps, options);
      const closed = root.close().catch(() => {});
      for (const { end } of made) end.resolve(); // those in shields and the detached ones, which close does not reach
      await closed;
      for (const handle of handles) await handle.outcome;
      assertEquals(live(root.tree()), 0);
      for (const { scope } of [...made, { scope: root }]) {
        const { running, queued } = scope.counters;
        assertEquals([scope.state, running, queued, conserved(scope.counters)], ["closed", 0, 0, true]);
      }
      await null;
      assertEquals(held.pending, 0);
    }),
    { numRuns: 300 },
  );
});

Deno.test("G7: in a canceled tree, every signal outside shields has the reason of the nearest cancellation above", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(20), { minLength: 1, maxLength: 30 }), fc.nat(20), async (parents, which) => {
      const root = new TaskScope();
      const scopes: TaskScope[] = [root];
      const parentOf = new Map<TaskScope, TaskScope>();
      for (const parent of parents) {
        const above = scopes[parent % scopes.length] ?? root;
        above.spawn(async (scope) => {
          scopes.push(scope);
          parentOf.set(scope, above);
          await scope.sleep(60_000);
        });
        await null;
        await null;
      }
      const reasons = new Map<TaskScope, unknown>();
      for (const scope of [scopes[which % scopes.length] ?? root, root]) {
        const reason = new Error(scope.path);
        if (!reasons.has(scope)) reasons.set(scope, reason);
        scope.cancel(reason);
      }
      for (const scope of scopes) {
        let at: TaskScope | undefined = scope;
        while (at !== undefined && !reasons.has(at)) at = parentOf.get(at);
        assertEquals(scope.signal.reason, at && reasons.get(at));
      }
      await root.close();
    }),
    { numRuns: 200 },
  );
});
