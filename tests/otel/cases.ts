/** What the instrumentation does, with a real SDK, on every runtime; run by cases_test.ts and run_cases.ts. */
import { parents } from "./cases/parents.ts";
import { detached } from "./cases/detached.ts";
import { ends } from "./cases/ends.ts";
import { measures } from "./cases/measures.ts";
import { safety } from "./cases/safety.ts";

/** A name, and a function that throws if it does not hold. */
export type Cases = Record<string, () => Promise<void>>;

export const cases: Cases = { ...parents, ...detached, ...ends, ...measures, ...safety };
