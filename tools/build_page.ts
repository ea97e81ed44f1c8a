/**
 * Makes the script of the live page, `src/inspect/page/script.ts`, of the modules beside it: a package that runs anywhere
 * reads no files, and bundlers may rename what they find in a function.
 *
 * ```sh
 * deno task build:page
 * ```
 */
import { bundle } from "./lib/bundle.ts";
import { ROOT } from "./lib/command.ts";
import { runMain } from "./lib/failure.ts";
import { join } from "./lib/path.ts";
import { stdEnv } from "./std.ts";

const FOLDER = "src/inspect/page";
const MODULES = ["alerts", "details", "main", "store", "text", "tree"];
const RESULT = join(ROOT, FOLDER, "script.ts");

/** What the script was made of, as a hash: what bundlers make of that differs from version to version. */
export async function hashOfSources(): Promise<string> {
  const texts = await Promise.all(MODULES.map((name) => Deno.readTextFile(join(ROOT, FOLDER, `${name}.ts`))));
  const digest = await crypto.subtle.digest(
    "SHA-256",
    new TextEncoder().encode(texts.join("\0").replaceAll("\r\n", "\n")),
  );
  return new Uint8Array(digest).toHex();
}

/** The hash that is written in the script there is. */
export async function hashOfScript(): Promise<string | undefined> {
  return (await Deno.readTextFile(RESULT)).match(/\b[0-9a-f]{64}\b/)?.[0];
}

async function build(): Promise<void> {
  const file = await Deno.makeTempFile({ suffix: ".js" });
  await bundle(await stdEnv(), ["--minify", "--output", file, "tools/lib/page_script.ts"]);
  const code = (await Deno.readTextFile(file)).trim().replace(/<(?=\/script|!--)/gi, "\\x3c");
  await Deno.remove(file);
  await Deno.writeTextFile(
    RESULT,
    `/**
 * The script of the page, made of the modules beside this file. Do not edit it: \`deno task build:page\`
 *
 * @module
 */
// deno-fmt-ignore-file -- sources: ${await hashOfSources()}

/** One script that needs no other. */
export const SCRIPT: string = ${JSON.stringify(code)};
`,
  );
}

if (import.meta.main) {
  await runMain(async () => {
    await build();
    return 0;
  });
}
