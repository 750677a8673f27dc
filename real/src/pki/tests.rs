//! Certificates and lists, from the authority's folder to what core judges.

use super::{Anchor, Authority, Identity, PkiError, now, read_list, roles_of, words_of};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::certs::{Algorithm, Asked, Lists, Policy, Refusal, Trusted, Unlogged, judge};
use hypermesh_core::stoq::session::Roles;
use hypermesh_core::stoq::session::frame::Name;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_ED25519, SanType, SignatureAlgorithm,
};
use rustls::pki_types::CertificateDer;

fn authority() -> (tempfile::TempDir, Authority) {
    let dir = tempfile::tempdir().expect("a folder");
    let authority = Authority::create(dir.path()).expect("an authority");
    (dir, authority)
}

fn policy(authority: &Authority) -> Policy {
    Policy { trusted: vec![Trusted { issuer: authority.anchor().id(), roles: Roles(63) }], ..Policy::default() }
}

#[test]
fn a_certificate_says_who_and_what_and_core_accepts_it() {
    let (dir, mut authority) = authority();
    authority.issue_to_files("edge-1", Roles::EDGE.with(Roles::CLIENT), Span::secs(3600)).expect("a certificate");
    let anchor = Anchor::load(&dir.path().join("ca.pem")).expect("an anchor");
    let identity = Identity::load(&dir.path().join("edge-1.pem"), &dir.path().join("edge-1.key"), &anchor).expect("an identity");
    let certificate = &identity.presented.certificate;
    assert_eq!((certificate.name.as_str(), certificate.roles), ("edge-1", Roles::EDGE.with(Roles::CLIENT)));
    assert_eq!((certificate.algorithm, certificate.path, certificate.serial.0), (Algorithm::Ed25519, 0, 1));
    let list = read_list(&std::fs::read(dir.path().join("revoked.stoq")).expect("a list"), &anchor).expect("a good signature");
    let policy = policy(&authority);
    let mut lists = Lists::default();
    assert!(lists.take(list, &policy, now()));
    let asked = |name: &str, roles| Asked { name: Name::new(name), roles };
    let judged = |asked: &Asked| judge(&identity.presented, asked, &policy, &lists, &Unlogged, now());
    assert!(judged(&asked("edge-1", Roles::EDGE)).is_ok());
    assert_eq!(judged(&asked("edge-2", Roles::EDGE)), Err(Refusal::WrongName));
    assert_eq!(judged(&asked("edge-1", Roles::ORIGIN)), Err(Refusal::WrongRole));
}

#[test]
fn a_revoked_certificate_is_on_the_list_and_a_list_that_was_touched_counts_for_nothing() {
    let (dir, mut authority) = authority();
    authority.issue_to_files("edge-1", Roles::EDGE, Span::secs(3600)).expect("a certificate");
    authority.issue_to_files("edge-2", Roles::EDGE, Span::secs(3600)).expect("a certificate");
    assert_eq!(authority.revoke("edge-2").expect("it was issued"), 1);
    assert!(matches!(authority.revoke("edge-3"), Err(PkiError::UnknownName(_))));
    let mut bytes = std::fs::read(dir.path().join("revoked.stoq")).expect("a list");
    let list = read_list(&bytes, authority.anchor()).expect("a good signature");
    assert_eq!((list.sequence, list.serials.len(), list.serials[0].0), (2, 1, 2));
    for at in [0, 40, bytes.len() - 1] {
        bytes[at] ^= 1;
        assert!(read_list(&bytes, authority.anchor()).is_none(), "octet {at}");
        bytes[at] ^= 1;
    }
    let (_other, stranger) = self::authority();
    assert!(read_list(&bytes, stranger.anchor()).is_none());
}

#[test]
fn the_certificate_of_a_stranger_and_the_key_of_another_are_refused() {
    let (dir, mut authority) = authority();
    let (_other, stranger) = self::authority();
    for name in ["edge-1", "edge-2"] {
        authority.issue_to_files(name, Roles::EDGE, Span::secs(3600)).expect("a certificate");
    }
    let file = |name: &str| dir.path().join(name);
    assert!(Identity::load(&file("edge-1.pem"), &file("edge-1.key"), stranger.anchor()).is_err());
    assert!(Identity::load(&file("edge-1.pem"), &file("edge-2.key"), authority.anchor()).is_err());
    assert!(matches!(authority.issue("Edge 1", Roles::EDGE, Span::secs(1)), Err(PkiError::BadName(_))));
}

#[test]
fn an_authority_goes_on_where_it_stopped() {
    let (dir, mut authority) = authority();
    authority.issue("edge-1", Roles::EDGE, Span::secs(3600)).expect("a certificate");
    drop(authority);
    let mut again = Authority::open(dir.path()).expect("it is there");
    again.issue("edge-1", Roles::EDGE, Span::secs(3600)).expect("a certificate");
    assert_eq!(again.entries().iter().map(|entry| entry.serial).collect::<Vec<_>>(), [1, 2]);
    assert!(Authority::create(dir.path()).is_err());
}

#[test]
fn roles_are_words_both_ways() {
    let both = Roles::ORIGIN.with(Roles::CLIENT);
    assert_eq!(words_of(both), "client,origin");
    assert_eq!(roles_of("client, origin"), Some(both));
    assert_eq!(roles_of("king"), None);
}

/// The certificate of a trusted key, and what signs with it.
fn trusted() -> (CertificateDer<'static>, Issuer<'static, KeyPair>) {
    let key = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
    let params = signing("trusted", 1);
    let certificate = params.self_signed(&key).expect("a certificate").der().clone();
    (certificate, Issuer::new(params, key))
}

fn signing(name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(serial.into());
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

/// A certificate that this issuer signed for a new key of a holder.
fn holder(issuer: &Issuer<'_, KeyPair>, algorithm: &'static SignatureAlgorithm) -> CertificateDer<'static> {
    let key = KeyPair::generate_for(algorithm).expect("a key");
    let mut params = CertificateParams::default();
    params.serial_number = Some(7_u64.into());
    params.subject_alt_names = vec![SanType::URI("stoq://edge-1?roles=edge".try_into().expect("a URI"))];
    params.signed_by(&key, issuer).expect("a certificate").der().clone()
}

#[test]
fn the_key_of_a_holder_is_of_an_algorithm_that_is_known() {
    let (certificate, issuer) = trusted();
    let anchor = Anchor::new(certificate).expect("an anchor");
    let read = |algorithm| anchor.presented(&[holder(&issuer, algorithm)]).map(|shown| shown.certificate.key_algorithm);
    assert_eq!(read(&PKCS_ED25519).ok(), Some(Algorithm::Ed25519));
    assert_eq!(read(&PKCS_ECDSA_P256_SHA256).ok(), Some(Algorithm::EcdsaP256));
    assert!(matches!(read(&PKCS_ECDSA_P384_SHA384), Err(PkiError::Form(_))), "a trusted key may have signed it, and it is of no use");
}

#[test]
fn the_issuer_below_a_certificate_between_is_that_one_and_the_trusted_one_may_come_along() {
    let (top, issuer) = trusted();
    let anchor = Anchor::new(top.clone()).expect("an anchor");
    let (key, params) = (KeyPair::generate_for(&PKCS_ED25519).expect("a key"), signing("between", 77));
    let middle = params.signed_by(&key, &issuer).expect("a certificate").der().clone();
    let below = holder(&Issuer::new(params, key), &PKCS_ED25519);
    let (alone, direct) = (vec![below.clone(), middle.clone()], holder(&issuer, &PKCS_ED25519));
    let read = |chain: &[CertificateDer<'_>]| anchor.presented(chain).expect("its signatures are good").certificate;
    let certificate = read(&alone);
    let between = certificate.between.as_deref().expect("one stands between");
    assert_eq!((certificate.path, between.anchor, between.serial.0), (1, anchor.id(), 77));
    assert_eq!(certificate.issuer.0, super::key_id(super::parse::parsed(&middle).expect("a certificate").subject_pki.raw));
    let whole = read(&[alone, vec![top.clone()]].concat());
    assert_eq!((whole.path, whole.issuer), (1, certificate.issuer), "the trusted one does not stand between");
    let direct = read(&[direct, top]);
    assert_eq!((direct.path, direct.issuer, direct.between), (0, anchor.id(), None));
}
