import type { Measure } from "../lib/measure.ts";
import { contenders } from "../lib/cancel.ts";

export const measure: Measure = {
  title: "Cancel 10 000 live tasks",
  unit: "ns",
  per: "task",
  operations: 1,
  not: { workerd: "only a part of the round counts, and its clock stands still in production" },
  contenders: contenders(10_000),
  goals: [{ against: "plain listeners", within: 4 }],
};
