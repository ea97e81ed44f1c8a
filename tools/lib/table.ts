/** A table of Markdown as `deno fmt` writes it; the first row is its head. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [head = [], ...body] = rows;
  const all = [head, head.map((name) => "-".repeat(name.length)), ...body];
  const widths = head.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  return all.map((row, index) =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0, index === 1 ? "-" : " ")).join(" | ")} |`
  ).join("\n");
}

/** What a page has between `<!-- name: start -->` and `<!-- name: end -->`, and what is before and after. */
export function splitAtMarkers(page: string, name: string): [before: string, between: string, after: string] {
  const [start, end] = [`<!-- ${name}: start -->`, `<!-- ${name}: end -->`];
  const [before = "", rest] = page.split(start);
  const [between = "", after] = rest?.split(end) ?? [];
  if (after === undefined) throw new Error(`The page has no ${start} followed by ${end}`);
  return [before + start, between, end + after];
}
