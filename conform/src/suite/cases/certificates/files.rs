//! R-13-01, R-13-18, R-13-22, R-13-25 and R-13-27: what certificates and lists look like in octets. The reference implementation reads and writes them.

use crate::suite::case::Case;
use crate::suite::case::Polarity::{self, Boundary, Invalid, Valid};
use crate::suite::verdict::{Miss, Outcome, ensure};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::certs::{Presented, RevocationList, Serial};
use hypermesh_core::stoq::session::Roles;
use hypermesh_real::pki::{Anchor, Authority, PkiError, now, read_list, sign_list};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ED25519, SanType, SerialNumber};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// The cases of these requirements.
pub(super) fn cases() -> Vec<Case> {
    [holders(), serials(), keys(), lists(), uses()].concat()
}

fn wrong(error: impl std::fmt::Display) -> Miss {
    Miss::Error(format!("certificates: {error}"))
}

/// An issuer with its anchor.
struct Office {
    issuer: Issuer<'static, KeyPair>,
    anchor: Anchor,
}

impl Office {
    fn new() -> Outcome<Self> {
        let key = KeyPair::generate_for(&PKCS_ED25519).map_err(wrong)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "an issuer");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let certificate = params.self_signed(&key).map_err(wrong)?;
        let anchor = Anchor::new(certificate.der().clone()).map_err(wrong)?;
        Ok(Self { issuer: Issuer::new(params, key), anchor })
    }

    /// The octets of a certificate of this key, good but for a change.
    fn certificate(&self, key: &KeyPair, change: impl FnOnce(&mut CertificateParams) -> Outcome) -> Outcome<CertificateDer<'static>> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "edge-1");
        params.subject_alt_names = vec![uri("stoq://edge-1?roles=edge")?];
        params.serial_number = Some(7_u64.into());
        change(&mut params)?;
        Ok(params.signed_by(key, &self.issuer).map_err(wrong)?.der().clone())
    }
}

fn uri(text: &str) -> Outcome<SanType> {
    Ok(SanType::URI(text.try_into().map_err(wrong)?))
}

/// What a certificate with a change is read as.
fn read(change: impl FnOnce(&mut CertificateParams) -> Outcome) -> Outcome<Result<Presented, PkiError>> {
    let office = Office::new()?;
    let key = KeyPair::generate_for(&PKCS_ED25519).map_err(wrong)?;
    let certificate = office.certificate(&key, change)?;
    Ok(office.anchor.presented(&[certificate]))
}

/// R-13-01: the holder in one URI.
fn holders() -> Vec<Case> {
    let named = |text: &str, polarity: Polarity, name: String, words: &'static str, roles: Roles| {
        Case::function(text, polarity, move || {
            let found = read(|params| {
                params.subject_alt_names = vec![uri(&format!("stoq://{name}?roles={words}"))?];
                Ok(())
            })?;
            let right = found.as_ref().is_ok_and(|shown| shown.certificate.name.as_str() == name && shown.certificate.roles == roles);
            ensure(right, || format!("{name} with {words} is read as {:?}", found.map(|shown| shown.certificate)))
        })
    };
    let refused = |text: &str, names: fn() -> Outcome<Vec<SanType>>| {
        Case::function(text, Invalid, move || {
            let found = read(|params| {
                params.subject_alt_names = names()?;
                Ok(())
            })?;
            ensure(found.is_err(), || format!("a certificate of another form is read as {:?}", found.map(|shown| shown.certificate)))
        })
    };
    vec![
        named("R-13-01/one-role", Valid, "edge-1".into(), "edge", Roles::EDGE),
        named(
            "R-13-01/several-roles",
            Valid,
            "edge-1".into(),
            "client,edge,publisher",
            Roles::CLIENT.with(Roles::EDGE).with(Roles::PUBLISHER),
        ),
        named("R-13-01/a-name-of-one-octet", Boundary, "e".into(), "origin", Roles::ORIGIN),
        named("R-13-01/a-name-of-1024-octets", Boundary, "e".repeat(1_024), "origin", Roles::ORIGIN),
        refused("R-13-01/a-name-of-1025-octets", || Ok(vec![uri(&format!("stoq://{}?roles=edge", "e".repeat(1_025)))?])),
        refused("R-13-01/no-alternative-name", || Ok(Vec::new())),
        refused("R-13-01/two-alternative-names", || Ok(vec![uri("stoq://edge-1?roles=edge")?, uri("stoq://edge-2?roles=edge")?])),
        refused("R-13-01/a-name-of-another-type", || Ok(vec![SanType::DnsName("edge-1".try_into().map_err(wrong)?)])),
        refused("R-13-01/another-scheme", || Ok(vec![uri("https://edge-1?roles=edge")?])),
        refused("R-13-01/an-unknown-role", || Ok(vec![uri("stoq://edge-1?roles=edge,king")?])),
    ]
}

/// R-13-18: serial numbers.
fn serials() -> Vec<Case> {
    let numbered = |text: &str, polarity, octets: &'static [u8], wanted: Option<u64>| {
        Case::function(text, polarity, move || {
            let found = read(|params| {
                params.serial_number = Some(SerialNumber::from(octets.to_vec()));
                Ok(())
            })?;
            let found = found.ok().map(|shown| shown.certificate.serial.0);
            ensure(found == wanted, || format!("the serial number {octets:02x?} is read as {found:?}"))
        })
    };
    vec![
        numbered("R-13-18/one-octet", Valid, &[0x7f], Some(0x7f)),
        numbered("R-13-18/eight-octets", Valid, &[0x7f, 0, 0, 0, 0, 0, 0, 1], Some(0x7f00_0000_0000_0001)),
        numbered("R-13-18/one", Boundary, &[1], Some(1)),
        numbered("R-13-18/the-greatest", Boundary, &[0xff; 8], Some(u64::MAX)),
        numbered("R-13-18/zero", Boundary, &[0], None),
        numbered("R-13-18/one-above-the-greatest", Boundary, &[1, 0, 0, 0, 0, 0, 0, 0, 0], None),
        numbered("R-13-18/nine-octets", Invalid, &[0x55; 9], None),
        numbered("R-13-18/twenty-octets", Invalid, &[0x55; 20], None),
    ]
}

/// The head of the SubjectPublicKeyInfo of an Ed25519 key (RFC 8410): the key of 32 octets follows.
const ED25519: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// R-13-25: ids of keys.
fn keys() -> Vec<Case> {
    let ids = |serial: u64, office: &Office, key: &KeyPair| -> Outcome<(CertificateDer<'static>, [u8; 32])> {
        let certificate = office.certificate(key, |params| {
            params.serial_number = Some(serial.into());
            Ok(())
        })?;
        let shown = office.anchor.presented(std::slice::from_ref(&certificate)).map_err(wrong)?;
        Ok((certificate, shown.key.0))
    };
    vec![
        Case::function("R-13-25/the-id-of-an-ed25519-key", Valid, move || {
            let (office, key) = (Office::new()?, KeyPair::generate_for(&PKCS_ED25519).map_err(wrong)?);
            let (certificate, id) = ids(1, &office, &key)?;
            let at = certificate.windows(ED25519.len()).position(|window| window == ED25519);
            let spki = at.and_then(|at| certificate.get(at..at + 44)).ok_or_else(|| wrong("no key stands in the certificate"))?;
            let right = blake3::derive_key("HyperMesh STOQ 2026-11-22 key v1", spki);
            ensure(id == right, || format!("the id of {spki:02x?} is {id:02x?} and not {right:02x?}"))
        }),
        Case::function("R-13-25/two-certificates-of-one-key", Invalid, move || {
            let (office, key) = (Office::new()?, KeyPair::generate_for(&PKCS_ED25519).map_err(wrong)?);
            let (one, other) = (ids(1, &office, &key)?.1, ids(2, &office, &key)?.1);
            ensure(one == other, || "one key has two ids".into())
        }),
        Case::function("R-13-25/two-keys", Boundary, move || {
            let office = Office::new()?;
            let key = || KeyPair::generate_for(&PKCS_ED25519).map_err(wrong);
            let (one, other) = (ids(1, &office, &key()?)?.1, ids(1, &office, &key()?)?.1);
            ensure(one != other, || "two keys have one id".into())
        }),
    ]
}

/// R-13-22: lists as files.
fn lists() -> Vec<Case> {
    let changed = |text: &str, polarity, change: fn(&mut Vec<u8>), good: bool| {
        Case::function(text, polarity, move || {
            let office = Office::new()?;
            let serials = vec![Serial(3), Serial(9)];
            let list = RevocationList { issuer: office.anchor.id(), sequence: 4, made: now(), serials };
            let mut octets = sign_list(&list, office.issuer.key()).map_err(wrong)?;
            change(&mut octets);
            let found = read_list(&octets, &office.anchor);
            let right = if good { found.as_ref() == Some(&list) } else { found.is_none() };
            ensure(right, || format!("a file of a list is read as {found:?}"))
        })
    };
    vec![
        changed("R-13-22/a-list-with-its-signature", Valid, |_| {}, true),
        changed("R-13-22/a-bit-of-a-serial", Invalid, |octets| octets[60] ^= 1, false),
        changed("R-13-22/a-bit-of-the-signature", Invalid, |octets| *octets.last_mut().expect("a list has octets") ^= 1, false),
        changed("R-13-22/no-signature", Invalid, |octets| octets.truncate(octets.len() - 64), false),
        changed("R-13-22/an-octet-too-many", Boundary, |octets| octets.push(0), false),
        Case::function("R-13-22/a-list-signed-by-another-issuer", Invalid, || {
            let (office, other) = (Office::new()?, Office::new()?);
            let list = RevocationList { issuer: office.anchor.id(), sequence: 4, made: now(), serials: Vec::new() };
            let octets = sign_list(&list, other.issuer.key()).map_err(wrong)?;
            let found = read_list(&octets, &office.anchor);
            ensure(found.is_none(), || "a list that another issuer signed was taken".into())
        }),
    ]
}

/// R-13-27: what an issuer gives to holders.
fn uses() -> Vec<Case> {
    let issued = |text: &str, polarity, roles: Roles| {
        Case::function(text, polarity, move || {
            let folder = tempfile::tempdir().map_err(wrong)?;
            let mut authority = Authority::create(folder.path()).map_err(wrong)?;
            let issued = authority.issue("holder", roles, Span::secs(3_600)).map_err(wrong)?;
            let certificate = CertificateDer::from_pem_slice(issued.certificate.as_bytes()).map_err(wrong)?;
            let has = |octets: &[u8]| certificate.windows(octets.len()).any(|window| window == octets);
            // The version is 3; key usage (2.5.29.15) is critical and has the bit of digitalSignature alone, in a bit string of one octet.
            let version = has(&[0xa0, 0x03, 0x02, 0x01, 0x02]);
            let signs = has(&[0x55, 0x1d, 0x0f, 0x01, 0x01, 0xff, 0x04, 0x04, 0x03, 0x02, 0x07, 0x80]);
            let purpose = |last: u8| has(&[0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, last]);
            ensure(version && signs && purpose(1) && purpose(2), || {
                format!("version 3: {version}, digitalSignature alone: {signs}, server: {}, client: {}", purpose(1), purpose(2))
            })
        })
    };
    vec![
        issued("R-13-27/an-edge", Valid, Roles::EDGE.with(Roles::CLIENT)),
        issued("R-13-27/a-client-alone", Boundary, Roles::CLIENT),
        issued("R-13-27/an-origin-signs-no-certificates", Invalid, Roles::ORIGIN),
    ]
}
