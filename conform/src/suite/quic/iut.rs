//! The reference implementation in this process: the production driver on sockets of its own, set as the node in memory is.

use super::pki::{self, Deployment};
use crate::suite::case::Subject;
use crate::suite::memory::subject::{self, TESTER};
use crate::suite::port::Pixit;
use crate::suite::verdict::{Miss, Outcome};
use hypermesh_core::stoq::certs::{Asked, RevocationList, Trusted};
use hypermesh_core::stoq::node::{Command, Input, JobId, StoqNode, Told, Unread};
use hypermesh_core::stoq::preset::Effective;
use hypermesh_core::stoq::session::Roles;
use hypermesh_core::stoq::session::frame::{ContentId, Name};
use hypermesh_real::daemon::{Management, Metrics};
use hypermesh_real::driver::{Address, Disk, Door, Driver, Setup, Supply};
use hypermesh_real::quic::{self, Parameters, Shown};
use hypermesh_real::store::{Options, Store};
use quinn::{ClientConfig, ServerConfig};
use std::collections::BTreeMap;
use std::net::{Ipv6Addr, SocketAddr, SocketAddrV6};
use std::sync::{Arc, Mutex, PoisonError};
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// How an implementation can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// In this process.
    Here,
    /// At an address.
    Afar,
}

/// What applications of the node offer.
#[derive(Debug, Default)]
struct Offers(Mutex<BTreeMap<ContentId, Arc<[u8]>>>);

impl Supply for Offers {
    fn supply(&self, id: &ContentId) -> Result<Arc<[u8]>, Unread> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned().ok_or(Unread::Absent)
    }
}

/// What an application was told.
#[derive(Debug, Default)]
struct Heard {
    last: Option<Told>,
    got: BTreeMap<u64, Vec<u8>>,
}

/// A node under test.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) address: SocketAddrV6,
    driver: Driver<StoqNode>,
    offers: Arc<Offers>,
    jobs: BTreeMap<JobId, (JobId, Arc<Mutex<Heard>>)>,
    management: Arc<Management>,
    _store: Option<TempDir>,
}

fn wrong(error: impl std::fmt::Display) -> Miss {
    Miss::Error(format!("the node under test: {error}"))
}

impl Local {
    pub(super) fn start(
        runtime: &Runtime,
        subject: Subject,
        pixit: &Pixit,
        deployment: &mut Deployment,
        tester: SocketAddrV6,
        has_list: bool,
    ) -> Outcome<Self> {
        let _inside = runtime.enter();
        let roles = subject::roles(subject);
        let anchor = deployment.anchor().clone();
        let shown = Shown::new(deployment.node(&format!("conform-{}", subject.name()), roles)?);
        let values = Effective::new(None);
        let parameters = Parameters { idle: pixit.idle, requests: pixit.requests, ..Parameters::of(&values) };
        let mut server = ServerConfig::with_crypto(quic::server_crypto(&shown, &anchor).map_err(wrong)?);
        server.transport_config(parameters.transport(false));
        let mut dialling = ClientConfig::new(quic::client_crypto(&shown, &anchor).map_err(wrong)?);
        dialling.transport_config(parameters.transport(true));
        let (socket, _) = quic::bind(SocketAddrV6::new(Ipv6Addr::LOCALHOST, 0, 0, 0)).map_err(wrong)?;
        let endpoint = quic::endpoint(socket, parameters.mtu, Some(server), None).map_err(wrong)?;
        let SocketAddr::V6(address) = endpoint.local_addr().map_err(wrong)? else { return Err(wrong("it listens on IPv6")) };
        let folder = if subject == Subject::Origin { Some(tempfile::tempdir().map_err(wrong)?) } else { None };
        let store = match &folder {
            Some(folder) => Some(Arc::new(Store::at(folder.path(), Options::default()).map_err(wrong)?.0)),
            None => None,
        };
        let door = Door::new(anchor.clone(), values.certificates(vec![Trusted { issuer: anchor.id(), roles: Roles(0xFF) }]));
        let asked = Asked { name: Name::new(pki::TESTER), roles: Roles::ORIGIN };
        let setup = Setup {
            machine: StoqNode::new(&Arc::new(subject::config(subject, pixit))),
            endpoint,
            dialling: Some(dialling),
            parameters,
            limits: Default::default(),
            connections_max: 256,
            door,
            servers: BTreeMap::from([(TESTER, Address { socket: tester, asked })]),
            disk: Disk(store),
        };
        let metrics = Arc::new(Metrics::default());
        let noting = Arc::clone(&metrics);
        let driver = Driver::start(setup, Some(Box::new(move |fact| noting.note(fact))));
        let management = Management::start((Ipv6Addr::LOCALHOST, 0).into(), &driver, &metrics).map_err(wrong)?;
        if has_list {
            driver.list(deployment.list()?);
        }
        if subject != Subject::Origin {
            driver.input(Input::Servers(Box::new([subject::above()])));
        }
        let (offers, jobs, management) = (Arc::default(), BTreeMap::new(), Arc::new(management));
        Ok(Self { address, driver, offers, jobs, management, _store: folder })
    }

    pub(super) fn stop(self, runtime: &Runtime) {
        let driver = self.driver.clone();
        self.management.stop();
        // Nobody waits for the last packets; the tester has closed its connections.
        runtime.spawn(async move { driver.stop().await });
    }

    pub(super) fn list(&self, list: RevocationList) {
        self.driver.list(list);
    }

    pub(super) fn offer(&self, contents: &BTreeMap<ContentId, Arc<[u8]>>) {
        let mut offers = self.offers.0.lock().unwrap_or_else(PoisonError::into_inner);
        offers.extend(contents.iter().map(|(id, bytes)| (*id, bytes.clone())));
    }

    /// Gives the node a job; the first command begins it, others are of it.
    pub(super) fn command(&mut self, runtime: &Runtime, job: JobId, command: Command) {
        if let Some((number, _)) = self.jobs.get(&job) {
            return self.driver.tell(*number, command);
        }
        let (number, mut told) = self.driver.job(command, Some(self.offers.clone()));
        let heard: Arc<Mutex<Heard>> = Arc::default();
        self.jobs.insert(job, (number, heard.clone()));
        let driver = self.driver.clone();
        runtime.spawn(async move {
            while let Some(told) = told.recv().await {
                let mut heard = heard.lock().unwrap_or_else(PoisonError::into_inner);
                let offset = match told {
                    Told::Piece { piece, stored } => {
                        let offset = piece.offset + u64::from(piece.skip);
                        heard.got.insert(offset, piece.of(&stored).to_vec());
                        offset
                    }
                    Told::Copy { piece, from } => {
                        let offset = piece.offset + u64::from(piece.skip);
                        let bytes = read_back(&heard.got, from, piece.take as usize);
                        heard.got.insert(offset, bytes);
                        offset
                    }
                    Told::Root { .. } => continue,
                    told => {
                        heard.last = Some(told);
                        continue;
                    }
                };
                driver.tell(number, Command::Taken { offset });
            }
        });
    }

    pub(super) fn told(&self, job: JobId) -> Option<Told> {
        self.jobs.get(&job)?.1.lock().unwrap_or_else(PoisonError::into_inner).last.clone()
    }

    pub(super) fn got(&self, job: JobId) -> Vec<u8> {
        let heard = self.jobs.get(&job).map(|(_, heard)| heard.lock().unwrap_or_else(PoisonError::into_inner));
        heard.map(|heard| heard.got.values().flatten().copied().collect()).unwrap_or_default()
    }

    /// Where it tells of itself.
    pub(super) fn management(&self) -> SocketAddr {
        self.management.address
    }

    pub(super) fn leave(&self, runtime: &Runtime) {
        self.driver.input(Input::Leave);
        let (driver, management) = (self.driver.clone(), Arc::clone(&self.management));
        runtime.spawn(async move {
            driver.left().await;
            management.stop();
        });
    }
}

/// Bytes that an application got before.
fn read_back(got: &BTreeMap<u64, Vec<u8>>, from: u64, len: usize) -> Vec<u8> {
    let whole: BTreeMap<u64, u8> =
        got.iter().flat_map(|(start, bytes)| bytes.iter().enumerate().map(move |(at, byte)| (start + at as u64, *byte))).collect();
    (from..from + len as u64).filter_map(|at| whole.get(&at).copied()).collect()
}
