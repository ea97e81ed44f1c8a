import { pathToFileURL } from "node:url";
import { npmPackage } from "./npm.ts";
import { Failure } from "./failure.ts";
import { join } from "./path.ts";
import type ts from "npm:typescript@6.0.3";

/** The version that Deno 2.9 has built in, which it does not lend. */
const VERSION = "6.0.3";

/** The path of the TypeScript compiler, a script for Node. */
export async function tsc(): Promise<string> {
  return join(await npmPackage("typescript", VERSION), "lib/tsc.js");
}

/**
 * Writes one declaration file for each module that the entries reach below `root`.
 *
 * @throws {Failure} If a module cannot be declared.
 */
export async function emitDeclarations(
  root: string,
  entries: readonly string[],
  folder: string,
): Promise<void> {
  const typescript = await loadTypeScript();
  const program = typescript.createProgram(
    entries.map((entry) => join(root, entry)),
    {
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: root,
      outDir: folder,
      strict: true,
      exactOptionalPropertyTypes: true,
      allowImportingTsExtensions: true,
      module: typescript.ModuleKind.Preserve,
      target: typescript.ScriptTarget.ESNext,
      types: [],
    },
  );
  // Types are deno's to check: the packages of the import map are unknown here, and no declaration depends on them.
  const problems = [
    ...program.getDeclarationDiagnostics(),
    ...program.emit().diagnostics,
  ];
  if (problems.length === 0) return;
  const text = typescript.formatDiagnostics(problems, {
    getCurrentDirectory: () => root,
    getCanonicalFileName: (name: string) => name,
    getNewLine: () => "\n",
  });
  throw new Failure(`Cannot write declarations:\n${text}`);
}

/** The TypeScript compiler, as a library. */
export async function loadTypeScript(): Promise<typeof ts> {
  const folder = await npmPackage("typescript", VERSION);
  // Not a literal: Deno would download it before any of our code runs, without our words about a failure.
  const library = pathToFileURL(join(folder, "lib/typescript.js")).href;
  return (await import(library)).default;
}
