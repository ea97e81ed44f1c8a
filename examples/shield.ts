/**
 * Work that must not be interrupted: it runs to its end although the client left, within a limit of its own.
 * Kotlin: `withContext(NonCancellable)`, Trio: `CancelScope(shield=True)`; both let you forget the limit. In Go it is a
 * handler on `WithTimeout(WithoutCancel(ctx), 5*time.Second)`, which answers if the client is still there.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { CancelReason, DeadlineExceededError, TaskScope } from "@taskscope/taskscope";

const client = new AbortController();
const ledger: string[] = [];

const answer = await TaskScope.run((scope) =>
  scope.shield(async (task) => {
    ledger.push("debit");
    client.abort(new CancelReason("disconnected", "client", "the client went away")); // in the middle of it
    await task.sleep(50);
    ledger.push("credit");
    return `${ledger.join(" and ")}, client is ${scope.signal.aborted ? "gone" : "there"}`;
  }, { deadline: { seconds: 5 }, name: "transfer" }), { name: "request", signal: client.signal });
console.log(answer);
assertEquals(answer, "debit and credit, client is gone");

// Cleanup that has to wait needs one, too: in a canceled scope everything else stops waiting at once.
await assertRejects(() =>
  TaskScope.run(async (scope) => {
    try {
      await scope.sleep(60_000);
    } finally {
      await scope.shield(async (task) => {
        await task.sleep(10);
        ledger.push("rolled back");
      }, { deadline: 1_000 });
    }
  }, { deadline: 20 }), DeadlineExceededError);
console.log(ledger.join(", "));
assertEquals(ledger, ["debit", "credit", "rolled back"]);

// Its own limit is the one thing that ends it.
await assertRejects(
  () => TaskScope.run((scope) => scope.shield((task) => task.sleep(60_000), { deadline: 20, name: "endless" })),
  DeadlineExceededError,
  "endless",
);
