import type { Program, Step } from "./step.ts";

/**
 * The shortest program that still fails, found by dropping steps: halves first, then ever fewer at once.
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
  const simple = { lifetime: null, steps };
  return program.lifetime !== null && await fails(simple) ? simple : { ...program, steps };
}
