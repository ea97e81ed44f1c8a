/**
 * Idempotency keys: which operation a key of an owner stands for.
 *
 * @module
 */
import type { Env } from "./env.ts";
import { digestText } from "../digest.ts";

/** What the store has under a key. */
export interface Claim {
  readonly id: string;
  readonly fingerprint: string;
}

/** A claim, and the version under which the store has it. */
export interface VersionedClaim {
  readonly claim: Claim;
  readonly version: string;
}

// Visible ASCII, and spaces inside: what HTTP lets through everywhere.
const PATTERN = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/** Whether a header can be an idempotency key. */
export function isIdempotencyKey(header: string): boolean {
  return PATTERN.test(header);
}

/** The key in the store; owners do not meet. */
export async function claimKey(owner: string, header: string): Promise<string> {
  return `key-${await digestText(`${owner} ${header}`)}`;
}

/** Reads what a key stands for. */
export async function readClaim({ settings }: Env, key: string): Promise<VersionedClaim | undefined> {
  const entry = await settings.store.get(key);
  return entry && { claim: entry.value as Claim, version: entry.version };
}

/**
 * Takes a key, or takes it over from an operation that is known no more.
 *
 * @param before What was read before.
 * @returns Whether nobody was faster.
 */
export async function takeClaim(
  { settings: { store } }: Env,
  key: string,
  claim: Claim,
  before: VersionedClaim | undefined,
  expiresAt: number,
): Promise<boolean> {
  const entry = { value: claim, expiresAt };
  const version = before ? await store.compareAndSet(key, before.version, entry) : await store.create(key, entry);
  return version !== undefined;
}
