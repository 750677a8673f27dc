//! From DER to the values that are judged.

use super::{PkiError, roles_of};
use hypermesh_core::base::Time;
use hypermesh_core::stoq::certs::{Algorithm, Certificate, IssuerId, KeyId, Presented, Serial};
use hypermesh_core::stoq::session::Roles;
use hypermesh_core::stoq::session::frame::Name;
use hypermesh_core::testing::Breach;
use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// The context under which a key becomes its id: BLAKE3's key derivation over the DER of its SubjectPublicKeyInfo (clause 13).
const KEY_CONTEXT: &str = "HyperMesh STOQ 2026-11-22 key v1";

/// The id of a key.
pub fn key_id(spki: &[u8]) -> [u8; 32] {
    blake3::derive_key(KEY_CONTEXT, spki)
}

pub(super) fn parsed(der: &[u8]) -> Result<X509Certificate<'_>, PkiError> {
    match X509Certificate::from_der(der) {
        Ok(([], certificate)) => Ok(certificate),
        _ => Err(PkiError::Form("the form of X.509")),
    }
}

/// What a peer presents, as far as the chain that its handshake showed tells. TLS has proved the possession of the key; `issuer` is the anchor that
/// its signature was found good under.
pub fn presented(chain: &[CertificateDer<'_>], issuer: IssuerId) -> Result<Presented, PkiError> {
    let Some(first) = chain.first() else { return Err(PkiError::Form("any certificate")) };
    let certificate = parsed(first)?;
    let (name, roles) = holder(&certificate)?;
    let key = KeyId(key_id(if Breach::KeyIdOfCertificate.is_on() { first } else { certificate.subject_pki.raw }));
    let serial = certificate.raw_serial();
    let serial = serial.strip_prefix(&[0]).unwrap_or(serial);
    if (serial.is_empty() || serial.len() > 8) && !Breach::ReuseSerial.is_on() {
        return Err(PkiError::Form("a serial number of 1 to 8 octets"));
    }
    let serial = serial.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    let bytes: usize = chain.iter().map(|certificate| certificate.len()).sum();
    Ok(Presented {
        certificate: Certificate {
            serial: Serial(serial),
            issuer,
            name,
            roles,
            key,
            not_before: moment(certificate.validity().not_before.timestamp()),
            not_after: moment(certificate.validity().not_after.timestamp()),
            algorithm: algorithm(&certificate)?,
            path: (chain.len() - 1).min(255) as u8,
            bytes: bytes.min(usize::from(u16::MAX)) as u16,
        },
        key,
        proof: Box::default(),
    })
}

fn moment(seconds: i64) -> Time {
    Time((seconds.max(0) as u64).saturating_mul(1_000_000_000))
}

fn algorithm(certificate: &X509Certificate<'_>) -> Result<Algorithm, PkiError> {
    use x509_parser::oid_registry::{OID_SIG_ECDSA_WITH_SHA256, OID_SIG_ED25519};
    match &certificate.signature_algorithm.algorithm {
        oid if *oid == OID_SIG_ED25519 => Ok(Algorithm::Ed25519),
        oid if *oid == OID_SIG_ECDSA_WITH_SHA256 => Ok(Algorithm::EcdsaP256),
        _ => Err(PkiError::Form("a signature algorithm that is known")),
    }
}

/// The one URI that names the holder and its roles.
fn holder(certificate: &X509Certificate<'_>) -> Result<(Name, Roles), PkiError> {
    let missing = PkiError::Form("exactly one subject alternative name, a URI of the form stoq://NAME?roles=ROLES");
    let Ok(Some(names)) = certificate.subject_alternative_name() else {
        let common = certificate.subject().iter_common_name().next().and_then(|name| Name::new(name.as_str().ok()?));
        return common.filter(|_| Breach::NameInCommonName.is_on()).map(|name| (name, Roles::CLIENT)).ok_or(missing);
    };
    let [GeneralName::URI(uri)] = names.value.general_names.as_slice() else { return Err(missing) };
    let parts = uri.strip_prefix("stoq://").and_then(|rest| rest.split_once("?roles="));
    let holder = parts.and_then(|(name, roles)| Some((Name::new(name)?, roles_of(roles)?)));
    holder.ok_or(missing)
}
