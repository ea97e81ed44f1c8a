/** What is the same in every program for Node and Bun. */
import { fatal } from "./run.ts";

interface NodeHost {
  readonly process: {
    on(event: "unhandledRejection", listener: () => void): void;
    exit(code: number): never;
  };
}

const { process } = globalThis as unknown as NodeHost;

/** Notes rejections that would have ended the process. */
export function watchRejections(): void {
  process.on("unhandledRejection", fatal);
}

/** Ends the process: a hanging handler is part of the scenarios. */
export function exitWith(failed: number): never {
  return process.exit(failed > 0 ? 1 : 0);
}
