//! A small authority: a folder with its key, what it issued, and its list of revocations.
//!
//! ```text
//! ca.pem       its certificate: every node needs it       ca.key         its secret
//! NAME.pem     a certificate, NAME.key its secret         ledger.json    what was issued and taken back
//! revoked.stoq the signed list of revocations             LOCK           locked by whoever uses the authority
//! ```

use super::identity::Anchor;
use super::{PkiError, now, read, replace, sign_list, words_of};
use hypermesh_core::base::{Span, Time};
use hypermesh_core::stoq::certs::{LIST_MAX, RevocationList, Serial};
use hypermesh_core::stoq::session::Roles;
use hypermesh_core::testing::Breach;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ED25519, SanType,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::path::{Path, PathBuf};
use time::OffsetDateTime;

/// How long the authority's own certificate lives. It is replaced by hand, everywhere.
const CA_LIFE: Span = Span::secs(10 * 365 * 24 * 3600);
/// How long before now a certificate begins, for clocks that are behind.
const BACKDATED: Span = Span::secs(1);

/// A certificate that was issued and has not ended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Its number.
    pub serial: u64,
    /// Whom it names.
    pub name: String,
    /// What the holder may be, as words.
    pub roles: String,
    /// When it ends, in nanoseconds since 1970.
    pub not_after: u64,
    /// It was taken back.
    pub revoked: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Ledger {
    next: u64,
    sequence: u64,
    entries: Vec<Entry>,
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
    /// When it ends.
    pub not_after: Time,
}

/// An authority and its folder. One process at a time uses it: another that opens it waits, so that nothing which one takes back is lost to what another
/// renews at the same moment.
#[derive(Debug)]
pub struct Authority {
    dir: PathBuf,
    /// Locked for as long as this value lives.
    _lock: File,
    anchor: Anchor,
    issuer: Issuer<'static, KeyPair>,
    ledger: Ledger,
}

impl Authority {
    /// Makes an authority in a folder, which is made if it is not there. One that is there already stays, and is an error.
    pub fn create(dir: &Path) -> Result<Self, PkiError> {
        let failed = |error| PkiError::File { path: dir.to_owned(), error };
        std::fs::create_dir_all(dir).map_err(failed)?;
        if dir.join("ca.pem").exists() {
            return Err(failed(std::io::ErrorKind::AlreadyExists.into()));
        }
        let key = KeyPair::generate_for(&PKCS_ED25519)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "STOQ deployment");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = (date(now()), date(now() + CA_LIFE));
        let certificate = params.self_signed(&key)?;
        replace(&dir.join("ca.key"), key.serialize_pem().as_bytes(), true)?;
        replace(&dir.join("ledger.json"), b"{\"next\":1,\"sequence\":0,\"entries\":[]}", false)?;
        replace(&dir.join("ca.pem"), certificate.pem().as_bytes(), false)?;
        let mut authority = Self::open(dir)?;
        authority.publish()?;
        Ok(authority)
    }

    /// Opens the authority of a folder. Waits for whoever has it open.
    pub fn open(dir: &Path) -> Result<Self, PkiError> {
        let content = |path: &Path, what| PkiError::Content { path: path.to_owned(), what };
        let (pem, secret, ledger) = (dir.join("ca.pem"), dir.join("ca.key"), dir.join("ledger.json"));
        let anchor = Anchor::load(&pem)?;
        let key = String::from_utf8(read(&secret)?).ok().and_then(|text| KeyPair::from_pem(&text).ok());
        let key = key.ok_or_else(|| content(&secret, "a private key in PEM"))?;
        let certificate = CertificateDer::from_pem_slice(&read(&pem)?).map_err(|_| content(&pem, "a certificate in PEM"))?;
        let issuer = Issuer::from_ca_cert_der(&certificate, key)?;
        let place = dir.join("LOCK");
        let failed = |error| PkiError::File { path: place.clone(), error };
        let lock = File::options().create(true).truncate(false).write(true).open(&place).map_err(failed)?;
        lock.lock().map_err(failed)?;
        let entries = serde_json::from_slice(&read(&ledger)?).map_err(|_| content(&ledger, "a ledger"))?;
        Ok(Self { dir: dir.to_owned(), _lock: lock, anchor, issuer, ledger: entries })
    }

    /// What certificates of this authority are checked with.
    pub const fn anchor(&self) -> &Anchor {
        &self.anchor
    }

    /// What was issued and has not ended.
    pub fn entries(&self) -> &[Entry] {
        &self.ledger.entries
    }

    /// Makes a key and a certificate for a name.
    pub fn issue(&mut self, name: &str, roles: Roles, life: Span) -> Result<Issued, PkiError> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-';
        if name.is_empty() || name.len() > 64 || !name.chars().all(fits) {
            return Err(PkiError::BadName(name.to_owned()));
        }
        let now = now();
        let not_after = whole_seconds(now + life);
        let serial = self.ledger.next;
        self.prune(now);
        self.ledger.next += 1;
        let roles = words_of(roles);
        self.ledger.entries.push(Entry { serial, name: name.to_owned(), roles: roles.clone(), not_after: not_after.0, revoked: false });
        // The number is on the disk before anybody has the certificate, so it is never given twice.
        self.save()?;
        let key = KeyPair::generate_for(&PKCS_ED25519)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.serial_number = Some(serial.into());
        params.subject_alt_names = vec![SanType::URI(format!("stoq://{name}?roles={roles}").try_into()?)];
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        if Breach::IssueForAnyUse.is_on() {
            params.key_usages.push(KeyUsagePurpose::KeyCertSign);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        (params.not_before, params.not_after) = (date(Time(now.0 - BACKDATED.0)), date(not_after));
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Issued { certificate: certificate.pem(), key: key.serialize_pem(), not_after })
    }

    /// Issues a certificate and puts it and its key into the folder, as `NAME.pem` and `NAME.key`. Who reads the two while they change sees a key that
    /// does not fit for a moment, and looks again.
    pub fn issue_to_files(&mut self, name: &str, roles: Roles, life: Span) -> Result<Issued, PkiError> {
        let issued = self.issue(name, roles, life)?;
        replace(&self.dir.join(format!("{name}.key")), issued.key.as_bytes(), true)?;
        replace(&self.dir.join(format!("{name}.pem")), issued.certificate.as_bytes(), false)?;
        Ok(issued)
    }

    /// Takes all certificates of a name back and publishes the list. How many those were.
    pub fn revoke(&mut self, name: &str) -> Result<usize, PkiError> {
        let mut count = 0;
        for entry in self.ledger.entries.iter_mut().filter(|entry| entry.name == name) {
            entry.revoked = true;
            count += 1;
        }
        if count == 0 {
            return Err(PkiError::UnknownName(name.to_owned()));
        }
        self.publish()?;
        Ok(count)
    }

    /// Dates the list anew and signs it. A list counts for a while only, so this is done again and again (R-13-06).
    pub fn publish(&mut self) -> Result<RevocationList, PkiError> {
        let now = now();
        self.prune(now);
        self.ledger.sequence += 1;
        self.save()?;
        let mut serials: Vec<Serial> = self.ledger.entries.iter().filter(|entry| entry.revoked).map(|entry| Serial(entry.serial)).collect();
        serials.sort_unstable();
        serials.truncate(LIST_MAX);
        let list = RevocationList { issuer: self.anchor.id(), sequence: self.ledger.sequence, made: now, serials };
        replace(&self.dir.join("revoked.stoq"), &sign_list(&list, self.issuer.key())?, false)?;
        Ok(list)
    }

    /// Forgets what has ended by every clock that is within an hour of the truth.
    fn prune(&mut self, now: Time) {
        let margin = Span::secs(3600);
        self.ledger.entries.retain(|entry| Time(entry.not_after) + margin > now);
    }

    fn save(&self) -> Result<(), PkiError> {
        let text = serde_json::to_vec_pretty(&self.ledger).expect("a ledger is plain data");
        replace(&self.dir.join("ledger.json"), &text, false)
    }
}

fn whole_seconds(time: Time) -> Time {
    Time(time.0 / 1_000_000_000 * 1_000_000_000)
}

fn date(time: Time) -> OffsetDateTime {
    // Seconds since 1970 as u64 nanoseconds end in 2554, long before the calendar of X.509 does.
    OffsetDateTime::from_unix_timestamp((time.0 / 1_000_000_000) as i64).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}
