/**
 * Who may see the inspector. Whatever is not known to be fine is refused.
 *
 * 1. Without a guard: only a client that the runtime itself says is on this machine, under a name of this machine (else
 *    any page could have its own name point here, DNS rebinding), and through nothing that says it is a proxy.
 * 2. With a guard: whom it lets in, and nobody if it fails.
 * 3. In both cases nothing but the page itself for other sites: their scripts run in browsers that may come in.
 *
 * @module
 */

/** Whether a request may see the inspector; only `true` lets it in. See {@linkcode inspector}. */
export type InspectorGuard = (request: Request) => boolean | Promise<boolean>;

/** Headers that no browser sends, but what forwards its requests. Their values are never believed. */
const OF_PROXIES = new RegExp(
  "^(forwarded|via|max-forwards|early-data|surrogate-.*|(x-|ali-)?cdn(-.*)?|rndr-id|client-ip|remote-.*|ssl-client-.*" +
    "|(proxy|cf|fly|do|fastly|akamai|incap|cloudfront|tailscale|ngrok)-.*|(wl-)?proxy-client-ip|true-client-ip" +
    "|x-(forwarded|original|originating|real|remote|client|cluster|scheme|host|http-|proxy|from-proxy|nginx|haproxy" +
    "|traefik|envoy|amzn|amz-cf|azure|arr|ms-|vercel|nf-|railway|appengine|goog|cloud-trace|varnish|sucuri|akamai" +
    "|bluecoat|ssl-|auth-request|request-start).*)$",
);

/** Why a request is refused, for whoever made it; `undefined` if it is not. */
export async function refusal(
  request: Request,
  info: unknown,
  guard: InspectorGuard | undefined,
  isPage: boolean,
): Promise<string | undefined> {
  if (isForeign(request, isPage)) return "it comes from another site. Open the inspector's own address";
  if (!guard) return remoteness(request, info);
  try {
    return await guard(request) === true ? undefined : "the guard does not let it in";
  } catch (error) {
    console.error("TaskScope: the guard of the inspector failed:", error);
    return "the guard failed, see the log of the server";
  }
}

/** Invariant 1. */
function remoteness(request: Request, info: unknown): string | undefined {
  const give = "Give the inspector a guard";
  const address = addressOf(request, info);
  if (address === undefined) {
    return `it is not known where it comes from. ${give}, or what the server's handler is given`;
  }
  if (!/^((::ffff:)?127(\.\d{1,3}){3}|::1)$/i.test(address)) return `it does not come from this machine. ${give}`;
  for (const name of request.headers.keys()) {
    if (OF_PROXIES.test(name)) return `it comes through a proxy. ${give}`;
  }
  // No browser and hardly a client asks for that; nginx does, unless told otherwise, and sends nothing else of its own.
  if (/\bclose\b/i.test(request.headers.get("connection") ?? "")) return `it may come through a proxy. ${give}`;
  const { headers, url } = request;
  const names = [new URL(url).hostname, hostnameOf(headers.get("host")), hostnameOf(originOf(headers))];
  if (names.every((name) => name === undefined || isLoopbackName(name))) return undefined;
  return "it asks for a name that is not of this machine. Use localhost, or give the inspector a guard";
}

/** The address of the client, by what Deno, Bun, `toNodeListener` or Hono on one of these pass beside the request. */
function addressOf(request: Request, info: unknown): string | undefined {
  const { remoteAddr, requestIP, req, incoming } = Object(info) as {
    readonly remoteAddr?: { readonly hostname?: unknown };
    requestIP?(request: Request): { readonly address?: unknown } | null;
    readonly req?: { readonly socket?: { readonly remoteAddress?: unknown } };
    readonly incoming?: { readonly socket?: { readonly remoteAddress?: unknown } };
  };
  const address = typeof requestIP === "function"
    ? requestIP.call(info, request)?.address
    : remoteAddr?.hostname ?? (req ?? incoming)?.socket?.remoteAddress;
  return typeof address === "string" ? address : undefined;
}

function isLoopbackName(name: string): boolean {
  return /^(([a-z0-9-]+\.)*localhost\.?|127(\.\d{1,3}){3}|\[::1\])$/i.test(name);
}

/** As a URL would have it; what is more than a host and a port is no name of this machine. */
function hostnameOf(host: string | null): string | undefined {
  if (host === null) return undefined;
  const url = `http://${host}`;
  return /^[\w.:[\]-]+$/.test(host) && URL.canParse(url) ? new URL(url).hostname : "";
}

/** The host of the page that sent a request, as far as browsers tell it: a proxy rather changes the `Host`. */
function originOf(headers: Headers): string | null {
  return headers.get("origin")?.replace(/^https?:\/\//, "") ?? null;
}

/** Invariant 3. A navigation shows the page to its user and tells the other site nothing. */
function isForeign(request: Request, isPage: boolean): boolean {
  const { headers, url } = request;
  const site = headers.get("sec-fetch-site");
  if (site === "same-origin" || site === "none") return false;
  if (site !== null) {
    const isVisit = headers.get("sec-fetch-mode") === "navigate" && headers.get("sec-fetch-dest") === "document";
    return !(isPage && isVisit && request.method === "GET");
  }
  // Browsers do not send it to plain http: of other machines; scripts of other sites have an origin at least.
  const origin = headers.get("origin");
  if (origin === null) return false;
  const own = headers.get("host") ?? new URL(url).host;
  if (!URL.canParse(origin)) return true; // "null", of a sandbox
  const { host, protocol } = new URL(origin);
  return !URL.canParse(`${protocol}//${own}`) || host !== new URL(`${protocol}//${own}`).host;
}
