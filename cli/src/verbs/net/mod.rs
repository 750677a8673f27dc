//! The verbs of a content network on real sockets: the daemon, its certificates, and what people ask of it.

pub(crate) mod certs;
pub(crate) mod get;
mod meter;
pub(crate) mod node;
pub(crate) mod put;
pub(crate) mod real;
pub(crate) mod short;

use crate::exit::Code;
use crate::fail::Failure;
use hypermesh_core::stoq::preset::{Effective, Source};
use hypermesh_real::client::{Client, ClientError, Contact};
use std::net::SocketAddrV6;
use std::path::PathBuf;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Whom to ask, and who asks.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Ask {
    /// Folder of the certificates, as `certs` writes them.
    #[arg(long, value_name = "DIR", default_value = "certs")]
    certs: PathBuf,

    /// Who asks: the name of a certificate in that folder.
    #[arg(long = "as", value_name = "NAME", default_value = "client")]
    who: String,

    /// The name that the node's certificate has to have; any of the deployment if none.
    #[arg(long, value_name = "NAME")]
    server: Option<String>,

    /// Seconds for which what may pass is tried again: a node that is not there, or has too much to do.
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0)]
    patience: f64,

    /// A value over the defaults, can be repeated (`--value quic.mtu=8952`).
    #[arg(long = "value", value_name = "KEY=VALUE", value_parser = crate::args::key_value)]
    values: Vec<(String, String)>,
}

/// Reads `[addr]:port`.
pub(crate) fn address(text: &str) -> Result<SocketAddrV6, String> {
    text.parse().map_err(|_| "write an IPv6 address with a port, for example [::1]:7100".to_owned())
}

impl Ask {
    /// Who is asked, and how.
    fn contact(&self, server: SocketAddrV6, verb: &str) -> Result<Contact, Failure> {
        let mut values = Effective::new(None);
        for (name, text) in &self.values {
            let set = values.set(Source::Override, name, text);
            set.map_err(|problem| Failure::new(Code::Usage, problem.to_string(), format!("hypermesh {verb} --help")))?;
        }
        Ok(Contact {
            server,
            server_name: self.server.clone(),
            certificates: self.certs.clone(),
            name: self.who.clone(),
            values,
            patience: Duration::from_secs_f64(self.patience.clamp(0.0, 1e9)),
        })
    }

    /// Does something with a client, until it is done or interrupted.
    fn with<T, W>(&self, server: SocketAddrV6, verb: &str, work: impl FnOnce(Client) -> W) -> Result<T, Failure>
    where
        W: Future<Output = (Result<T, ClientError>, Client)>,
    {
        let contact = self.contact(server, verb)?;
        let runtime = runtime()?;
        let done = runtime.block_on(async {
            let client = Client::start(&contact)?;
            tokio::select! {
                (done, client) = work(client) => {
                    client.leave().await;
                    done.map(Some)
                }
                () = signalled() => Ok(None),
            }
        });
        // What still waits for a disk is of no use to anybody.
        runtime.shutdown_timeout(Duration::from_millis(100));
        match done {
            Ok(Some(done)) => Ok(done),
            Ok(None) => Err(Failure::new(Code::Interrupted, "interrupted", format!("hypermesh {verb} again: it goes on where it was"))),
            Err(error) => Err(failure(&error, server, verb)),
        }
    }
}

/// A failure of a client, with what helps.
fn failure(error: &ClientError, server: SocketAddrV6, verb: &str) -> Failure {
    use hypermesh_core::stoq::session::Code as Said;
    match error {
        ClientError::Start(_) => Failure::new(Code::Internal, error.to_string(), "hypermesh certs --help"),
        ClientError::BadName(_) => Failure::new(Code::Usage, error.to_string(), format!("hypermesh {verb} --help")),
        ClientError::Said(Said::NotFound | Said::Purged) => {
            Failure::new(Code::Nothing, error.to_string(), format!("hypermesh ping --to \"{server}\""))
        }
        _ => Failure::new(Code::Internal, error.to_string(), format!("hypermesh ping --to \"{server}\"")),
    }
}

/// Threads for sockets, and for what waits for disks.
fn runtime() -> Result<Runtime, Failure> {
    hypermesh_real::heap::keep_pages();
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().max_blocking_threads(32).build();
    built.map_err(|error| Failure::machine("starting threads", &error, "hypermesh --help"))
}

/// Returns at the first SIGTERM, SIGINT or SIGHUP.
pub(crate) async fn signalled() {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).ok();
    let (mut term, mut int, mut hup) = (listen(SignalKind::terminate()), listen(SignalKind::interrupt()), listen(SignalKind::hangup()));
    let heard = async |signal: &mut Option<tokio::signal::unix::Signal>| match signal {
        Some(signal) => {
            signal.recv().await;
        }
        // A signal that cannot be listened to ends the process by itself.
        None => std::future::pending().await,
    };
    tokio::select! {
        () = heard(&mut term) => {}
        () = heard(&mut int) => {}
        () = heard(&mut hup) => {}
    }
}
