import { command } from "../lib/command.ts";
import type { Ground } from "../lib/ground.ts";
import { type Leg, verdict } from "../lib/leg.ts";

/** What people see while they type: hovers, completions and mistakes, by the compiler's own language service. */
export function editor({ env, project }: Ground): Leg[] {
  const leg = (name: string, where: () => Promise<string>): Leg => ({
    name,
    async run() {
      const args = ["run", "-A", "tools/editor/main.ts", await where()];
      const { code, stdout, output } = await command(Deno.execPath(), args, { env });
      return verdict(code === 0, { note: stdout.trim(), output });
    },
  });
  return [
    leg("editor, sources", () => Promise.resolve("sources")),
    leg("editor, npm package", project),
  ];
}
