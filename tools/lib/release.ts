import config from "../../deno.json" with { type: "json" };
import { Failure } from "./failure.ts";

/** Where a release comes from. */
export interface Release {
  /** The files of this version, ready for a path from the root. */
  readonly files: string;
  /** What the manifest says of it. */
  readonly manifest: {
    readonly repository: { readonly type: "git"; readonly url: string };
    readonly homepage: string;
    readonly bugs: { readonly url: string };
    readonly publishConfig: { readonly access: "public"; readonly provenance: true };
  };
}

const JSR = "https://jsr.io/";

/**
 * What a build that is to be published has to know, from what GitHub Actions says of its run: npm takes a provenance
 * only if the manifest has the repository that it names, in the same case.
 *
 * @throws {Failure} If `@std`, which becomes part of the package, is not from JSR, or the repository is not known.
 */
export function releaseOf(env: { JSR_URL: string }, actions: Readonly<Record<string, string>>): Release {
  if (new URL(env.JSR_URL).href !== JSR) {
    throw new Failure(
      `Cannot build a release: @std becomes part of it, and comes from ${env.JSR_URL} instead of ${JSR}; ` +
        "build it where JSR can be reached.",
    );
  }
  const { GITHUB_SERVER_URL: server = "https://github.com", GITHUB_REPOSITORY: repository = "" } = actions;
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw new Failure(
      `Cannot build a release: GITHUB_REPOSITORY must be owner/name, got ${JSON.stringify(repository)}; ` +
        "let .github/workflows/publish.yml build it.",
    );
  }
  const home = `${server}/${repository}`;
  return {
    files: `${home}/blob/v${config.version}/`,
    manifest: {
      repository: { type: "git", url: `git+${home}.git` },
      homepage: `${home}#readme`,
      bugs: { url: `${home}/issues` },
      publishConfig: { access: "public", provenance: true },
    },
  };
}

/** Has the links of a page at the root lead to the repository: the package has none of the pages they lead to. */
export function absoluteLinks(page: string, { files }: Pick<Release, "files">): string {
  return page.replace(
    /^```[\s\S]*?^```|(\]\()(?![a-z][a-z+.-]*:|#|\/)([^)\s]+\))/gm,
    (all, before?: string, target?: string) => before === undefined ? all : `${before}${files}${target}`,
  );
}
