import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import { TaskScope } from "@taskscope/taskscope";
import { generate } from "./generate.ts";
import { Random } from "./random.ts";
import { shrink } from "./shrink.ts";
import type { Program } from "./step.ts";
import { walkProgram } from "./walk_program.ts";

Deno.test("a seed brings the same program back, also after it was printed", () => {
  const program = generate(new Random(7));
  assertEquals(generate(new Random(7)), program);
  assertEquals(JSON.parse(JSON.stringify(program)), program);
});

Deno.test("shrink() keeps the steps that a failure needs, in their order", async () => {
  const steps = Array.from({ length: 40 }, (_, ms) => ({ op: "advance" as const, ms }));
  const fails = ({ steps }: Program) => {
    const [first, second] = [3, 31].map((ms) => steps.findIndex((step) => step.op === "advance" && step.ms === ms));
    return Promise.resolve(first !== undefined && second !== undefined && first >= 0 && second > first);
  };
  const { steps: left, lifetime } = await shrink({ lifetime: 1_000, steps }, fails);
  assertEquals([left, lifetime], [[{ op: "advance", ms: 3 }, { op: "advance", ms: 31 }], null]);
});

Deno.test("the walk finds a cancel() that loses its reason, and shows it in two steps or three", async () => {
  const { cancel } = TaskScope.prototype;
  TaskScope.prototype.cancel = function (this: TaskScope) {
    cancel.call(this);
  };
  try {
    const fails = async (program: Program) => (await walkProgram(program)).problem !== undefined;
    const random = new Random(1);
    let program = generate(random);
    for (let left = 100; left > 0 && !await fails(program); left--) program = generate(random);
    assert(await fails(program), "not found in 100 programs");
    assertLessOrEqual((await shrink(program, fails)).steps.length, 3);
  } finally {
    TaskScope.prototype.cancel = cancel;
  }
});
