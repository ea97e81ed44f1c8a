import { Effect } from "effect";
import pMap from "p-map";
import { map, TaskScope } from "@taskscope/taskscope";
import { type Measure, work } from "../lib/measure.ts";

const items = Array.from({ length: 10_000 }, (_, index) => index);
const options = { concurrency: 16 };

export const measure: Measure = {
  title: "Map 10 000 items, 16 at once",
  unit: "ns",
  per: "item",
  operations: items.length,
  contenders: {
    async "TaskScope"() {
      await TaskScope.run((scope) => map(scope, items, work, options));
    },
    async "p-map"() {
      await pMap(items, work, options);
    },
    async "Effect"() {
      await Effect.runPromise(Effect.forEach(items, (item) => Effect.promise(() => work(item)), options));
    },
  },
  goals: [],
};
