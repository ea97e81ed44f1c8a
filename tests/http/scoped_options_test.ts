import { assertStringIncludes, assertThrows } from "@std/assert";
import { scoped } from "@taskscope/taskscope/http";

Deno.test("scoped() refuses what no request could have, names the value, and says what to do", () => {
  const cases: [options: object, message: string][] = [
    [{ name: "" }, 'a name must be a non-empty string, got ""'],
    [{ grace: -1 }, "grace must be between 0 and Infinity, got -1"],
    [{ grace: "5 s" }, 'grace must be a number, got "5 s"'],
    [{ lifetime: {} }, "lifetime needs a waitUntil function, as ctx has, got {"],
    [{ observer: 3 }, "observer must be an object, its onSpawn a function, got 3"],
    [{ observer: { onSettle: 3 } }, "observer must be an object, its onSettle a function, got { onSettle }"],
    [{ context: "x" }, 'context must be an array such as [key.with(value)], got "x"'],
    [{ context: ["x"] }, 'context must be an array such as [key.with(value)], got "x"'],
    [{ deadlineHeader: 5 }, 'deadlineHeader must be the name of a header, such as "x-request-deadline-ms", got 5'],
    [{ deadlineHeader: "" }, 'deadlineHeader must be the name of a header, such as "x-request-deadline-ms", got ""'],
    [{ currentScope: "no" }, 'currentScope must be true or false, got "no"'],
  ];
  for (const [options, message] of cases) {
    const Expected = "grace" in options && options.grace === -1 ? RangeError : TypeError;
    const error = assertThrows(() => scoped(() => new Response(), options), Expected);
    assertStringIncludes(error.message, `Cannot make a scoped handler: ${message}`);
  }
  const none = {
    name: undefined,
    grace: Infinity,
    lifetime: undefined,
    observer: {},
    context: [],
    currentScope: false,
  };
  scoped(() => new Response(), none);
});
