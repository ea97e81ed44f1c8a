/** A package in the lists of SECURITY.md. */
export interface Listed {
  readonly license: string;
  /** How the npm package has it: `dependency`, `optional peer`, `inlined`; nothing for what is not published. */
  readonly as?: string;
  /** The entries that need it; none for what is not published. */
  readonly entries: readonly string[];
}

/** `` `zod` (MIT, dependency) checks limits: `./http`, `./testing` `` */
const PUBLISHED = /^`([^`]+)` \(([^,)]+), ([^)]+)\) .*: (.*)$/;
/** `` MIT, the servers: `hono`, `srvx` `` */
const UNPUBLISHED = /^([^`:,]+)(?:, [^`:]+)?: (.*)$/;

/**
 * The packages that SECURITY.md lists under "Dependencies".
 *
 * @returns The packages by name, and what is wrong with the lists themselves: an item in no known form, a package twice.
 */
export function listedDependencies(page: string): { listed: Map<string, Listed>; problems: string[] } {
  const listed = new Map<string, Listed>();
  const problems: string[] = [];
  const add = (name: string, row: Listed) => {
    if (listed.has(name)) problems.push(`${name} is in SECURITY.md twice`);
    listed.set(name, row);
  };
  for (const item of itemsOf(page)) {
    const [, name = "", license = "", as = "", entries = ""] = PUBLISHED.exec(item) ?? [];
    const [, ofAll = "", packages = ""] = name ? [] : UNPUBLISHED.exec(item) ?? [];
    if (name) add(name, { license, as, entries: quoted(entries) });
    else if (quoted(packages).length === 0) problems.push(`SECURITY.md has a dependency in no known form: ${item}`);
    for (const each of quoted(packages)) add(each, { license: ofAll, entries: [] });
  }
  return { listed, problems };
}

/** The items of the lists of that section, each on one line. */
function itemsOf(page: string): string[] {
  const section = /^## Dependencies$([\s\S]*?)(?=^## |(?![\s\S]))/m.exec(page)?.[1] ?? "";
  return section.split(/^- /m).slice(1).map((item) => (item.split("\n\n")[0] ?? "").replace(/\s+/g, " ").trim());
}

function quoted(text: string): string[] {
  return Array.from(text.matchAll(/`([^`]+)`/g), ([, name = ""]) => name);
}
