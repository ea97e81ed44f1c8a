/**
 * Siblings that do not share their fate: one fails, the others go on, and the failure is told to the observer.
 * Kotlin: `supervisorScope`, Erlang: `one_for_one`; Go's `errgroup` without its context. `errors: "aggregate"` is the
 * other choice: fail together, and surface every error (Trio's and Python's exception groups).
 */
import { assertEquals, assertRejects } from "@std/assert";
import { ScopeError, TaskScope } from "@taskscope/taskscope";

async function check(host: string): Promise<string> {
  await Promise.resolve();
  if (host === "b") throw new Error("b does not answer");
  return `${host} is up`;
}

const failures: string[] = [];
const states = await TaskScope.run(async (scope) => {
  const tasks = ["a", "b", "c"].map((host) => scope.spawn(() => check(host), { name: host }));
  const outcomes = await Promise.all(tasks.map((task) => task.outcome)); // never rejects
  return outcomes.map((outcome) => outcome.state === "succeeded" ? outcome.value : outcome.state);
}, {
  name: "health",
  policy: "supervise",
  observer: { onError: (error, { task }) => failures.push(`${task.path}: ${(error as Error).message}`) },
});
console.log(states.join(", "));
console.log(`told: ${failures.join()}`);
assertEquals(states, ["a is up", "failed", "c is up"]);
assertEquals(failures, ["health/b: b does not answer"]);

const error = await assertRejects(() =>
  TaskScope.run((scope) => {
    scope.spawn(() => check("b"), { name: "b" });
    scope.spawn(async (task) => {
      await task.sleep(60_000).catch(() => {}); // canceled, as its sibling failed
      throw new Error("and could not clean up");
    }, { name: "c" });
  }, { errors: "aggregate" }), ScopeError);
const messages = error.errors.map(({ message }) => message);
console.log(`together: ${messages.join("; ")}`);
assertEquals(messages, ["b does not answer", "and could not clean up"]);
