import { assert, assertEquals } from "@std/assert";
import { retry, TaskScope } from "@taskscope/taskscope";
import type { Cases } from "../cases.ts";
import { exceptionsOf, statusOf, telemetry } from "../telemetry.ts";

export const ends: Cases = {
  "a task that ends well leaves the status unset": async () => {
    const { span, ...sdk } = telemetry();
    try {
      await TaskScope.run((scope) => scope.spawn(() => 1, { name: "task" }), { name: "page" });
      assertEquals(statusOf(span("task")), "unset");
      assertEquals(span("task").attributes, {
        "taskscope.task.path": "page/task",
        "taskscope.task.kind": "task",
        "taskscope.task.state": "succeeded",
      });
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "a failure is told once, on the span where it began; the siblings are canceled, which is no error": async () => {
    const { span, ...sdk } = telemetry({ scopes: true });
    try {
      const boom = new RangeError("boom");
      await TaskScope.run((scope) => {
        scope.spawn(async (middle) => {
          await middle.spawn(() => Promise.reject(boom), { name: "inner" });
        }, { name: "middle" });
        scope.spawn((task) => task.sleep(60_000), { name: "sibling" });
      }, { name: "page" }).catch(() => {});
      for (const name of ["inner", "middle", "page"]) {
        assertEquals([statusOf(span(name)), span(name).attributes["error.type"]], ["error: boom", "RangeError"]);
      }
      assertEquals(exceptionsOf(span("inner")), ["RangeError: boom"]);
      assertEquals([...exceptionsOf(span("middle")), ...exceptionsOf(span("page"))], []);
      const { attributes } = span("sibling");
      assertEquals(statusOf(span("sibling")), "unset");
      assertEquals(
        ["task.state", "cancel.kind", "cancel.origin"].map((key) => attributes[`taskscope.${key}`]),
        ["canceled", "sibling-failed", "page"],
      );
      assertEquals(attributes["error.type"], undefined);
      const [event] = span("page").events;
      assertEquals([event?.name, event?.attributes?.["taskscope.cancel.kind"]], ["taskscope.cancel", "sibling-failed"]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "attempts that were retried are errors, what came of them is not": async () => {
    const { spans, ...sdk } = telemetry();
    try {
      let tries = 0;
      await TaskScope.run((scope) =>
        retry(scope, () => {
          if (++tries < 3) throw new Error(`try ${tries}`);
        }, { maxAttempts: 3, minTimeout: 0 })
      );
      const told = spans().flatMap(exceptionsOf);
      assertEquals(told, ["Error: try 1", "Error: try 2"]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "a deadline that passed is an error, of its task and of what it cut": async () => {
    const { span, ...sdk } = telemetry();
    try {
      await TaskScope.run((scope) => {
        scope.spawn(async (task) => {
          task.spawn((inner) => inner.sleep(60_000), { name: "cut" });
          await task.sleep(60_000);
        }, { name: "slow", deadline: 5 });
      }, { name: "page" }).catch(() => {});
      assertEquals(span("slow").attributes["taskscope.task.state"], "failed");
      assertEquals(span("cut").attributes["taskscope.task.state"], "canceled");
      for (const name of ["slow", "cut"]) {
        assertEquals(span(name).attributes["taskscope.cancel.kind"], "deadline");
        assertEquals(span(name).attributes["error.type"], "TimeoutError");
        assert(statusOf(span(name)).startsWith('error: The deadline of "page/slow" passed'), statusOf(span(name)));
      }
      assertEquals([exceptionsOf(span("slow")).length, exceptionsOf(span("cut")).length], [1, 0]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "late: ended well though canceled, which is no error": async () => {
    const { span, ...sdk } = telemetry();
    try {
      await TaskScope.run(async (scope) => {
        const gate = Promise.withResolvers<void>();
        const task = scope.spawn(() => gate.promise, { name: "stubborn" });
        await scope.spawn(() => {}); // a turn later
        task.cancel("no need");
        gate.resolve();
        await task;
      });
      const { attributes } = span("stubborn");
      assertEquals([statusOf(span("stubborn")), attributes["taskscope.task.late"]], ["unset", true]);
      assertEquals(attributes["taskscope.cancel.reason"], '"no need"');
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "a queued task: the span has the wait in it, and an event for the start; also where it never comes": async () => {
    const { span, ...sdk } = telemetry();
    try {
      await TaskScope.run(async (scope) => {
        scope.spawn(() => {}, { name: "first" });
        const third = [scope.spawn(() => {}, { name: "second" }), scope.spawn(() => {}, { name: "third" })][1];
        third?.cancel();
        await third?.catch(() => {});
      }, { concurrency: 1 });
      const eventsOf = (name: string) => span(name).events.map((event) => event.name);
      assertEquals(eventsOf("first"), []);
      assertEquals(eventsOf("second"), ["taskscope.task.start"]);
      assertEquals(span("second").attributes["taskscope.task.queued"], true);
      assertEquals(eventsOf("third"), ["taskscope.cancel"]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },

  "an abandoned task: its span ends there with an error; what it did later is a span below it": async () => {
    const { spans, ...sdk } = telemetry();
    const error = console.error;
    console.error = () => {};
    try {
      const gate = Promise.withResolvers<void>();
      await TaskScope.run((scope) => {
        scope.spawn(() => gate.promise, { name: "stuck" });
        return scope.sleep(1).then(() => scope.cancel());
      }, { grace: 5, name: "page" }).catch(() => {});
      const [first] = spans();
      assert(first);
      assertEquals(spans().length, 1);
      assertEquals(first.attributes["taskscope.task.state"], "abandoned");
      assertEquals(first.attributes["taskscope.task.abandoned"], true);
      assertEquals(first.attributes["error.type"], "AbandonedTasksError");
      assertEquals(sdk.instrumentation.live, 0);
      const then = Date.now();
      while (Date.now() <= then + 1); // so that the clock has moved
      gate.reject(new Error("too late"));
      await new Promise((resolve) => setTimeout(resolve));
      const [, late] = spans();
      assert(late);
      assertEquals([late.name, late.parentSpanContext?.spanId], ["stuck", first.spanContext().spanId]);
      assertEquals(late.attributes["taskscope.task.after_abandon"], true);
      assert(late.startTime[0] * 1_000 + late.startTime[1] / 1_000_000 <= then, "from the abandonment on");
      assertEquals(late.attributes["taskscope.task.path"], "page/stuck");
      assertEquals([statusOf(late), exceptionsOf(late)], ["error: too late", ["Error: too late"]]);
      const metrics = await sdk.metrics();
      assert(metrics.includes("task.abandoned{kind=task} 1"), metrics.join("\n"));
      assert(metrics.includes("task.settled_after_abandon{kind=task,state=failed} 1"), metrics.join("\n"));
      assert(metrics.includes("task.live{kind=task} 0"), metrics.join("\n"));
    } finally {
      console.error = error;
      await sdk[Symbol.asyncDispose]();
    }
  },

  "the error of a cleanup that nobody else hears of is on the span of its task": async () => {
    const { span, ...sdk } = telemetry();
    const error = console.error;
    console.error = () => {};
    try {
      await TaskScope.run((scope) => {
        scope.spawn((task) => {
          task.defer(() => Promise.reject(new Error("not released")));
          throw new Error("boom");
        }, { name: "task" });
      }).catch(() => {});
      assertEquals(exceptionsOf(span("task")).sort(), ["Error: boom", "Error: not released"]);
    } finally {
      console.error = error;
      await sdk[Symbol.asyncDispose]();
    }
  },

  "what is thrown but no object is told once, too: by a detached task, and on the way up": async () => {
    const { span, spans, ...sdk } = telemetry({ scopes: true });
    const error = console.error;
    console.error = () => {};
    try {
      await TaskScope.run(async (scope) => {
        scope.spawn((task) => task.spawn(() => Promise.reject("text"), { name: "inner" }), { name: "outer" });
        await scope.spawnDetached(() => Promise.reject(7), { name: "audit", deadline: 1_000 }).outcome;
        scope.spawnDetached(() => Promise.reject(8), { name: "mail", deadline: 1_000 });
      }, { name: "page" }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve));
      assertEquals(
        spans().flatMap((each) => exceptionsOf(each).map((told) => `${each.name} ${told}`)).sort(),
        ["audit _OTHER: 7", 'inner _OTHER: "text"', "mail _OTHER: 8"],
      );
      assertEquals(statusOf(span("outer")), 'error: "text"');
    } finally {
      console.error = error;
      await sdk[Symbol.asyncDispose]();
    }
  },

  "a task that failed was not canceled: that it canceled what it owned is told as an event": async () => {
    const { span, ...sdk } = telemetry();
    try {
      await TaskScope.run(async (scope) => {
        await scope.spawn((task) => {
          task.spawn((inner) => inner.sleep(60_000), { name: "owned" });
          return task.sleep(1).then(() => Promise.reject(new Error("boom")));
        }, { name: "fails" }).catch(() => {});
        await scope.spawn(() => Promise.reject(new Error("boom")), { name: "alone" }).catch(() => {});
      }, { policy: "supervise" });
      const kindOf = (name: string) => span(name).attributes["taskscope.cancel.kind"];
      assertEquals([kindOf("fails"), kindOf("alone"), kindOf("owned")], [undefined, undefined, "body-failed"]);
      assertEquals(span("fails").events.map(({ name }) => name), ["taskscope.cancel", "exception"]);
    } finally {
      await sdk[Symbol.asyncDispose]();
    }
  },
};
