/** What an entry offers after the dot: nothing but what is public. */
import * as core from "@taskscope/taskscope";
import * as durable from "@taskscope/taskscope/durable";
import * as queues from "@taskscope/taskscope/durable/cloudflare-queues";
import * as http from "@taskscope/taskscope/http";
import * as inspect from "@taskscope/taskscope/inspect";
import * as operations from "@taskscope/taskscope/operations";
import * as client from "@taskscope/taskscope/operations/client";
import * as otel from "@taskscope/taskscope/otel";
import * as platforms from "@taskscope/taskscope/platforms";
import * as testing from "@taskscope/taskscope/testing";

core.TaskScope;
//   ^| AbandonedTasksError any asCompleted CancelReason contextKey DeadlineExceededError DetachedTask hedge LifetimeLimitError LifetimeUnavailableError map processLifetime race retry ScopeCanceledError ScopeClosedError ScopeError Task TaskScope
durable.defineTask;
//      ^| cancelTask defineTask handoffOperation handoffTo inProcessEngine Receiver transferable worker
queues.queueHandler;
//     ^| cloudflareQueues durableObjectRecords kvRecords queueHandler readDeadLetter RecordsObject
http.scoped;
//   ^| currentScope detachRequest parseTraceParent propagate scoped scopedMiddleware TraceParent
inspect.Recorder;
//      ^| formatTree inspector Recorder renderTimeline renderTimelineText treeSchema watchMisuse
operations.Operations;
//         ^| isEnded memoryStore Operations
client.operationsClient;
//     ^| isEnded OperationFailedError OperationProblem operationsClient ServerUnreachableError
otel.instrument;
//   ^| instrument
platforms.limitOf;
//        ^| detectLifetime lifetimeLimits limitOf
testing.SimulatedHost;
//      ^| assertConserved AssertionError assertNothingPending SimulatedHost
