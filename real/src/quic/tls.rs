//! TLS 1.3 with certificates on both sides. Signatures are checked here; whether a certificate counts is the guard's to judge after the handshake.
//!
//! Sessions are not resumed: each connection shows its certificates, so that a judgement is never of a certificate that was shown long ago.

use crate::pki::{Anchor, Identity};
use hypermesh_core::stoq::session::version;
use hypermesh_core::testing::Breach;
use quinn::crypto::rustls::{NoInitialCipherSuite, QuicClientConfig, QuicServerConfig};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms, ring, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};
use std::sync::{Arc, PoisonError, RwLock};

/// The certificate that new handshakes show. It can be replaced at any time; connections that are open are not touched.
#[derive(Debug)]
pub struct Shown(RwLock<Identity>);

impl Shown {
    /// Shows this one.
    pub fn new(identity: Identity) -> Arc<Self> {
        Arc::new(Self(RwLock::new(identity)))
    }

    /// Shows this one from now on.
    pub fn replace(&self, identity: Identity) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = identity;
    }

    /// What is shown.
    pub fn current(&self) -> Identity {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current().key)
    }
}

impl ResolvesClientCert for Shown {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(self.current().key)
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// What the side that is connected to does in a handshake.
pub fn server_crypto(shown: &Arc<Shown>, anchor: &Arc<Anchor>) -> Result<Arc<QuicServerConfig>, Error> {
    let mut config = rustls::ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Signatures::new(anchor))
        .with_cert_resolver(shown.clone());
    config.alpn_protocols = tokens();
    config.send_tls13_tickets = 0;
    QuicServerConfig::try_from(config).map(Arc::new).map_err(no_suite)
}

/// What the side that connects does in a handshake.
pub fn client_crypto(shown: &Arc<Shown>, anchor: &Arc<Anchor>) -> Result<Arc<QuicClientConfig>, Error> {
    let mut config = rustls::ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Signatures::new(anchor))
        .with_client_cert_resolver(shown.clone());
    config.alpn_protocols = tokens();
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    QuicClientConfig::try_from(config).map(Arc::new).map_err(no_suite)
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

fn tokens() -> Vec<Vec<u8>> {
    version::tokens().into_iter().map(<[u8]>::to_vec).collect()
}

fn no_suite(_: NoInitialCipherSuite) -> Error {
    Error::General("the provider lacks the cipher suite of QUIC's first packets".to_owned())
}

/// Whether signatures lead to the anchor, and the peer has the key. Names, roles, dates and revocations are not looked at here.
#[derive(Debug)]
struct Signatures {
    anchor: Arc<Anchor>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Signatures {
    fn new(anchor: &Arc<Anchor>) -> Arc<Self> {
        Arc::new(Self { anchor: anchor.clone(), algorithms: ring::default_provider().signature_verification_algorithms })
    }

    fn check(&self, first: &CertificateDer<'_>, more: &[CertificateDer<'_>]) -> Result<(), Error> {
        let chain: Vec<CertificateDer<'_>> = std::iter::once(first).chain(more).map(|one| CertificateDer::from(&**one)).collect();
        let checked = self.anchor.presented(&chain);
        checked.map(|_| ()).map_err(|_| Error::InvalidCertificate(CertificateError::UnknownIssuer))
    }

    fn has_key(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.algorithms)
    }
}

/// TLS 1.2 is not offered, so its signatures never come.
fn never() -> Result<HandshakeSignatureValid, Error> {
    Err(Error::PeerIncompatible(rustls::PeerIncompatible::Tls13RequiredForQuic))
}

impl ServerCertVerifier for Signatures {
    fn verify_server_cert(
        &self,
        first: &CertificateDer<'_>,
        more: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        self.check(first, more).map(|()| ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        never()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.has_key(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Signatures {
    fn client_auth_mandatory(&self) -> bool {
        !Breach::ServeAnonymous.is_on()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        first: &CertificateDer<'_>,
        more: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        self.check(first, more).map(|()| ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        never()
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.has_key(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
