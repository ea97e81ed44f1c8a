/**
 * The body of a start: read once, at most so long, parsed by its type, and told apart from another one.
 *
 * @module
 */
import { type Bytes, readBytes } from "../read_bytes.ts";
import { digest, digestText } from "../digest.ts";
import { problem } from "./problem.ts";

/** What a request brought. */
export interface RawInput {
  /** Parsed by its content type, not yet validated. */
  readonly value: unknown;
  /** A digest of method, address, type and body: the same for the same request sent again. */
  readonly fingerprint: string;
}

/**
 * Reads a request, for no longer than until `signal` aborts.
 *
 * - `application/json` and `…+json`: the value
 * - `application/x-www-form-urlencoded` and `multipart/form-data`: an object of the fields; one that comes more than once
 *   is an array, a file is a `File`
 * - `text/…`: a string
 * - any other: a `Blob`
 * - no body: `undefined`
 *
 * @returns What it brought, or the answer that says what is wrong with it.
 */
export async function readInput(
  request: Request,
  name: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<RawInput | Response> {
  const type = request.headers.get("content-type") ?? "";
  const body = request.body ? await readBytes(request.body, maxBytes, signal) : new Uint8Array();
  if (!body) return problem(413, `The body is longer than ${maxBytes} bytes`);
  const kind = type.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const { pathname, search } = new URL(request.url);
  const head = [name, request.method, pathname, search, kind];
  try {
    const value = await parse(body, type, kind);
    // The boundary of a multipart body is another one each time.
    const content = kind === "multipart/form-data" ? await digestFields(value as Fields) : await digest(body);
    return { value, fingerprint: await digestText(JSON.stringify([...head, content])) };
  } catch {
    return problem(400, `The body is not what its content type says, ${kind.slice(0, 80)}`);
  }
}

/** The input of a handler that has read the body itself. */
export async function givenInput(request: Request, name: string, value: unknown): Promise<RawInput> {
  const { pathname, search } = new URL(request.url);
  const head = [name, request.method, pathname, search];
  return { value, fingerprint: await digestText(JSON.stringify([...head, value]) ?? "") };
}

type Fields = Record<string, unknown>;

async function parse(body: Bytes, type: string, kind: string): Promise<unknown> {
  if (body.length === 0) return undefined;
  if (kind === "application/json" || kind.endsWith("+json")) return JSON.parse(decode(body));
  if (kind === "application/x-www-form-urlencoded" || kind === "multipart/form-data") {
    const form = await new Response(body, { headers: { "content-type": type } }).formData();
    const fields = new Map<string, unknown[]>(); // getAll() reads the whole form, for each of its names
    for (const [name, value] of form) {
      const values = fields.get(name);
      if (values) values.push(value);
      else fields.set(name, [value]);
    }
    return Object.fromEntries(Array.from(fields, ([name, values]) => [name, values.length === 1 ? values[0] : values]));
  }
  return kind.startsWith("text/") ? decode(body) : new Blob([body], { type: kind });
}

function decode(body: Bytes): string {
  return new TextDecoder("utf-8", { fatal: true }).decode(body);
}

async function digestFields(fields: Fields): Promise<string> {
  const parts = Object.entries(fields).flatMap(([name, value]) => [value].flat().map((each) => [name, each] as const));
  const described = parts.map(async ([name, value]) =>
    value instanceof File
      ? [name, value.name, value.type, await digest(new Uint8Array(await value.arrayBuffer()))]
      : [name, value]
  );
  return JSON.stringify(await Promise.all(described));
}
