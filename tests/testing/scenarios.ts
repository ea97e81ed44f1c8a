/** All scenarios. Each names one behavior of hosts, and what each host is known to do. */
import { expectationOf, type HostKey, type Scenario } from "./scenario.ts";
import { DISCONNECTS } from "./scenarios/disconnects.ts";
import { ERRORS } from "./scenarios/errors.ts";
import { REQUESTS } from "./scenarios/requests.ts";
import { WORK } from "./scenarios/work.ts";

/** The scenarios of one host. */
export function scenariosOf(key: HostKey): Scenario[] {
  return [...DISCONNECTS, ...WORK, ...REQUESTS, ...ERRORS].filter((scenario) => expectationOf(scenario, key) !== null);
}
