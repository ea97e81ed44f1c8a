/** toNodeListener() with the test as the other side of the connection: who waits for whom. */
import { assertEquals } from "@std/assert";
import { EventEmitter } from "node:events";
import { setImmediate } from "node:timers";
import { toNodeListener } from "@taskscope/taskscope/node";

/** What Node gives, without a connection: the test is the other side. */
function fakes(method: string) {
  const events: string[] = [];
  const rawHeaders = ["Host", "a.b", "Content-Length", "100"];
  const req = Object.assign(new EventEmitter(), { method, url: "/x", rawHeaders, socket: {}, complete: false }, {
    destroyed: false,
    pause: () => events.push("pause"),
    resume: () => events.push("resume"),
  });
  const res = Object.assign(new EventEmitter(), { statusCode: 0, statusMessage: "", headersSent: false }, {
    writableEnded: false,
    writableFinished: false,
    destroyed: false,
    setHeader(_name: string, _value: unknown) {},
    getHeaderNames: (): string[] => [],
    removeHeader(_name: string) {},
    flushHeaders: () => events.push("flush"),
    write: (chunk: Uint8Array) => (events.push(`write ${chunk}`), false),
    end: () => events.push("end"),
    destroy: () => events.push("destroy"),
  });
  return { events, req, res };
}

/** Until everything that follows from what was done has been done. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

Deno.test("toNodeListener() asks for the parts of a response at the client's pace", async () => {
  const { events, req, res } = fakes("GET");
  const pull = (controller: ReadableStreamDefaultController) => {
    events.push("pull");
    controller.enqueue(Uint8Array.of(1));
  };
  toNodeListener(() => new Response(new ReadableStream({ pull }, { highWaterMark: 0 })))(req, res);
  await settled();
  assertEquals(events.splice(0), ["pull", "write 1"]);
  res.emit("drain");
  await settled();
  assertEquals(events.splice(0), ["pull", "write 1"]);
  res.destroyed = true;
  res.emit("close");
  await settled();
  assertEquals(events, []);
});

Deno.test("toNodeListener() sends the headers at once when the first part is not there yet", async () => {
  const { events, req, res } = fakes("GET");
  toNodeListener(() => new Response(new ReadableStream()))(req, res);
  await settled();
  assertEquals(events, ["flush"]);
});

Deno.test("toNodeListener() takes the parts of a request at the handler's pace", async () => {
  const { events, req, res } = fakes("POST");
  let body: ReadableStream<Uint8Array> | null = null;
  toNodeListener((request) => {
    body = request.body;
    return new Promise(() => {});
  })(req, res);
  const reader = (body as ReadableStream<Uint8Array> | null)?.getReader();
  await settled();
  assertEquals(events, []); // nobody reads: nothing is taken
  const first = reader?.read();
  req.emit("data", Uint8Array.of(1));
  assertEquals((await first)?.value, Uint8Array.of(1));
  await settled();
  assertEquals(events.splice(0), ["pause"]);
  const second = reader?.read();
  assertEquals(events.splice(0), ["resume"]);
  req.emit("data", Uint8Array.of(2));
  assertEquals((await second)?.value, Uint8Array.of(2));
  const last = reader?.read();
  req.emit("end");
  req.emit("close"); // comes after the end, too
  assertEquals((await last)?.done, true);
});

Deno.test("toNodeListener() cancels the body of a response that Node refuses to send", async () => {
  const log: unknown[][] = [];
  const { error } = console;
  console.error = (...args) => void log.push(args);
  const canceled = Promise.withResolvers<unknown>();
  const { events, req, res } = fakes("GET");
  const refusal = new TypeError("Invalid character in header content");
  res.setHeader = (name: string) => {
    if (name === "x-a") throw refusal;
  };
  try {
    const response = new Response(new ReadableStream({ cancel: canceled.resolve }), { headers: { "x-a": "b" } });
    toNodeListener(() => response)(req, res);
    assertEquals(await canceled.promise, refusal);
    await settled();
  } finally {
    console.error = error;
  }
  assertEquals([events, log, res.statusCode], [["end"], [["TaskScope: a request failed:", refusal]], 500]);
});

Deno.test("toNodeListener() answers 500 with nothing of the response that could not be sent", async () => {
  const { error } = console;
  console.error = () => {};
  const { events, req, res } = fakes("GET");
  const headers = new Map<string, unknown>();
  res.setHeader = (name, value) => {
    if (name === "x-z") throw new TypeError("Invalid character in header content");
    headers.set(name, value);
  };
  res.getHeaderNames = () => [...headers.keys()];
  res.removeHeader = (name) => headers.delete(name);
  try {
    const init = { "cache-control": "public", "content-length": "6", "set-cookie": "a=b", "x-z": "y" };
    toNodeListener(() => new Response("secret", { status: 201, statusText: "Created", headers: init }))(req, res);
    await settled();
  } finally {
    console.error = error;
  }
  assertEquals([...headers], [["connection", "close"]]);
  assertEquals([events, res.statusCode, res.statusMessage], [["end"], 500, ""]);
});

Deno.test("toNodeListener() takes a stream that was reset before its end for a disconnect", async () => {
  const { req, res } = fakes("GET");
  let signal: AbortSignal | undefined;
  toNodeListener((request) => {
    signal = request.signal;
    return new Promise(() => {});
  })(req, res);
  await settled();
  res.writableFinished = true; // as HTTP/2 has it: nothing is left to write
  res.emit("close");
  assertEquals(signal?.aborted, true);
});
