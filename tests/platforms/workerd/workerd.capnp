using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "told", worker = .told),
    (name = "not-told", worker = .notTold),
    (name = "old", worker = .old),
    (name = "hono", worker = .hono),
  ],
);

const told :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["enable_request_signal", "service_binding_extra_handlers"],
  durableObjectNamespaces = [(className = "Room", uniqueKey = "rooms")],
  durableObjectStorage = (inMemory = void),
  bindings = [
    (name = "SELF", service = "told"),
    (name = "OLD", service = "old"),
    (name = "HONO", service = "hono"),
    (name = "ROOMS", durableObjectNamespace = "Room"),
    (name = "TELLS", json = "true"),
  ],
);

const notTold :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = "2026-11-01",
  compatibilityFlags = ["service_binding_extra_handlers"],
  durableObjectNamespaces = [(className = "Room", uniqueKey = "rooms")],
  durableObjectStorage = (inMemory = void),
  bindings = [
    (name = "SELF", service = "not-told"),
    (name = "OLD", service = "old"),
    (name = "HONO", service = "hono"),
    (name = "ROOMS", durableObjectNamespace = "Room"),
    (name = "TELLS", json = "false"),
  ],
);

const old :Workerd.Worker = (
  serviceWorkerScript = embed "service_worker.js",
  compatibilityDate = "2026-11-01",
);

const hono :Workerd.Worker = (
  modules = [(name = "hono.js", esModule = embed "hono.js")],
  compatibilityDate = "2026-11-01",
);
