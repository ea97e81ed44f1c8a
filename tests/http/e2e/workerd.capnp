using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "on", worker = (
      modules = .modules,
      compatibilityDate = .date,
      compatibilityFlags = ["enable_request_signal"],
    )),
    (name = "off", worker = (modules = .modules, compatibilityDate = .date)),
    (name = "on-behind", worker = (
      modules = .modules,
      compatibilityDate = .date,
      bindings = [(name = "BACK", service = "on")],
    )),
    (name = "off-behind", worker = (
      modules = .modules,
      compatibilityDate = .date,
      bindings = [(name = "BACK", service = "off")],
    )),
  ],
  sockets = [
    (name = "on", http = (), service = "on"),
    (name = "off", http = (), service = "off"),
    (name = "on-behind", http = (), service = "on-behind"),
    (name = "off-behind", http = (), service = "off-behind"),
  ],
);

const modules :List(Workerd.Worker.Module) = [(name = "worker.js", esModule = embed "worker.js")];
const date :Text = "2026-11-01";
