/** A detached task and its lifetime. */
import { type DetachedTask, TaskScope, type TaskScopeOptions } from "@taskscope/taskscope";
import type { FakeLifetime } from "./assert.ts";

/** Spawns one detached task from a scope that is over when this resolves. */
export async function detach<T>(
  fn: (task: TaskScope) => T | PromiseLike<T>,
  options: TaskScopeOptions & { lifetime: FakeLifetime },
  task: { deadline: number; name?: string; margin?: number } = { deadline: 10_000, name: "audit" },
): Promise<{ task: DetachedTask<T> }> {
  return await TaskScope.run((scope) => ({ task: scope.spawnDetached(fn, task) }), { name: "page", ...options });
}
