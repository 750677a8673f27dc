//! What a case can do on sockets alone: certificates, handshakes, paths, and how an implementation is started.

use super::iut::Local;
use super::path::Path;
use super::{QuicPort, duration, failed, pki};
use crate::suite::case::Subject;
use crate::suite::port::{BadCertificate, Hello, Identity, Line, Network, Pixit, Welcome};
use crate::suite::verdict::{Miss, Outcome};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::session::Side;
use rustls::pki_types::CertificateDer;
use std::net::{SocketAddr, SocketAddrV6};
use std::sync::atomic::Ordering;

impl Network for QuicPort {
    fn address(&self) -> Outcome<SocketAddrV6> {
        self.reached()
    }

    fn start_with(&mut self, subject: Subject, pixit: &Pixit) -> Outcome {
        let started = self.start_set(subject, *pixit, true)?;
        started.ok_or_else(|| Miss::Inconclusive("it has to be set otherwise for this, which needs an upper tester".into()))
    }

    fn start_before(&mut self, subject: Subject, welcome: &Welcome) -> Outcome {
        self.receive(welcome)?;
        let started = self.start_set(subject, self.pixit, true)?;
        started.ok_or_else(|| Miss::Inconclusive("it has to connect with the tester, which an upper tester tells it".into()))
    }

    fn start_without_list(&mut self, subject: Subject) -> Outcome {
        let started = self.start_set(subject, self.pixit, false)?;
        started.ok_or_else(|| Miss::Inconclusive("how it comes to a list is not the tester's to say".into()))
    }

    fn dialled(&mut self, within: Span) -> Outcome<Option<Result<Line, String>>> {
        let start = self.starts.load(Ordering::Acquire);
        let came = &mut self.came;
        let current = async {
            loop {
                match came.recv().await {
                    Some((began, _)) if began < start => {}
                    other => return other,
                }
            }
        };
        match self.own.block_on(async { tokio::time::timeout(duration(within), current).await }) {
            Ok(Some((_, Ok(connection)))) => self.begin(connection, Side::Server).map(|line| Some(Ok(line))),
            Ok(Some((_, Err(why)))) => Ok(Some(Err(why))),
            Ok(None) => Err(Miss::Error("the tester's endpoint is closed".into())),
            Err(_) => Ok(None),
        }
    }

    fn shown(&self, line: Line) -> Outcome<Vec<Vec<u8>>> {
        let tasks = self.lines.get(&line).ok_or_else(|| Miss::Error("an unknown connection".into()))?;
        let chain = tasks.connection.peer_identity().and_then(|any| any.downcast::<Vec<CertificateDer<'static>>>().ok());
        Ok(chain.into_iter().flat_map(|chain| *chain).map(|certificate| certificate.to_vec()).collect())
    }

    fn management(&self) -> Option<SocketAddr> {
        let told = self.upper.as_ref().and_then(|upper| upper.management).or(self.pixit.management);
        self.local.as_ref().map(Local::management).or(told)
    }

    fn revoke(&mut self) -> Outcome {
        self.deployment.revoke()
    }

    fn handshake(&mut self, hello: &Hello) -> Outcome<Result<Line, String>> {
        let mut address = self.reached()?;
        let shown = match hello.identity {
            Identity::Anonymous => None,
            other => Some(self.deployment.identity(other)?),
        };
        if hello.identity == Identity::Bad(BadCertificate::Revoked)
            && let Some(local) = &self.local
        {
            local.list(self.deployment.list()?);
        }
        if let Some((octets, packets)) = hello.path {
            let path = Path::lay(address, octets, packets, duration(hello.held)).map_err(failed("a path"))?;
            address = path.address;
            self.path = Some(path);
        }
        let config = pki::client(shown.as_ref(), hello)?;
        let connecting = {
            let _inside = self.own.enter();
            self.endpoint.connect_with(config, address.into(), "stoq.invalid").map_err(|error| Miss::Error(error.to_string()))?
        };
        let patience = duration(self.pixit.patience) * 2;
        match self.own.block_on(async { tokio::time::timeout(patience, connecting).await }) {
            Ok(Ok(connection)) => self.begin(connection, Side::Client).map(Ok),
            Ok(Err(error)) => Ok(Err(error.to_string())),
            Err(_) => Ok(Err("it did not end".to_owned())),
        }
    }

    fn carried(&self) -> (usize, usize) {
        self.path.as_ref().map(Path::carried).unwrap_or_default()
    }

    fn datagram_max(&self, line: Line) -> Option<usize> {
        self.lines.get(&line)?.connection.max_datagram_size()
    }

    fn push(&mut self, line: Line, octets: usize) -> Outcome<usize> {
        let hush = duration(self.pixit.hush);
        self.line(line)?;
        Ok(self.lines[&line].push(&self.own, octets, hush))
    }
}
