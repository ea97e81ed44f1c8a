/** AWS Lambda: the invocation awaits its detached work. The context is a mock (facts 2.10: remaining time). */
import { assertEquals, assertThrows } from "@std/assert";
import { LifetimeUnavailableError, TaskScope } from "@taskscope/taskscope";
import { type LambdaContext, lambdaLifetime } from "@taskscope/taskscope/lambda";

const log: string[] = [];
const handler = (_event: unknown, context: LambdaContext) =>
  lambdaLifetime(context).run((lifetime) =>
    TaskScope.run((scope) => {
      scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 5 } });
      return { statusCode: 202 };
    }, { lifetime })
  );

const context = { getRemainingTimeInMillis: () => 30_000 };
assertEquals([(await handler({}, context)).statusCode, log], [202, ["audited"]]);

// Without `run`, Lambda would freeze the work after the response: refused.
await using scope = new TaskScope({ lifetime: lambdaLifetime(context) });
assertThrows(() => scope.spawnDetached(() => {}, { deadline: 1_000 }), LifetimeUnavailableError);
console.log("audited before the invocation ended");
