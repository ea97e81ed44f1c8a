import { assert, assertEquals } from "@std/assert";
import { ROOT } from "../tools/lib/command.ts";
import { listFiles } from "../tools/lib/files.ts";
import { markdownFiles } from "../tools/lib/markdown.ts";
import { join } from "../tools/lib/path.ts";

const CASES = "tests/conformance/cases/";

const read = (path: string) => Deno.readTextFile(join(ROOT, path));

const proseOf = (text: string) => text.replace(/^```[\s\S]*?^```/gm, "");

/** The targets of the links of a page that lead into the project, from its root. */
function linksOf(page: string, text: string): URL[] {
  const links = Array.from(proseOf(text).matchAll(/\]\(([^)\s]+)[^)]*\)/g), ([, target = ""]) => target);
  const base = new URL(page, "file:///");
  return links.filter((link) => !/^[a-z]+:/.test(link)).map((link) => new URL(link, base));
}

/** Their files, as paths from the root. */
function linkedFiles(page: string, text: string): string[] {
  return linksOf(page, text).map(({ pathname }) => pathname.slice(1));
}

/** What links to the headings of a page end with, as GitHub makes it. */
function anchorsOf(text: string): Set<string> {
  const titles = Array.from(proseOf(text).matchAll(/^#+ (.+)$/gm), ([, title = ""]) => title.toLowerCase());
  return new Set(titles.map((title) => `#${title.replace(/[^\w\- ]/g, "").replaceAll(" ", "-")}`));
}

/** The numbers of the guarantees in whose names cases of a file start. */
function guaranteesOf(cases: string): Set<number> {
  const cited = Array.from(cases.matchAll(/"((?:G\d+ )*G\d+): /g), ([, numbers = ""]) => numbers); // "G1 G9: …"
  return new Set(cited.flatMap((numbers) => numbers.split(" ").map((number) => Number(number.slice(1)))));
}

Deno.test("docs/semantics.md links under each guarantee the files whose cases cite it, and no others", async () => {
  const expected = new Map<number, Set<string>>();
  for (const file of await listFiles(join(ROOT, CASES))) {
    for (const number of guaranteesOf(await read(`${CASES}${file}`))) {
      expected.set(number, (expected.get(number) ?? new Set()).add(`${CASES}${file}`));
    }
  }
  assertEquals([...expected.keys()].sort((a, b) => a - b), Array.from({ length: 14 }, (_, index) => index + 1));
  const page = "docs/semantics.md";
  const linked = new Map<number, Set<string>>();
  for (const section of (await read(page)).split(/^## /m)) {
    const number = /^G(\d+) /.exec(section)?.[1];
    if (number !== undefined) linked.set(Number(number), new Set(linkedFiles(page, section)));
  }
  assertEquals(linked, expected);
});

Deno.test("each link of a page to a file leads to one", async () => {
  for (const page of markdownFiles()) {
    for (const path of linkedFiles(page, await read(page))) {
      await Deno.stat(join(ROOT, path)).catch(() => assert(false, `${page} links ${path}, which is not there`));
    }
  }
});

Deno.test("each link of a page to a heading leads to one", async () => {
  for (const page of markdownFiles()) {
    for (const { pathname, hash } of linksOf(page, await read(page))) {
      if (hash === "") continue;
      assert(
        anchorsOf(await read(pathname.slice(1))).has(hash),
        `${page} links ${pathname}${hash}, which is not there`,
      );
    }
  }
});

Deno.test("each file or folder of the project that a page names is there", async () => {
  for (const page of markdownFiles()) {
    for (
      const [, path = ""] of proseOf(await read(page)).matchAll(/`((?:bench|docs|examples|src|tests|tools)\/[\w./]+)`/g)
    ) {
      if (path === "tests/screenshots/") continue; // what tests leave there is not kept
      await Deno.stat(join(ROOT, path)).catch(() => assert(false, `${page} names ${path}, which is not there`));
    }
  }
});

Deno.test("README.md links each page of docs/", async () => {
  const linked = new Set(linkedFiles("README.md", await read("README.md")));
  const pages = markdownFiles().filter((page) => page.startsWith("docs/") || page === "SECURITY.md");
  assertEquals(pages.filter((page) => !linked.has(page)), []);
});

Deno.test("code that doc tests leave out is on the one page whose blocks tests/adoption all runs", async () => {
  const pages = await Promise.all(markdownFiles().map(async (page) => [page, await read(page)] as const));
  const leavesOut = pages.filter(([, text]) => /^```\w+ (?:ignore|no-check)/m.test(text)).map(([page]) => page);
  assertEquals(leavesOut, ["docs/start.md"]);
});
