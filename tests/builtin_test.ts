import { assertEquals } from "@std/assert";
import { builtin } from "../src/builtin.ts";
import { withGlobals } from "./platforms/globals.ts";

Deno.test("builtin() is empty where the runtime has no such module, or no modules at all", () => {
  assertEquals(builtin("node:no-such-module"), {});
  assertEquals(withGlobals({ process: undefined }, () => builtin("node:fs")), {});
  assertEquals(withGlobals({ process: {} }, () => builtin("node:fs")), {});
});
