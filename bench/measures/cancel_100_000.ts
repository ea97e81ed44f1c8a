import type { Measure } from "../lib/measure.ts";
import { contenders } from "../lib/cancel.ts";

export const measure: Measure = {
  title: "Cancel 100 000 live tasks",
  unit: "ns",
  per: "task",
  operations: 1,
  not: { workerd: "only a part of the round counts, and its clock stands still in production" },
  contenders: contenders(100_000),
  goals: [{ against: "plain listeners", within: 4 }],
};
