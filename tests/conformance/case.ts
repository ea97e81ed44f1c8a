/** One test of the conformance suite, with no test framework, so that it runs on every runtime. */
export interface Case {
  /** What is guaranteed, unique in the whole suite; starts with the guarantee it checks, such as `G4`. */
  readonly name: string;
  /** Throws or rejects if it does not hold. */
  run(): void | Promise<void>;
}
