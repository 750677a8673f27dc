//! From DER to the values that are judged.

use super::{PkiError, roles_of};
use hypermesh_core::base::Time;
use hypermesh_core::stoq::certs::{Algorithm, Between, Certificate, IssuerId, KeyId, Presented, Serial};
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

/// What a peer presents, as far as the chain that its handshake showed tells. TLS has proved the possession of the key; `anchor` is the certificate of the
/// trusted key, which may stand in the chain and is none of those between. That the signatures are good is not looked at here: the issuer is the trusted
/// key, until [`above`] says otherwise.
pub(super) fn presented(chain: &[CertificateDer<'_>], anchor: &CertificateDer<'_>, issuer: IssuerId) -> Result<Presented, PkiError> {
    let Some(first) = chain.first() else { return Err(PkiError::Form("any certificate")) };
    let certificate = parsed(first)?;
    let (name, roles) = holder(&certificate)?;
    let key = KeyId(key_id(if Breach::KeyIdOfCertificate.is_on() { first } else { certificate.subject_pki.raw }));
    let more = chain[1..].iter().filter(|one| *one != anchor).count();
    let bytes: usize = chain.iter().map(|certificate| certificate.len()).sum();
    Ok(Presented {
        certificate: Certificate {
            serial: serial(&certificate)?,
            issuer,
            name,
            roles,
            key,
            not_before: moment(certificate.validity().not_before.timestamp()),
            not_after: moment(certificate.validity().not_after.timestamp()),
            algorithm: algorithm(&certificate)?,
            key_algorithm: key_algorithm(&certificate)?,
            between: None,
            path: more.min(255) as u8,
            bytes: bytes.min(usize::from(u16::MAX)) as u16,
        },
        key,
        proof: Box::default(),
    })
}

/// The id of the key of the certificate between a holder's and the trusted key, and what it says.
pub(super) fn above(der: &[u8], anchor: IssuerId) -> Result<(IssuerId, Between), PkiError> {
    let certificate = parsed(der)?;
    let (not_before, not_after) = (certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp());
    let between = Between { anchor, serial: serial(&certificate)?, not_before: moment(not_before), not_after: moment(not_after) };
    Ok((IssuerId(key_id(certificate.subject_pki.raw)), between))
}

fn serial(certificate: &X509Certificate<'_>) -> Result<Serial, PkiError> {
    let serial = certificate.raw_serial();
    let serial = serial.strip_prefix(&[0]).unwrap_or(serial);
    if (serial.is_empty() || serial.len() > 8) && !Breach::ReuseSerial.is_on() {
        return Err(PkiError::Form("a serial number of 1 to 8 octets"));
    }
    Ok(Serial(serial.iter().fold(0, |number, byte| number << 8 | u64::from(*byte))))
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

/// What the holder's key is of (the last column of the table of R-13-15).
fn key_algorithm(certificate: &X509Certificate<'_>) -> Result<Algorithm, PkiError> {
    use x509_parser::oid_registry::{OID_EC_P256, OID_KEY_TYPE_EC_PUBLIC_KEY, OID_SIG_ED25519};
    let kind = &certificate.subject_pki.algorithm;
    let curve = kind.parameters.as_ref().and_then(|any| any.as_oid().ok());
    if kind.algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY && curve == Some(OID_EC_P256) {
        return Ok(Algorithm::EcdsaP256);
    }
    if kind.algorithm == OID_SIG_ED25519 || Breach::AcceptAnyAlgorithm.is_on() {
        return Ok(Algorithm::Ed25519);
    }
    Err(PkiError::Form("a key of an algorithm that is known"))
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
