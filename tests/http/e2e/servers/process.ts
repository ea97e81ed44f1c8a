/** What a server on Deno, Bun and Node has around the application: the drain, and what must not happen. */
import type { ProcessLifetime, ProcessLifetimeOptions } from "@taskscope/taskscope";
import { ledger, note } from "../app.ts";

interface Process {
  on(event: "unhandledRejection" | "uncaughtException", listener: (error: unknown) => void): void;
}

/** Has the process drain on SIGTERM, and print the ledger when it has. */
export function draining(lifetime: (options: ProcessLifetimeOptions) => ProcessLifetime): ProcessLifetime {
  const { process } = globalThis as unknown as { process: Process };
  for (const event of ["unhandledRejection", "uncaughtException"] as const) {
    process.on(event, (error) => note("unhandled", `${event}: ${error}`));
  }
  return lifetime({
    drain: 2_000,
    onDrained: (report) => console.log(JSON.stringify({ report, ledger: Object.fromEntries(ledger) })),
  });
}

export function listening(port: number): void {
  console.log(`listening ${port}`);
}
