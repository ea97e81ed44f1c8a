import { assert, assertEquals } from "@std/assert";
import { Ajv2020 } from "npm:ajv@8.17.1/dist/2020.js";
import { CancelReason, type ScopeTree, TaskScope } from "@taskscope/taskscope";
import { treeSchema } from "@taskscope/taskscope/inspect";

const validate = new Ajv2020({ strict: true, strictTypes: false, allErrors: true }).compile(treeSchema);
/** The same, but nothing may be there that the schema does not name. */
const closed = structuredClone(treeSchema) as unknown as {
  $id: string;
  additionalProperties: boolean;
  properties: { reason: { additionalProperties: boolean } };
};
closed.$id = "urn:taskscope:closed";
closed.additionalProperties = closed.properties.reason.additionalProperties = false;
const validateClosed = new Ajv2020({ strictTypes: false }).compile(closed);

function assertValid(tree: ScopeTree): void {
  const json = JSON.parse(JSON.stringify(tree));
  assert(validate(json), JSON.stringify(validate.errors));
  assert(validateClosed(json), JSON.stringify(validateClosed.errors));
}

Deno.test("treeSchema: what tree() returns is valid, in every state", async () => {
  const gate = Promise.withResolvers<void>();
  const trees: ScopeTree[] = [];
  const lifetime = { waitUntil() {} };
  const options = { name: "page", note: "no disconnects here", concurrency: 2, deadline: 60_000, lifetime, grace: 10 };
  const scope = new TaskScope(options);
  trees.push(scope.tree());
  const detached = scope.spawnDetached((task) => {
    trees.push(task.tree());
    return task.shield(() => void trees.push(task.tree()), { deadline: 1_000 });
  }, { deadline: 1_000 });
  await detached;
  scope.spawn(() => gate.promise);
  scope.spawn((task) => void task.spawn(() => gate.promise));
  scope.spawn(() => 1);
  await Promise.resolve();
  trees.push(scope.tree());
  for (const reason of [undefined, "enough", new CancelReason("shutdown", "process", "The process is shutting down")]) {
    const canceled = new TaskScope();
    canceled.cancel(reason);
    trees.push(canceled.tree());
    await canceled.close().catch(() => {});
  }
  scope.cancel();
  trees.push(scope.tree());
  gate.resolve();
  await scope.close();
  trees.push(scope.tree());
  trees.forEach(assertValid);
  const states = new Set<string>();
  const walk = (tree: ScopeTree) => (states.add(tree.state), tree.children.forEach(walk));
  trees.forEach(walk);
  assertEquals([...states].sort(), ["canceling", "closed", "open", "queued", "running"]);
});

Deno.test("treeSchema: what is no tree is not valid", () => {
  const tree: ScopeTree = { name: "a", path: "a", state: "open", age: 0, remaining: null, children: [] };
  assertValid(tree);
  const wrong = [
    null,
    {},
    { ...tree, age: -1 },
    { ...tree, state: "asleep" },
    { ...tree, remaining: "soon" },
    { ...tree, detached: false },
    { ...tree, reason: { kind: "canceled" } },
    { ...tree, children: [{}] },
  ];
  for (const each of wrong) assertEquals(validate(each), false, JSON.stringify(each));
});
