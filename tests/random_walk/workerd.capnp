using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [(name = "main", worker = .worker)],
);

const worker :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "walk.js")],
  bindings = [(name = "OPTIONS", json = embed "options.json")],
  compatibilityDate = "2026-11-01",
);
