/** Counts of one test module in a JUnit report. */
export interface Suite {
  name: string;
  passed: number;
  failed: number;
  skipped: number;
}

/** Reads the counts of a report written by `deno test --junit-path`; none if it was not written. */
export async function readSuites(path: string): Promise<Suite[]> {
  const xml = await Deno.readTextFile(path).catch(() => "");
  return [...xml.matchAll(/<testsuite ([^>]*)>/g)].map(
    ([, attributes = ""]) => {
      const value = (name: string) => attributes.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1];
      const count = (name: string) => Number(value(name) ?? 0);
      const failed = count("failures") + count("errors");
      const skipped = count("disabled") + count("skipped");
      return {
        name: value("name") ?? "",
        failed,
        skipped,
        passed: count("tests") - failed - skipped,
      };
    },
  );
}
