import type { Program, Step } from "./step.ts";

/**
 * The shortest program that still fails, found by dropping steps: halves first, then ever fewer at once. What the steps
 * that are left say is made simpler, too.
 *
 * @param fails Whether a program fails, however.
 */
export async function shrink(program: Program, fails: (program: Program) => Promise<boolean>): Promise<Program> {
  let { steps } = program;
  const tryWith = async (shorter: readonly Step[]) => {
    if (!await fails({ ...program, steps: shorter })) return false;
    steps = shorter;
    return true;
  };
  for (let size = steps.length >> 1; size > 0;) {
    let isShorter = false;
    for (let end = steps.length; end > 0; end -= size) {
      const start = Math.max(0, end - size);
      if (await tryWith([...steps.slice(0, start), ...steps.slice(end)])) isShorter = true;
    }
    if (!isShorter || size > steps.length) size >>= 1;
  }
  for (let at = 0; at < steps.length; at++) {
    for (const simpler of simplerSteps(steps[at])) {
      await tryWith(steps.map((step, index) => index === at ? { ...step, ...simpler } as Step : step));
    }
  }
  const simple = { lifetime: null, steps };
  return program.lifetime !== null && await fails(simple) ? simple : { ...program, steps };
}

/** What a step could say instead, one thing at a time. */
function simplerSteps(step: Step | undefined): object[] {
  const needsDeadline = step?.op === "spawn" && (step.as === "shield" || step.as === "spawnDetached");
  const simple = { nested: null, tag: null, grace: null, concurrency: null, ...(!needsDeadline && { deadline: null }) };
  const known = step?.op === "combine"
    ? {}
    : { ...simple, signals: [], policy: "failFast", errors: "first", awaited: false };
  return Object.entries(known).filter(([key]) => step !== undefined && key in step).map(([key, value]) => ({
    [key]: value,
  }));
}
