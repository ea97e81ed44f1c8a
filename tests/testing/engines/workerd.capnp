# The scenarios run twice: with and without the flag that lets request.signal abort.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "cloudflare", worker = .withSignal),
    (name = "cloudflareWithoutSignal", worker = .withoutSignal),
  ],
);

const withSignal :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "workerd.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["enable_request_signal"],
  bindings = [(name = "SELF", service = "cloudflare"), (name = "KEY", text = "cloudflare")],
);

const withoutSignal :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "workerd.js")],
  compatibilityDate = "2026-11-01",
  bindings = [(name = "SELF", service = "cloudflareWithoutSignal"), (name = "KEY", text = "cloudflareWithoutSignal")],
);
