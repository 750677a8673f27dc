//! Certificates and lists, from the authority's folder to what core judges.

use super::{Anchor, Authority, Identity, PkiError, now, read_list, roles_of, words_of};
use hypermesh_core::base::Span;
use hypermesh_core::stoq::certs::{Algorithm, Asked, Lists, Policy, Refusal, Trusted, Unlogged, judge};
use hypermesh_core::stoq::session::Roles;
use hypermesh_core::stoq::session::frame::Name;

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
