// Stands in for the one native part of aws-lambda-ric, which posts the answer of a buffered invocation before it returns.
// The rest of the client is the real one, as is its own HTTP code for streams and for the next invocation.
const { execFileSync } = require("node:child_process");
const Module = require("node:module");

const POST = 'fetch(process.argv[1], { method: "POST", body: require("node:fs").readFileSync(0) })';

function post(id, kind, input) {
  const url = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/invocation/${id}/${kind}`;
  execFileSync(process.execPath, ["-e", POST, url], { input });
}

Module._extensions[".node"] = (module) => {
  module.exports = { done: (id, body) => post(id, "response", body), error: (id, body) => post(id, "error", body) };
};
