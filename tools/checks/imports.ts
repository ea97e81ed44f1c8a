import { pathToFileURL } from "node:url";
import { ROOT } from "../lib/command.ts";
import { listFiles } from "../lib/files.ts";
import { type Module, moduleGraph } from "../lib/module_graph.ts";
import { join } from "../lib/path.ts";

/**
 * The core from the bottom to the top: a file imports only files before it in this list, so there is no cycle. A new
 * file has to be given its place here.
 */
const CORE = [
  "src/validate.ts",
  "src/errors.ts",
  "src/builtin.ts",
  "src/async_storage.ts",
  "src/signals.ts",
  "src/deadline.ts",
  "src/context.ts",
  "src/flags.ts",
  "src/observer.ts",
  "src/lifetime.ts",
  "src/process_registry.ts",
  "src/process_lifetime.ts",
  "src/shutdown_signals.ts",
  "src/scope_node.ts",
  "src/scope_tree.ts",
  "src/tree.ts",
  "src/outcome.ts",
  "src/watch.ts",
  "src/notify.ts",
  "src/cancellation.ts",
  "src/failure.ts",
  "src/waiting.ts",
  "src/cleanup.ts",
  "src/lifecycle.ts",
  "src/abandonment.ts",
  "src/task.ts",
  "src/spawn.ts",
  "src/detached.ts",
  "src/root.ts",
  "src/task_scope.ts",
  "src/combinators/as_completed.ts",
  "src/combinators/group.ts",
  "src/combinators/any.ts",
  "src/combinators/hedge.ts",
  "src/combinators/map.ts",
  "src/combinators/race.ts",
  "src/combinators/retry.ts",
  "mod.ts",
];

/** What platforms may use of the core: never its scopes, so that a host's entry stays small. */
const UNDER_PLATFORMS = CORE.slice(0, CORE.indexOf("src/scope_node.ts"));

/** What the core does without, so that it runs anywhere and stays small. */
const NOT_IN_CORE = /^(node:|npm:|zod\b|@std\/http\b|@opentelemetry\/)/;

/** All packages that anything imports: whoever adds this one with Deno downloads what any entry imports, its types too. */
const PACKAGES = /^(node:|zod\/mini$|@std\/http\b|@opentelemetry\/api$)/;

/**
 * What stands on the core, from the bottom to the top: a file imports only what has its own place or one before it. Of
 * several that a path begins with, the longest counts.
 */
const SATELLITES = [
  "src/bare_error.ts",
  "src/inert_text.ts",
  "src/platforms/",
  "src/http/",
  "src/http/operations/",
  "src/http/operations_client/",
  "src/durable/",
  "src/inspect/",
  "src/inspect/misuse/",
  "src/inspect/misuse.ts",
  "src/inspect/inspector_",
  "src/inspect/page/",
  "src/inspect/inspector.ts",
  "src/inspect/mod.ts",
  "src/otel/",
  "src/otel.ts",
  "src/testing/",
];

/** What reaches the modules of the live page, of which the package has the bundled script. */
const PAGE = "tools/lib/page_script.ts";

/** Sentences about imports that go the wrong way, and files that nothing imports; none if all is well. */
export async function importProblems(
  entries: readonly string[],
  env: Record<string, string>,
): Promise<string[]> {
  const root = `${pathToFileURL(ROOT)}`;
  const own = (await moduleGraph([...entries, PAGE], env))
    .filter(({ specifier }) => specifier.startsWith(root) && !specifier.endsWith(PAGE));
  const problems = await unreached(new Set(own.map(({ specifier }) => specifier.slice(root.length))));
  const graph = new Map<string, string[]>();
  for (const module of own) {
    const file = module.specifier.slice(root.length);
    const targets = targetsOf(module, root);
    graph.set(file, targets);
    if (/^src\/(combinators\/)?[^/]+$/.test(file) && !CORE.includes(file) && placeOf(file) < 0) {
      problems.push(`${file} has no place in the order of tools/checks/imports.ts`);
    }
    if (CORE.includes(file)) problems.push(...coreProblems(file, module, targets));
    else problems.push(...satelliteProblems(file, module, targets));
  }
  const cycle = findCycle(graph);
  if (cycle) problems.push(`cycle: ${cycle.join(" → ")}`);
  return problems;
}

async function unreached(reached: ReadonlySet<string>): Promise<string[]> {
  const files = (await listFiles(join(ROOT, "src"))).map((file) => `src/${file}`);
  return files.filter((file) => !reached.has(file)).map((file) => `${file} is reached by no entry of the package`);
}

function targetsOf({ dependencies = [] }: Module, root: string): string[] {
  return dependencies
    .flatMap(({ code, type }) => [code?.specifier, type?.specifier])
    .filter((target) => target !== undefined)
    .filter((target) => target.startsWith(root))
    .map((target) => target.slice(root.length));
}

function coreProblems(
  file: string,
  { dependencies = [] }: Module,
  targets: string[],
): string[] {
  const place = CORE.indexOf(file);
  return [
    ...targets
      .filter((target) => CORE.indexOf(target) < 0)
      .map((target) => `${file} is core and imports ${target}, which is not`),
    ...targets
      .filter((target) => CORE.indexOf(target) >= place)
      .map((target) => `${file} imports ${target}, which stands above it`),
    ...dependencies
      .filter(({ specifier }) => NOT_IN_CORE.test(specifier))
      .map(({ specifier }) => `${file} is core and imports "${specifier}"`),
  ];
}

function placeOf(file: string): number {
  const [longest = ""] = SATELLITES.filter((start) => file.startsWith(start)).sort((a, b) => b.length - a.length);
  return SATELLITES.indexOf(longest);
}

function satelliteProblems(file: string, { dependencies = [] }: Module, targets: string[]): string[] {
  if (placeOf(file) < 0) return [`${file} has no place in the order of tools/checks/imports.ts`];
  const isPlatform = file.startsWith("src/platforms/");
  const packages = dependencies
    .filter(({ specifier }) => !specifier.startsWith(".") && !PACKAGES.test(specifier))
    .map(({ specifier }) => `${file} imports "${specifier}": take it by its shape`);
  const above = targets.flatMap((target) => {
    if (target === "mod.ts") return `${file} imports mod.ts, which is for users: import the file of the symbol`;
    const isAbove = placeOf(target) > placeOf(file) || (isPlatform && !isUnderPlatforms(target));
    return isAbove ? `${file} imports ${target}, which stands above it` : [];
  });
  return [...packages, ...above];
}

function isUnderPlatforms(target: string): boolean {
  return target.startsWith("src/platforms/") || UNDER_PLATFORMS.includes(target);
}

/** The first cycle found, its first file repeated at the end. */
function findCycle(graph: Map<string, string[]>): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  function visit(file: string): string[] | undefined {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const target of graph.get(file) ?? []) {
      const cycle = visit(target);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(file);
    return undefined;
  }
  for (const file of graph.keys()) {
    const cycle = visit(file);
    if (cycle) return cycle;
  }
  return undefined;
}
