/** The same for workerd: `GET /measure/contender` does one round. It is timed from outside. */
import { MEASURES, play } from "./all.ts";

export default {
  async fetch(request: Request): Promise<Response> {
    const [id = "", contender = ""] = new URL(request.url).pathname.split("/").slice(1).map(decodeURIComponent);
    const { measure } = await MEASURES[id]!();
    return new Response(String(await play(measure, contender)));
  },
};
