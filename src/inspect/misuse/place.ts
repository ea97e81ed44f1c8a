/**
 * Where in somebody's code a call came from: the first frame of the stack outside of this library.
 *
 * The stack is cut at the public function that was called. If the library itself called that, its frames are known by the
 * folder of its files: its sources, the cache of JSR, the npm package; not in a bundle, where all is one file.
 *
 * @module
 */
import { stackFrom } from "../stack.ts";

const NEAR = 3; // frames, from a public function on
const FAR = 30; // what the deepest way through the library takes, and then some
const LOCATION = /(?:\(|@|\bat (?:async )?)([^()@]*:\d+:\d+)\)?$/;
const OF_THE_RUNTIME = /^(?:node|ext|bun|deno|internal|native|checkin)[:/]|^native$|<|^eval at /;

/** The folder that holds the files of this library and no others, if it is not part of a bundle. */
const home = homeOf(String(import.meta.url));

/**
 * @param url Of this very file.
 * @returns `null` in a bundle.
 */
export function homeOf(url: string): string | null {
  const sources = /^(.*\/)inspect\/misuse\/place\.[jt]s$/.exec(url) ??
    /^(.*\/node_modules\/@taskscope\/taskscope\/)/.exec(url);
  return sources?.[1] ? plain(sources[1]) : null;
}

/** Frames name files as URLs or as paths. */
function plain(location: string): string {
  const path = location.replace(/^file:\/\/(?=\/)/, "");
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** What {@linkcode placeOf} is told. */
export interface PlaceOptions {
  /** The public functions that may have been called, the outermost first. */
  readonly boundaries: readonly unknown[];
  /** Whether the library itself may stand between the call and the place. */
  readonly isDirect?: boolean;
  /**
   * `null` in a bundle.
   *
   * @default the folder of this library
   */
  readonly library?: string | null;
}

/**
 * The place that called, such as `file:///app/main.ts:12:9`.
 *
 * @returns `undefined` if nothing on the stack is anybody's but the library's and the runtime's; with `isDirect`, also
 * if it is the library that called.
 */
export function placeOf({ boundaries, isDirect = false, library = home }: PlaceOptions): string | undefined {
  const isOwn = (frame: string) => library !== null && isIn(library, frame);
  const likely = library === null ? boundaries : boundaries.slice(-1); // each look costs microseconds, each frame, too
  const near = cutFrames(likely, NEAR);
  if (isDirect) return near[0] === undefined || isOwn(near[0]) ? undefined : near[0];
  return near.find((frame) => !isOwn(frame)) ??
    (library === null ? cutFrames(boundaries, FAR) : framesFrom(stackFrom, FAR)).find((frame) => !isOwn(frame));
}

/** An example in a comment of a source file is not the library. */
function isIn(library: string, frame: string): boolean {
  const path = plain(frame);
  const core = library.endsWith("/src/") ? `${library.slice(0, -"src/".length)}mod.ts:` : library;
  return (path.startsWith(library) && !/\$\d+-\d+\.ts/.test(path)) || path.startsWith(core);
}

function cutFrames(boundaries: readonly unknown[], limit: number): string[] {
  for (const boundary of boundaries) {
    const frames = framesFrom(boundary, limit);
    if (frames.length > 0) return frames;
  }
  return [];
}

/** The locations on the stack, without those of the runtime. */
function framesFrom(boundary: unknown, limit: number): string[] {
  return locationsOf(stackFrom(boundary, limit));
}

/** @param stack Of any engine; frames without a file are left out. */
export function locationsOf(stack: string): string[] {
  const locations: string[] = [];
  for (const line of stack.split("\n")) {
    const location = LOCATION.exec(line)?.[1] ?? "";
    if (location !== "" && !OF_THE_RUNTIME.test(location)) locations.push(location);
  }
  return locations;
}
