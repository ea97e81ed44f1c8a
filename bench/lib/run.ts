/**
 * One contender of one measure in a process of its own: a line on stdin asks for a round, a line on stdout is its
 * figure. So the contenders take turns, and none works in the garbage of another.
 */
import process from "node:process";
import { MEASURES, play } from "./all.ts";

const [id = "", contender = ""] = process.argv.slice(-2);
const { measure } = await MEASURES[id]!();
process.stdin.on("data", async () => {
  console.log(`figure ${await play(measure, contender)}`);
});
console.log("ready");
