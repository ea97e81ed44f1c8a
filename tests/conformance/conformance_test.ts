import { assertStringIncludes } from "@std/assert";
import { collect } from "./collect.ts";
import { runCase, watchStrayErrors } from "./run_case.ts";

watchStrayErrors();

for (const one of collect()) {
  Deno.test(one.name, async () => {
    const errors = await runCase(one);
    if (errors.length > 1) throw new AggregateError(errors);
    if (errors.length === 1) throw errors[0];
  });
}

Deno.test("all.ts lists every file of cases/", async () => {
  const list = await Deno.readTextFile(new URL("./all.ts", import.meta.url));
  for await (const { name } of Deno.readDir(new URL("./cases/", import.meta.url))) {
    assertStringIncludes(list, `"./cases/${name}"`);
  }
});
