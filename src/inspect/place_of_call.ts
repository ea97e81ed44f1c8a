/**
 * Where the program called into this library, for the recorder.
 *
 * @module
 */
import { cut } from "./recorder_text.ts";
import { SOURCES, stackFrom } from "./stack.ts";

const FRAMES = 8;
const LONGEST_STACK = 2_000;
const DEPTH = 20; // of which about ten are in this library
/** In a bundle, what the program calls is told by its name; JavaScriptCore leaves out functions that end with a call. */
const ENTRY = /^(?:new TaskScope|[^/]*\b(?:spawn|trySpawn|spawnDetached|spawnChild|openRoot|shield|handoff|run))$/;

/** Where the program called into this library, as lines of a stack trace; `undefined` if that cannot be told. */
export function placeOfCall(): string | undefined {
  const stack = stackFrom(placeOfCall, DEPTH);
  const lines = stack.split("\n").map((line) => line.trim()).filter((line) => line !== "" && line !== "Error");
  const own = SOURCES;
  const outside = own === undefined ? afterEntry(lines) : lines.findIndex((line) => !line.includes(own));
  return outside < 0 ? undefined : cut(lines.slice(outside, outside + FRAMES).join("\n"), LONGEST_STACK);
}

/** The index of the first line after those of this library, told by names; -1 if there is none. */
export function afterEntry(lines: readonly string[]): number {
  const isEntry = (line = "") => ENTRY.test(/^(?:at )?([^(@]*?) ?[(@]/.exec(line)?.[1] ?? "");
  let index = Math.max(0, lines.findIndex(isEntry));
  while (isEntry(lines[index])) index++;
  return index < lines.length ? index : -1;
}
