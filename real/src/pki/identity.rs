//! What TLS needs: one's own certificate and key, and the key that others' certificates have to be signed by.

use super::{PkiError, key_id, parse, read};
use hypermesh_core::stoq::certs::{IssuerId, Presented};
use rustls::SignatureScheme;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, TrustAnchor, UnixTime};
use rustls::sign::CertifiedKey;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use webpki::{EndEntityCert, anchor_from_trusted_cert, ring};

/// Algorithms of signatures that are checked. Which of them count is the policy's to say.
pub(crate) static ALGORITHMS: &[&dyn rustls::pki_types::SignatureVerificationAlgorithm] = &[ring::ED25519, ring::ECDSA_P256_SHA256];

/// How often a pair that does not fit is looked at again, and after how long.
const REPLACED_LOOKS: u32 = 20;
const REPLACED_WAIT: Duration = Duration::from_millis(10);

/// A node's own certificate and key.
#[derive(Clone, Debug)]
pub struct Identity {
    /// For handshakes.
    pub key: Arc<CertifiedKey>,
    /// What the certificate says.
    pub presented: Presented,
}

impl Identity {
    /// Reads a chain and its key from PEM files, and waits a little if the two are being replaced: they do not fit for a moment then.
    pub fn load(chain: &Path, key: &Path, anchor: &Anchor) -> Result<Self, PkiError> {
        for _ in 0..REPLACED_LOOKS {
            match Self::look(chain, key, anchor) {
                Err(PkiError::Tls(rustls::Error::InconsistentKeys(_))) => std::thread::sleep(REPLACED_WAIT),
                looked => return looked,
            }
        }
        Self::look(chain, key, anchor)
    }

    /// Reads a chain and its key from PEM files. The key has to be that of the certificate, and the certificate one of the anchor.
    pub fn look(chain: &Path, key: &Path, anchor: &Anchor) -> Result<Self, PkiError> {
        let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(&read(chain)?).filter_map(Result::ok).collect();
        if certificates.is_empty() {
            return Err(PkiError::Content { path: chain.to_owned(), what: "a certificate in PEM" });
        }
        let private = PrivateKeyDer::from_pem_slice(&read(key)?);
        let private = private.map_err(|_| PkiError::Content { path: key.to_owned(), what: "a private key in PEM" })?;
        Self::new(certificates, &private, anchor)
    }

    /// The same from values.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: &PrivateKeyDer<'_>, anchor: &Anchor) -> Result<Self, PkiError> {
        let presented = anchor.presented(&chain)?;
        let signing = rustls::crypto::ring::sign::any_supported_type(key)?;
        let certified = CertifiedKey::new(chain, signing);
        certified.keys_match()?;
        Ok(Self { key: Arc::new(certified), presented })
    }
}

/// The key that certificates have to be signed by.
#[derive(Clone, Debug)]
pub struct Anchor {
    certificate: CertificateDer<'static>,
    anchor: TrustAnchor<'static>,
    id: IssuerId,
}

impl Anchor {
    /// Reads the certificate of an authority from a PEM file.
    pub fn load(path: &Path) -> Result<Self, PkiError> {
        let certificate = CertificateDer::from_pem_slice(&read(path)?);
        Self::new(certificate.map_err(|_| PkiError::Content { path: path.to_owned(), what: "a certificate in PEM" })?)
    }

    /// The same from a value.
    pub fn new(certificate: CertificateDer<'static>) -> Result<Self, PkiError> {
        let anchor = anchor_from_trusted_cert(&certificate).map_err(|_| PkiError::Form("the form of an authority"))?.to_owned();
        let id = IssuerId(key_id(parse::parsed(&certificate)?.subject_pki.raw));
        Ok(Self { certificate, anchor, id })
    }

    /// The id of its key.
    pub const fn id(&self) -> IssuerId {
        self.id
    }

    /// What a chain says, if its signatures are good and lead here. Nothing is said about now: the time of the check is one at which the first
    /// certificate is valid.
    pub fn presented(&self, chain: &[CertificateDer<'_>]) -> Result<Presented, PkiError> {
        let mut presented = parse::presented(chain, &self.certificate, self.id)?;
        let bad = |_| PkiError::Form("a signature that leads to the authority");
        let certificate = EndEntityCert::try_from(&chain[0]).map_err(bad)?;
        let at = UnixTime::since_unix_epoch(Duration::from_nanos(presented.certificate.not_before.0));
        let path = certificate
            .verify_for_usage(ALGORITHMS, core::slice::from_ref(&self.anchor), &chain[1..], at, webpki::KeyUsage::client_auth(), None, None)
            .map_err(bad)?;
        // The first of those between is the issuer, whose list has to count. Of more than one the rest is not looked at: the path is too long.
        if let Some(middle) = path.intermediate_certificates().next() {
            let (issuer, between) = parse::above(&middle.der(), self.id)?;
            (presented.certificate.issuer, presented.certificate.between) = (issuer, Some(Box::new(between)));
        }
        Ok(presented)
    }

    /// Whether the authority signed this message.
    pub fn signed(&self, scheme: SignatureScheme, message: &[u8], signature: &[u8]) -> bool {
        let algorithm = match scheme {
            SignatureScheme::ED25519 => ring::ED25519,
            SignatureScheme::ECDSA_NISTP256_SHA256 => ring::ECDSA_P256_SHA256,
            _ => return false,
        };
        EndEntityCert::try_from(&self.certificate).is_ok_and(|own| own.verify_signature(algorithm, message, signature).is_ok())
    }
}
