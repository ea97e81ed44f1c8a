/** AWS Lambda, on a simulated host: the invocation awaits its detached work, as Lambda freezes what it does not. */
import { assertEquals, assertThrows } from "@std/assert";
import { LifetimeUnavailableError, TaskScope } from "@taskscope/taskscope";
import { type LambdaContext, lambdaLifetime } from "@taskscope/taskscope/lambda";
import { assertNothingPending, SimulatedHost } from "@taskscope/taskscope/testing";

const log: string[] = [];
const handler = (_event: unknown, context: LambdaContext) =>
  lambdaLifetime(context).run((lifetime) =>
    TaskScope.run((scope) => {
      scope.spawnDetached((task) => task.sleep(10).then(() => log.push("audited")), { deadline: { seconds: 2 } });
      return { statusCode: 202 };
    }, { lifetime })
  );

// Without `run`, the work would be frozen after the response: refused.
const refused = async (_event: unknown, context: LambdaContext) => {
  await using scope = new TaskScope({ lifetime: lambdaLifetime(context) });
  assertThrows(() => scope.spawnDetached(() => {}, { deadline: 1_000 }), LifetimeUnavailableError);
};

using host = new SimulatedHost("lambda");
assertEquals([await host.invoke(handler, {}).response, log], [{ statusCode: 202 }, ["audited"]]);
await host.invoke(refused, {}).response;
assertNothingPending(host);
console.log("audited before the invocation ended");
