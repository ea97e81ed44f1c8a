import { postgresMissing } from "../servers/postgres.ts";
import { redisMissing } from "../servers/redis.ts";

/** Where the tests of operations are: a leg of their own, beside the unit tests. */
export const OPERATIONS = "tests/operations/";

/** What the line of the leg says of servers that are not here. */
export function missingServers(): string {
  return [redisMissing(), postgresMissing()].filter((missing) => missing !== undefined).join("; ");
}
