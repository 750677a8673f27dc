//! Certificates of a deployment: good ones, and those that have to be refused.

use crate::suite::port::{BadCertificate, Hello, Identity, OddCertificate};
use crate::suite::verdict::{Miss, Outcome};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::certs::RevocationList;
use hypermesh_core::stoq::session::Roles;
use hypermesh_real::pki::{Anchor, Authority, now, words_of};
use quinn::ClientConfig;
use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_ECDSA_P384_SHA384, PKCS_ED25519, SanType, SerialNumber,
};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{DigitallySignedStruct, DistinguishedName, SignatureScheme};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use time::OffsetDateTime;

/// A chain and its key.
pub(super) type Shown = Arc<CertifiedKey>;

/// The life of a good certificate.
const LIFE: Span = Span::secs(24 * 3600);

/// Whom the tester's certificates name: who an implementation that connects with the tester has to mean to reach.
pub(super) const TESTER: &str = "conform-tester";

/// A key of RSA with 2,048 bits, which is nobody's secret: the provider of the tester makes none.
const RSA: &str = include_str!("rsa.pem");

/// Whom a certificate names that a case revokes.
const NOT_YET_REVOKED: &str = "conform-not-yet-revoked";

/// The authority of a deployment, and what was issued from it.
#[derive(Debug)]
pub struct Deployment {
    folder: PathBuf,
    anchor: Arc<Anchor>,
    made: BTreeMap<Identity, Shown>,
    given: BTreeSet<String>,
}

fn wrong(error: impl std::fmt::Display) -> Miss {
    Miss::Error(format!("certificates: {error}"))
}

impl Deployment {
    /// The deployment of a folder, which is made if it is not there.
    pub(super) fn open(folder: &Path) -> Outcome<Self> {
        if !folder.join("ca.pem").exists() {
            Authority::create(folder).map_err(wrong)?;
        }
        let anchor = Anchor::load(&folder.join("ca.pem")).map_err(wrong)?;
        Ok(Self { folder: folder.to_owned(), anchor: Arc::new(anchor), made: BTreeMap::new(), given: BTreeSet::new() })
    }

    pub(super) const fn anchor(&self) -> &Arc<Anchor> {
        &self.anchor
    }

    /// A list of revocations that counts.
    pub(super) fn list(&self) -> Outcome<RevocationList> {
        Authority::open(&self.folder).map_err(wrong)?.publish().map_err(wrong)
    }

    /// The chain and key that an identity shows.
    pub(super) fn identity(&mut self, identity: Identity) -> Outcome<Shown> {
        if let Some(made) = self.made.get(&identity) {
            return Ok(made.clone());
        }
        let made = match identity {
            Identity::Certified(roles) => self.good(roles, TESTER)?,
            Identity::Odd(OddCertificate::P256) => self.holder(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256), |_| {})?,
            // It may be over before it is shown again.
            Identity::Odd(OddCertificate::Life(life)) => return self.living(life),
            Identity::Bad(BadCertificate::NextName) => self.good(Roles::ORIGIN, "conform-testes")?,
            Identity::Bad(BadCertificate::OtherName) => self.good(Roles::ORIGIN, "conform-origin")?,
            Identity::Bad(BadCertificate::Revoked) => {
                let shown = self.good(super::super::tester::ROLES, "conform-revoked")?;
                Authority::open(&self.folder).map_err(wrong)?.revoke("conform-revoked").map_err(wrong)?;
                shown
            }
            Identity::Bad(BadCertificate::NotYetRevoked) => self.good(super::super::tester::ROLES, NOT_YET_REVOKED)?,
            Identity::Bad(what) => self.bad(what)?,
            Identity::Anonymous => return Err(Miss::Error("nobody has no certificate".into())),
        };
        self.made.insert(identity, made.clone());
        Ok(made)
    }

    /// Takes back what [`BadCertificate::NotYetRevoked`] shows: it is what [`BadCertificate::Revoked`] shows from now on.
    pub(super) fn revoke(&mut self) -> Outcome {
        let shown = self.made.remove(&Identity::Bad(BadCertificate::NotYetRevoked)).ok_or_else(|| wrong("nothing was shown yet"))?;
        self.made.insert(Identity::Bad(BadCertificate::Revoked), shown);
        Authority::open(&self.folder).map_err(wrong)?.revoke(NOT_YET_REVOKED).map_err(wrong).map(drop)
    }

    /// The identity of a node under test, in files that the driver's own code reads.
    pub(super) fn node(&self, name: &str, roles: Roles) -> Outcome<hypermesh_real::pki::Identity> {
        let (chain, key) = (self.folder.join(format!("{name}.pem")), self.folder.join(format!("{name}.key")));
        if !chain.exists() {
            Authority::open(&self.folder).map_err(wrong)?.issue_to_files(name, roles, LIFE).map_err(wrong)?;
        }
        hypermesh_real::pki::Identity::load(&chain, &key, &self.anchor).map_err(wrong)
    }

    /// A chain and a key for a node that reads them by itself, made anew once a campaign.
    pub(super) fn files(&mut self, name: &str, roles: Roles) -> Outcome<(PathBuf, PathBuf)> {
        let folder = std::path::absolute(&self.folder).map_err(wrong)?;
        if self.given.insert(name.to_owned()) {
            Authority::open(&self.folder).map_err(wrong)?.issue_to_files(name, roles, LIFE).map_err(wrong)?;
        }
        Ok((folder.join(format!("{name}.pem")), folder.join(format!("{name}.key"))))
    }

    fn good(&self, roles: Roles, name: &str) -> Outcome<Shown> {
        let issued = Authority::open(&self.folder).map_err(wrong)?.issue(name, roles, LIFE).map_err(wrong)?;
        let chain = vec![CertificateDer::from_pem_slice(issued.certificate.as_bytes()).map_err(wrong)?];
        certified(chain, &issued.key)
    }

    /// A certificate that breaks one rule of clause 13 and no other.
    fn bad(&self, what: BadCertificate) -> Outcome<Shown> {
        let (at, hour) = (now(), Span::secs(3600));
        let key = match what {
            BadCertificate::P384 => KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384),
            BadCertificate::Rsa => KeyPair::from_pem(RSA),
            _ => KeyPair::generate_for(&PKCS_ED25519),
        };
        match what {
            BadCertificate::Stranger | BadCertificate::LongChain => {
                self.of_another(&key.map_err(wrong)?, what == BadCertificate::LongChain)
            }
            BadCertificate::NoList => self.below_another(&key.map_err(wrong)?),
            _ => self.holder(key, |params| match what {
                BadCertificate::Expired => (params.not_before, params.not_after) = (date(back(at, hour)), date(back(at, Span::secs(60)))),
                BadCertificate::Future => (params.not_before, params.not_after) = (date(at + hour), date(at + hour + hour)),
                BadCertificate::LongLife => params.not_after = date(at + Span::secs(8 * 24 * 3600)),
                BadCertificate::NoUri => params.subject_alt_names = Vec::new(),
                BadCertificate::ZeroSerial => params.serial_number = Some(SerialNumber::from(vec![0])),
                _ => {}
            }),
        }
    }

    /// A certificate of just this life.
    fn living(&self, life: Span) -> Outcome<Shown> {
        let begin = back(now(), Span::secs(1));
        self.holder(KeyPair::generate_for(&PKCS_ED25519), |params| {
            (params.not_before, params.not_after) = (date(begin), date(begin + life));
        })
    }

    /// A certificate of this key that the deployment's authority signed, as [`plain`] but for a change.
    fn holder(&self, key: Result<KeyPair, rcgen::Error>, change: impl FnOnce(&mut CertificateParams)) -> Outcome<Shown> {
        let (key, mut params) = (key.map_err(wrong)?, plain()?);
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer()?).map_err(wrong)?;
        certified(vec![certificate.der().clone()], &key.serialize_pem())
    }

    /// What the deployment's authority signs with.
    fn issuer(&self) -> Outcome<Issuer<'static, KeyPair>> {
        let pem = std::fs::read_to_string(self.folder.join("ca.key")).map_err(wrong)?;
        let ca = CertificateDer::from_pem_slice(&std::fs::read(self.folder.join("ca.pem")).map_err(wrong)?).map_err(wrong)?;
        Issuer::from_ca_cert_der(&ca, KeyPair::from_pem(&pem).map_err(wrong)?).map_err(wrong)
    }

    /// A certificate of an hour below one that the deployment's authority signed: its issuer never had a list of revocations.
    fn below_another(&self, key: &KeyPair) -> Outcome<Shown> {
        let own = KeyPair::generate_for(&PKCS_ED25519).map_err(wrong)?;
        let mut authority = signing("between");
        authority.serial_number = Some(0x7ffe_0000_u64.into());
        (authority.not_before, authority.not_after) = (date(back(now(), Span::secs(3600))), date(now() + LIFE));
        let between = authority.signed_by(&own, &self.issuer()?).map_err(wrong)?.der().clone();
        let mut params = plain()?;
        params.not_after = date(now() + Span::secs(3600));
        let certificate = params.signed_by(key, &Issuer::new(authority, own)).map_err(wrong)?;
        certified(vec![certificate.der().clone(), between], &key.serialize_pem())
    }

    /// A certificate under an issuer that nobody trusts, perhaps with a chain that is too long.
    fn of_another(&self, key: &KeyPair, long: bool) -> Outcome<Shown> {
        let mut chain = Vec::new();
        let mut above: Option<Issuer<'static, KeyPair>> = None;
        for level in 0..if long { 3 } else { 1 } {
            let own = KeyPair::generate_for(&PKCS_ED25519).map_err(wrong)?;
            let authority = signing(&format!("another {level}"));
            let made = match &above {
                Some(issuer) => authority.signed_by(&own, issuer).map_err(wrong)?,
                None => authority.self_signed(&own).map_err(wrong)?,
            };
            chain.insert(0, made.der().clone());
            above = Some(Issuer::new(authority, own));
        }
        let issuer = above.ok_or_else(|| wrong("no issuer"))?;
        let certificate = plain()?.signed_by(key, &issuer).map_err(wrong)?;
        chain.insert(0, certificate.der().clone());
        certified(chain, &key.serialize_pem())
    }
}

/// An authority.
fn signing(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// A certificate that serves the tester on both sides of a connection.
fn plain() -> Outcome<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, TESTER);
    let uri = format!("stoq://{TESTER}?roles={}", words_of(super::super::tester::ROLES.with(Roles::ORIGIN)));
    params.subject_alt_names = vec![SanType::URI(uri.try_into().map_err(wrong)?)];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    params.serial_number = Some(0x7fff_0000_u64.into());
    (params.not_before, params.not_after) = (date(back(now(), Span::secs(60))), date(now() + LIFE));
    Ok(params)
}

fn back(time: Time, span: Span) -> Time {
    Time(time.0.saturating_sub(span.0))
}

fn date(time: Time) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp((time.0 / 1_000_000_000) as i64).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

fn certified(chain: Vec<CertificateDer<'static>>, pem: &str) -> Outcome<Shown> {
    let private = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(wrong)?;
    let signing = rustls::crypto::ring::sign::any_supported_type(&private).map_err(wrong)?;
    Ok(Arc::new(CertifiedKey::new(chain, signing)))
}

/// TLS of the tester as the side that connects. It accepts whatever it is shown: what a certificate has to be is a case's to say.
pub(super) fn client(shown: Option<&Shown>, hello: &Hello) -> Outcome<ClientConfig> {
    let builder = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(wrong)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody));
    let mut config = match shown {
        Some(shown) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(shown.clone()))),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = hello.tokens.iter().map(|token| token.to_vec()).collect();
    config.resumption = Resumption::disabled();
    config.enable_sni = false;
    let mut client = ClientConfig::new(Arc::new(QuicClientConfig::try_from(config).map_err(wrong)?));
    client.transport_config(super::line::transport(hello.keeps_alive));
    Ok(client)
}

/// TLS of the tester as the side that is connected to, which takes the first of its tokens that is offered. It wants a certificate, and accepts any.
pub(super) fn server(shown: &Shown, tokens: &[&[u8]]) -> Outcome<Arc<QuicServerConfig>> {
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13])
        .map_err(wrong)?
        .with_client_cert_verifier(Arc::new(Anybody))
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown.clone())));
    config.alpn_protocols = tokens.iter().map(|token| token.to_vec()).collect();
    config.send_tls13_tickets = 0;
    QuicServerConfig::try_from(config).map(Arc::new).map_err(wrong)
}

/// Accepts any certificate.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

impl ClientCertVerifier for Anybody {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        ServerCertVerifier::verify_tls12_signature(self, message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        ServerCertVerifier::verify_tls13_signature(self, message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        ServerCertVerifier::supported_verify_schemes(self)
    }
}
