import { command } from "./command.ts";

export interface Module {
  specifier: string;
  /** What it imports: as written, and what that resolved to for the code and for the types. */
  dependencies?: {
    specifier: string;
    code?: { specifier?: string };
    type?: { specifier?: string };
  }[];
}

/** Every module that the entries reach, themselves included. */
export async function moduleGraph(
  entries: readonly string[],
  env: Record<string, string>,
): Promise<Module[]> {
  const modules = new Map<string, Module>();
  for (const entry of entries) {
    const { code, stdout, output } = await command(
      Deno.execPath(),
      ["info", "--json", entry],
      { env },
    );
    if (code !== 0) throw new Error(`deno info ${entry} failed:\n${output}`);
    const found: { modules: Module[] } = JSON.parse(stdout);
    for (const module of found.modules) modules.set(module.specifier, module);
  }
  return [...modules.values()];
}
