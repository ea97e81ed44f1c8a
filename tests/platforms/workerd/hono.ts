/** The example of Hono as a Worker, asked by worker.ts. */
export { app as default } from "../../../examples/frameworks/hono.ts";
