/** The mistakes that are the same on every host, each with an error that says what to do. */
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { LifetimeLimitError, LifetimeUnavailableError, TaskScope } from "@taskscope/taskscope";
import { cloudflareLifetime, type PlatformLifetime, type WaitUntilHost } from "@taskscope/taskscope/cloudflare";
import { fastlyLifetime } from "@taskscope/taskscope/fastly";
import { lambdaLifetime } from "@taskscope/taskscope/lambda";
import { netlifyLifetime } from "@taskscope/taskscope/netlify";
import { serviceWorkerLifetime } from "@taskscope/taskscope/service-worker";
import { supabaseLifetime } from "@taskscope/taskscope/supabase";
import { vercelLifetime } from "@taskscope/taskscope/vercel";
import { withGlobals } from "./globals.ts";

type Options = { limits?: { http?: number | null } };

/** Every host that has a `waitUntil`. */
const HOSTS: Readonly<Record<string, (host: WaitUntilHost, options?: Options) => PlatformLifetime>> = {
  cloudflare: cloudflareLifetime,
  netlify: netlifyLifetime,
  fastly: fastlyLifetime,
  "service-worker": serviceWorkerLifetime,
  vercel: (host, options) =>
    withGlobals({ [Symbol.for("@vercel/request-context")]: { get: () => host } }, () => vercelLifetime(options)),
  supabase: (host, options) =>
    withGlobals({ EdgeRuntime: host }, () => supabaseLifetime({ ...options, startedAt: new Date() })),
};

for (const [platform, make] of Object.entries(HOSTS)) {
  Deno.test(`${platform}: waitUntil takes native promises only`, () => {
    let calls = 0;
    const lifetime = make({ waitUntil: () => void calls++ });
    const thenable = { then() {} } as unknown as Promise<unknown>;
    const error = assertThrows(() => lifetime.waitUntil(thenable), TypeError);
    const needed = "waitUntil needs a native promise, wrap the thenable with Promise.resolve()";
    assertEquals(error.message, `Cannot wait on ${platform}: ${needed}, got { then }`);
    assertThrows(() => lifetime.waitUntil(undefined as never), TypeError, "needs a promise, got undefined");
    assertEquals(calls, 0);
  });

  Deno.test(`${platform}: a waitUntil after the end is refused, with the host's own error`, async () => {
    const cause = new Error("The invocation has ended");
    const lifetime = make({
      waitUntil() {
        throw cause;
      },
    });
    const error = assertThrows(() => lifetime.waitUntil(Promise.resolve()), LifetimeUnavailableError);
    assertStrictEquals(error.cause, cause);
    await using scope = new TaskScope({ lifetime });
    assertThrows(() => scope.spawnDetached(() => {}, { deadline: 50 }), LifetimeUnavailableError, "spawn it earlier");
  });

  Deno.test(`${platform}: a deadline over the limit names what is asked for, what there is, and who says so`, async () => {
    const lifetime = make({ waitUntil() {} }, { limits: { http: 20_000 } });
    await using scope = new TaskScope({ lifetime });
    let called = false;
    const spawn = () => scope.spawnDetached(() => called = true, { deadline: { minutes: 2 } });
    if (lifetime.deadline === undefined) return void spawn().cancel(); // a service worker's time has no known start
    const started = Date.now();
    const error = assertThrows(spawn, LifetimeLimitError);
    const most = 19_000 + Date.now() - started; // the clock may have moved on when the host is asked
    assertEquals([error.requested, error.source, called], [120_000, lifetime.source, false]);
    assert(error.available > 16_000 && error.available <= most, `${error.available}`); // less 1 s; Supabase warns at 90 %
    assert(error.source.includes("limits.http, set by the program"));
    assert(error.message.includes("120000 ms") && error.message.includes(error.source));
  });

  Deno.test(`${platform}: a misspelled option is refused`, () => {
    assertThrows(() => make({ waitUntil() {} }, { limit: {} } as Options), TypeError, "the options are");
  });
}

Deno.test("no host, no lifetime: each entry says what to pass", () => {
  const refused: (() => unknown)[] = [vercelLifetime, netlifyLifetime, supabaseLifetime];
  for (const make of refused) assertThrows(make, LifetimeUnavailableError, "Cannot find the lifetime: ");
  const wrong = [cloudflareLifetime, fastlyLifetime, serviceWorkerLifetime, lambdaLifetime];
  for (const make of wrong) assertThrows(() => make(undefined as never), TypeError, "is needed, got undefined");
});
