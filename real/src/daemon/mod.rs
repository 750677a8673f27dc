//! The daemon: one node that people run, from one YAML file.
//!
//! ```text
//!  node.yaml ─▶ Settings ─▶ Daemon ─┬─ driver and node on [addr]:port
//!                                   ├─ a watch on certificate files: shown anew, judged anew, no connection dropped
//!                                   └─ /metrics and /health on a local port
//! ```

mod http;
mod management;
mod metrics;
mod run;
mod settings;
#[cfg(test)]
mod tests;
mod watch;

pub use management::Management;
pub use metrics::Metrics;
pub use run::{Daemon, DaemonError};
pub use settings::{Role, Settings, SettingsError, StoreSettings, Upstream};
pub use watch::{Files, Seen};
