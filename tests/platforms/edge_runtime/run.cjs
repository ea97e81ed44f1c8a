// Evaluates a script in Vercel's Edge runtime and calls its answer(), on Node; prints what became of it as JSON.
const { readFileSync } = require("node:fs");
const { EdgeVM } = require("@edge-runtime/vm");

const vm = new EdgeVM();
vm.evaluate(readFileSync(process.argv[2], "utf8"));
const held = [];
const event = { request: {}, waitUntil: (work) => void held.push(work) };

vm.evaluate("answer")(event).then(async (answer) => {
  const before = vm.evaluate("log.join()");
  await Promise.all(held);
  console.log(JSON.stringify({ ...answer, held: held.length, before, after: vm.evaluate("log.join()") }));
});
