export interface Ledger {
  spawned: number;
  succeeded: number;
  failed: number;
  canceled: number;
  abandoned: number;
}

/** What the server of the soak reports. */
export interface Stats {
  requests: Record<string, { started: number; open: number; disconnected: number; other: number }>;
  bodies: { started: number; ended: number };
  attached: Ledger;
  detached: Ledger;
  counters: Ledger;
  /** Rejections of detached tasks: on purpose, and reported. */
  thrown: number;
  reported: number;
  /** What must never happen. */
  wrong: string[];
  /** What the process waits for. */
  pending: number;
  /** Live bytes; 0 while something is pending. */
  heap: number;
}
