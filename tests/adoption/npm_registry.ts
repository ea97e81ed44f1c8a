/**
 * A stand-in of the npm registry with the packages that the pages name, one version of each. So `npm install`, `bun add`
 * and `deno add npm:…` are run as they are written, and need no network.
 */
import { join } from "../../tools/lib/path.ts";
import { tarball } from "./tar.ts";

export interface NpmRegistry extends AsyncDisposable {
  readonly url: string;
}

/** @param folders Where each package is; this one's is as the packed tarball was installed. */
export function serveNpm(folders: Readonly<Record<string, string>>): NpmRegistry {
  const archives = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async ({ url }) => {
    const { origin, pathname } = new URL(url);
    const path = decodeURIComponent(pathname).slice(1);
    const name = path.replace(/\/-\/.*$/, "");
    const folder = folders[name];
    if (folder === undefined) return new Response(`no ${name} here\n`, { status: 404 });
    if (path !== name) {
      const archive = archives.get(name) ?? tarball(folder);
      archives.set(name, archive);
      return new Response(await archive);
    }
    const manifest = JSON.parse(await Deno.readTextFile(join(folder, "package.json")));
    const { version } = manifest;
    const dist = { tarball: `${origin}/${name}/-/${version}.tgz` };
    return Response.json({ name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } });
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
