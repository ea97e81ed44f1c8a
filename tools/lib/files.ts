import { join } from "./path.ts";

/** Paths of all files below a folder, relative to it, with slashes, sorted. */
export async function listFiles(
  folder: string,
  prefix = "",
): Promise<string[]> {
  const files: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(join(folder, prefix))) {
    const path = `${prefix}${name}`;
    if (isDirectory) files.push(...await listFiles(folder, `${path}/`));
    else files.push(path);
  }
  return files.sort();
}
