/** A failure that a person can act on: printed as one sentence, without a stack. */
export class Failure extends Error {
  override readonly name = "Failure";
}

/** Runs the `main` of a tool and turns a {@linkcode Failure} into its sentence and exit code 1. */
export async function runMain(
  main: () => Promise<number | void>,
): Promise<never> {
  try {
    Deno.exit(await main() ?? 0);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(error.message);
    Deno.exit(1);
  }
}
