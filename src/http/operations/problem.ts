/**
 * Answers that say what is wrong, as RFC 9457 has them.
 *
 * @module
 */
import type { FieldProblem } from "./standard_schema.ts";

const TITLES = {
  400: "Bad Request",
  401: "Unauthorized",
  404: "Not Found",
  405: "Method Not Allowed",
  409: "Conflict",
  410: "Gone",
  413: "Content Too Large",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  503: "Service Unavailable",
};

/** A status that a problem can have. */
export type ProblemStatus = keyof typeof TITLES;

/** What an answer is made of, besides its status and detail. */
export interface ProblemOptions {
  readonly errors?: readonly FieldProblem[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes an answer of `application/problem+json`. */
export function problem(status: ProblemStatus, detail: string, { errors, headers }: ProblemOptions = {}): Response {
  const body = { type: "about:blank", title: TITLES[status], status, detail, errors };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...headers },
  });
}
