// The tools run before any package can be fetched, so they take paths from node:.
import { fileURLToPath } from "node:url";

export { basename, delimiter, dirname, isAbsolute, join, relative, resolve } from "node:path";

/** The path of a `file:` URL on this system. */
export function fromFileUrl(url: URL | string): string {
  return fileURLToPath(url);
}
