//! The network of a soak: processes, their files, and what is seen of them.

use super::sample::{self, Sample};
use super::{Plan, SoakError};
use crate::bench::cpu_seconds_of;
use crate::pki::{Authority, PkiError};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::session::Roles;
use std::fs::{self, File};
use std::net::{Ipv6Addr, SocketAddrV6, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

/// Life of every certificate. They are renewed far more often.
const LIFE: Span = Span::secs(6 * 3600);
/// How often the list of revocations is dated anew, and every how many times certificates are renewed too.
const PUBLISH_EVERY: Duration = Duration::from_secs(5);
const RENEW_EVERY: u32 = 4;
/// How long a node may take to answer its local port.
const START_WITHIN: Duration = Duration::from_secs(30);

/// The nodes: name, role, who is above (by number), and what is set about its stores.
const NODES: [(&str, Roles, &str, Option<usize>, &str); 4] = [
    ("origin", Roles::ORIGIN, "origin", None, "store: {folder: origin, quota: 1GiB}\nset: {session.idle: 15s}\n"),
    ("regional", Roles::REGIONAL, "regional", Some(0), "set: {cache.memory: 8MiB, cache.negative-max: 1s, session.idle: 15s}\n"),
    ("edge-1", Roles::EDGE, "edge", Some(1), "set: {cache.memory: 8MiB, cache.negative-max: 1s, session.idle: 15s}\n"),
    (
        "edge-2",
        Roles::EDGE,
        "edge",
        Some(1),
        "store: {folder: edge-2, quota: 64MiB}\nset: {cache.memory: 4MiB, cache.disk: 32MiB, cache.negative-max: 1s, session.idle: 15s}\n",
    ),
];
/// The node that is killed.
const VICTIM: usize = 3;
/// Who asks.
const CLIENTS: [(&str, Roles); 2] = [("client", Roles::CLIENT), ("publisher", Roles(Roles::CLIENT.0 | Roles::PUBLISHER.0))];

/// A node that runs.
struct Resident {
    name: &'static str,
    child: Child,
    listen: SocketAddrV6,
    local: SocketAddrV6,
    /// Seconds of processor of its lives before.
    spent: f64,
}

/// A network of processes. They end with it.
pub(super) struct Town {
    pub(super) folder: PathBuf,
    exe: PathBuf,
    residents: Vec<Resident>,
    /// Whoever dates the list of revocations anew and renews certificates.
    keeper: JoinHandle<Result<(), PkiError>>,
}

impl Drop for Town {
    fn drop(&mut self) {
        self.keeper.abort();
        for resident in &mut self.residents {
            // It may have ended by itself.
            let _ = resident.child.kill();
            let _ = resident.child.wait();
        }
    }
}

impl Town {
    /// Makes certificates and files, and starts the nodes.
    pub(super) async fn build(plan: &Plan) -> Result<Self, SoakError> {
        let failed = SoakError::of("making certificates");
        let certs = plan.folder.join("certs");
        let mut authority = Authority::create(&certs).map_err(|error| failed(&error))?;
        let holders = NODES.iter().map(|(name, roles, ..)| (*name, *roles)).chain(CLIENTS);
        for (name, roles) in holders {
            authority.issue_to_files(name, roles, LIFE).map_err(|error| failed(&error))?;
        }
        // All are bound at the same time, so they differ. They are free again when the nodes start.
        let sockets: Vec<UdpSocket> = (0..NODES.len() * 2)
            .map(|_| UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)))
            .collect::<Result<_, _>>()
            .map_err(|error| SoakError::of("finding ports")(&error))?;
        let port = |at: usize| sockets[at].local_addr().map_or(0, |address| address.port());
        let ports: Vec<(u16, u16)> = (0..NODES.len()).map(|at| (port(2 * at), port(2 * at + 1))).collect();
        drop(sockets);
        for (at, (name, _, role, above, more)) in NODES.iter().enumerate() {
            let (listen, local) = ports[at];
            let upstreams = above.map_or_else(String::new, |above| {
                let (name, role, port) = (NODES[above].0, NODES[above].2, ports[above].0);
                format!("upstreams: [{{address: \"[::1]:{port}\", name: {name}, role: {role}}}]\n")
            });
            let text = format!(
                "role: {role}\nlisten: \"[::1]:{listen}\"\nlocal: \"[::1]:{local}\"\ncertificates: {{ca: certs/ca.pem, chain: certs/{name}.pem, key: \
                 certs/{name}.key, revoked: certs/revoked.stoq}}\n{upstreams}{more}"
            );
            fs::write(plan.folder.join(format!("{name}.yaml")), text).map_err(|error| SoakError::of("writing a file")(&error))?;
        }
        let keeper = tokio::spawn(keep(authority));
        let mut town = Self { folder: plan.folder.clone(), exe: plan.exe.clone(), residents: Vec::new(), keeper };
        for (at, (name, ..)) in NODES.iter().enumerate() {
            let at_port = |port| SocketAddrV6::new(Ipv6Addr::LOCALHOST, port, 0, 0);
            let child = start(&town.exe, &town.folder, name)?;
            let resident = Resident { name, child, listen: at_port(ports[at].0), local: at_port(ports[at].1), spent: 0.0 };
            answers(&resident).await?;
            town.residents.push(resident);
        }
        Ok(town)
    }

    /// The processes that are looked at; the last is this one.
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.residents.iter().map(|resident| resident.name).chain(["load"]).collect()
    }

    /// Where the nodes listen.
    pub(super) fn addresses(&self) -> Vec<SocketAddrV6> {
        self.residents.iter().map(|resident| resident.listen).collect()
    }

    /// Where the edges listen.
    pub(super) fn edges(&self) -> [SocketAddrV6; 2] {
        [self.residents[2].listen, self.residents[3].listen]
    }

    /// Every process now.
    pub(super) async fn sample(&self, at: f64) -> Vec<Sample> {
        let mut samples = Vec::new();
        for resident in &self.residents {
            let process = resident.child.id();
            // Before the page, whose own connection would be among them.
            let descriptors = sample::descriptors(process);
            let page = page(resident.local, "/metrics").await.unwrap_or_default();
            samples.push(Sample::of(at, process, descriptors, &page));
        }
        let own = std::process::id();
        samples.push(Sample::of(at, own, sample::descriptors(own), ""));
        samples
    }

    /// Seconds of processor of all processes, this one too.
    pub(super) fn cpu_seconds(&self) -> f64 {
        let nodes = self.residents.iter().map(|resident| resident.spent + cpu_seconds_of(resident.child.id()));
        nodes.sum::<f64>() + crate::bench::cpu_seconds()
    }

    /// An error if a node ended by itself, or nobody renews certificates any more.
    pub(super) fn look_after(&mut self) -> Result<(), SoakError> {
        if self.keeper.is_finished() {
            return Err(SoakError("certificates could not be renewed".to_owned()));
        }
        for resident in &mut self.residents {
            if let Ok(Some(status)) = resident.child.try_wait() {
                return Err(SoakError(format!("{} ended by itself: {status}", resident.name)));
            }
        }
        Ok(())
    }

    /// Ends an edge as a loss of power would, and starts it anew.
    pub(super) async fn kill_and_start(&mut self) -> Result<(), SoakError> {
        let resident = &mut self.residents[VICTIM];
        resident.spent += cpu_seconds_of(resident.child.id());
        let failed = SoakError::of("killing an edge");
        resident.child.kill().and_then(|()| resident.child.wait()).map_err(|error| failed(&error))?;
        tokio::time::sleep(Duration::from_millis(500)).await;
        resident.child = start(&self.exe, &self.folder, resident.name)?;
        answers(&self.residents[VICTIM]).await
    }

    /// Asks every node to leave, from the edges up, and waits a little for each.
    pub(super) async fn leave(&mut self) {
        for resident in self.residents.iter_mut().rev() {
            let asked = Command::new("kill").args(["-TERM", &resident.child.id().to_string()]).status();
            let begun = Instant::now();
            while asked.is_ok() && begun.elapsed() < Duration::from_secs(5) && matches!(resident.child.try_wait(), Ok(None)) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// Dates the list of revocations anew, and renews the certificates of all nodes, again and again.
async fn keep(mut authority: Authority) -> Result<(), PkiError> {
    for turn in 1_u32.. {
        tokio::time::sleep(PUBLISH_EVERY).await;
        authority.publish()?;
        if turn % RENEW_EVERY == 0 {
            for (name, roles, ..) in NODES {
                authority.issue_to_files(name, roles, LIFE)?;
            }
        }
    }
    Ok(())
}

fn start(exe: &Path, folder: &Path, name: &str) -> Result<Child, SoakError> {
    let failed = SoakError::of("starting a node");
    let log = File::options().create(true).append(true).open(folder.join(format!("{name}.log"))).map_err(|error| failed(&error))?;
    let errors = log.try_clone().map_err(|error| failed(&error))?;
    let mut command = Command::new(exe);
    command.arg("node").arg(format!("{name}.yaml")).current_dir(folder).stdin(Stdio::null()).stdout(log).stderr(errors);
    command.spawn().map_err(|error| failed(&error))
}

/// Waits until a node answers.
async fn answers(resident: &Resident) -> Result<(), SoakError> {
    let begun = Instant::now();
    while page(resident.local, "/health").await.is_none() {
        if begun.elapsed() > START_WITHIN {
            return Err(SoakError(format!("{} does not answer", resident.name)));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}

/// A page of a node's local port.
async fn page(local: SocketAddrV6, path: &str) -> Option<String> {
    let asked = async {
        let mut stream = TcpStream::connect(local).await?;
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes()).await?;
        let mut text = String::new();
        stream.read_to_string(&mut text).await?;
        Ok::<String, std::io::Error>(text)
    };
    tokio::time::timeout(Duration::from_secs(5), asked).await.ok()?.ok()
}
