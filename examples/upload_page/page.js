/**
 * The page: starts the operation, follows it, cancels it. Its id is in the address, so a reload finds it again.
 *
 * `main` has one state at a time: idle, uploading, working, succeeded, failed, canceled.
 */
import { OperationProblem, operationsClient } from "@taskscope/taskscope/operations/client";

const client = operationsClient("/", { onRetry: () => say("The server does not answer. Trying again…") });
const element = (id) => document.getElementById(id);
const main = document.querySelector("main");

/** What Cancel does now. */
let cancel = () => {};

element("choose").addEventListener("submit", (event) => {
  event.preventDefault();
  upload(element("file").files[0]);
});
element("file").addEventListener("change", ({ target }) => {
  element("chosen").textContent = target.files[0]?.name ?? "Choose a file, or drop one here";
});
for (const [type, isOver] of [["dragenter", true], ["dragleave", false], ["drop", false]]) {
  element("file").addEventListener(type, () => document.querySelector(".drop").classList.toggle("over", isOver));
}
element("cancel").addEventListener("click", () => {
  element("cancel").disabled = true;
  cancel();
});
element("again").addEventListener("click", () => {
  forget();
  element("choose").reset();
  element("file").dispatchEvent(new Event("change"));
  element("file").focus();
});

const id = location.hash.slice(1);
if (id) follow(client.operation(id));

async function upload(file) {
  const controller = new AbortController();
  cancel = () => controller.abort();
  enter("uploading");
  show({ doing: `Uploading ${file.name}` });
  const body = new FormData();
  body.set("file", file);
  try {
    const operation = await client.start("/uploads", { body, signal: controller.signal });
    history.replaceState(null, "", `#${operation.id}`);
    await follow(operation);
  } catch (error) {
    if (controller.signal.aborted) end("canceled", "Canceled", "Nothing was sent.");
    else end("failed", "The upload was not accepted", reasonOf(error));
  }
}

/** Shows an operation until it has ended, whoever started it. */
async function follow(operation) {
  cancel = () => operation.cancel().catch((error) => say(reasonOf(error)));
  enter("working");
  show({ doing: "Working" });
  try {
    for await (const { state, progress, cancelRequested, result, error } of operation.follow()) {
      say("");
      if (cancelRequested) element("cancel").disabled = true;
      if (state === "succeeded") return succeed(result);
      if (state === "canceled") return end("canceled", "Canceled", "The server has stopped working on it.");
      if (error) return end("failed", `It did not work out: ${state}`, error.message);
      show({ doing: cancelRequested ? "Canceling" : "Compressing", ...progress });
    }
  } catch (error) {
    if (error instanceof OperationProblem && [404, 410].includes(error.status)) {
      forget();
      say("The server no longer knows the upload of this address.");
    } else end("failed", "The server cannot be reached", reasonOf(error));
  }
}

function succeed({ name, bytes, compressed, sha256 }) {
  const share = Math.round(compressed / bytes * 100);
  end("succeeded", "Done", `${name}: ${size(bytes)} became ${size(compressed)}, ${share} %.`);
  const digest = document.createElement("code");
  digest.textContent = sha256;
  element("report").append(" SHA-256:", document.createElement("br"), digest);
}

/** Progress without a fraction is a bar that only moves. */
function show({ doing, fraction, message = "" }) {
  element("doing").textContent = doing;
  element("detail").textContent = message;
  element("percent").textContent = fraction === undefined ? "" : `${Math.round(fraction * 100)} %`;
  if (fraction === undefined) element("progress").removeAttribute("value");
  else element("progress").value = fraction;
}

function enter(state) {
  const before = main.dataset.state;
  main.dataset.state = state;
  const isBusy = state === "uploading" || state === "working";
  element("choose").hidden = state !== "idle";
  element("work").hidden = !isBusy;
  element("end").hidden = isBusy || state === "idle";
  element("cancel").disabled = false;
  say("");
  // What had the focus is gone: the next thing to do gets it.
  if (isBusy && before === "idle") element("cancel").focus();
}

function end(state, outcome, report) {
  enter(state);
  element("outcome").textContent = outcome;
  element("report").textContent = report;
  element("outcome").focus(); // which reads it out
}

function forget() {
  history.replaceState(null, "", location.pathname);
  enter("idle");
}

function say(note) {
  element("note").textContent = note;
}

/** An error in words for a person. */
function reasonOf(error) {
  if (!(error instanceof OperationProblem)) return "There is no answer from the server.";
  return error.errors.map(({ detail }) => detail).join(", ") || error.detail || error.title;
}

function size(bytes) {
  const units = ["bytes", "KB", "MB"];
  const power = Math.min(Math.floor(Math.log10(Math.max(bytes, 1)) / 3), units.length - 1);
  return `${(bytes / 1_000 ** power).toLocaleString("en", { maximumFractionDigits: 1 })} ${units[power]}`;
}
