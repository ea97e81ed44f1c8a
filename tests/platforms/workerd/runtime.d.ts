/** The part of `cloudflare:workers` that the Worker under test uses. */
export class DurableObject {
  readonly ctx: { waitUntil(work: Promise<unknown>): void };
}
