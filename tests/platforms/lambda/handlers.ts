/** Functions for AWS Lambda, which its own Runtime Interface Client loads and calls: run by lambda_ric_test.ts. */
import { type DetachedTask, LifetimeUnavailableError, TaskScope } from "@taskscope/taskscope";
import { type LambdaContext, lambdaLifetime } from "@taskscope/taskscope/lambda";
import { detectLifetime } from "@taskscope/taskscope/platforms";

interface ResponseStream {
  write(chunk: string): void;
  end(chunk?: string): void;
}

declare const awslambda: {
  streamifyResponse<Handler>(
    handler: (event: unknown, stream: ResponseStream, context: LambdaContext) => Handler,
  ): unknown;
};

/** The host's log line, which the test reads in its order among the calls of the Runtime API. */
async function tell(line: string): Promise<void> {
  await fetch(`http://${process.env.AWS_LAMBDA_RUNTIME_API}/log`, { method: "POST", body: line });
}

/** Answers, and audits within the invocation. */
export const buffered = (_event: unknown, context: LambdaContext): Promise<unknown> =>
  lambdaLifetime(context).run((lifetime) =>
    TaskScope.run((scope) => {
      scope.spawnDetached(async (task) => {
        await task.sleep(30);
        await tell("audited");
      }, { deadline: { seconds: 1 }, name: "audit" });
      return { statusCode: 202 };
    }, { lifetime })
  );

/** The client has its answer when the stream is ended; the audit runs behind it. */
export const streaming = awslambda.streamifyResponse((_event, stream, context) =>
  lambdaLifetime(context).run((lifetime) =>
    TaskScope.run((scope) => {
      scope.spawnDetached(async (task) => {
        await task.sleep(100);
        await tell("audited");
      }, { deadline: { seconds: 1 }, name: "audit" });
      stream.write("sta");
      stream.end("rted");
    }, { lifetime })
  )
);

/** What Lambda makes of work that is cut loose: the control. */
export function loose(_event: unknown, context: { awsRequestId: string }): Promise<unknown> {
  setTimeout(() => void tell(`audited ${context.awsRequestId}`), 50);
  return context.awsRequestId === "1"
    ? Promise.resolve("answer")
    : new Promise((end) => setTimeout(end, 200, "answer"));
}

/** Nobody would await it: refused, with an error that explains. */
export async function detached(_event: unknown, context: LambdaContext): Promise<unknown> {
  return await TaskScope.run((scope) => {
    scope.spawnDetached(() => tell("audited"), { deadline: 1_000 });
  }, { lifetime: lambdaLifetime(context) }).then(() => "detached", (error) => `${error.name}: ${error.cause.message}`);
}

/** Finds the context among the arguments, and refuses the process behind it. */
export async function detected(event: unknown, context: LambdaContext): Promise<unknown> {
  const refused = await Promise.resolve().then(() => detectLifetime(event)).catch((error) => error);
  if (!(refused instanceof LifetimeUnavailableError)) return `accepted: ${refused}`;
  return { source: detectLifetime(event, context).source, refused: refused.message };
}

/** Asks for more than the function has: clamped, and canceled before Lambda's time is over. */
export const clamped = (_event: unknown, context: LambdaContext): Promise<unknown> =>
  lambdaLifetime(context).run((lifetime) =>
    TaskScope.run((scope) => {
      let refused = "";
      try {
        scope.spawnDetached(() => {}, { deadline: { minutes: 1 } });
      } catch (error) {
        refused = String(error);
      }
      const task: DetachedTask<void> = scope.spawnDetached((task) => task.sleep(60_000), {
        deadline: { minutes: 1 },
        onExceed: "clamp",
        name: "clamped",
      });
      lifetime.waitUntil(
        task.outcome.then(({ state }) => tell(`${state}, ${context.getRemainingTimeInMillis() > 500}`)),
      );
      return { refused };
    }, { lifetime })
  );
