/** What is on the machine of a newcomer, and where the registries are. */
export interface World {
  /** A folder that is removed at the end. */
  readonly scratch: string;
  readonly node22: string;
  readonly node24: string;
  readonly bun: string;
  readonly workerd: string;
  /** The folder of the npm client. */
  readonly npm: string;
  /** The npm registry. */
  readonly registry: string;
  /** JSR. */
  readonly jsr: string;
}
