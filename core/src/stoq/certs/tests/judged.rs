//! One certificate at one moment: every refusal has its cause.

use super::*;
use crate::base::Wire;
use crate::stoq::session::{Code, Scope};
use proptest::prelude::*;

const NOW: Time = Time(1_000_000_000_000);

/// A certificate that is accepted, under a fresh list.
fn good() -> (Presented, Policy, Lists, Issuer) {
    let policy = policy();
    let mut issuer = issuer(&policy);
    let certificate = issuer.issue(&request(Span::secs(3600)), NOW).expect("it is enrolled");
    let mut lists = Lists::default();
    assert!(lists.take(issuer.list(NOW), &policy, NOW));
    (presented(certificate), policy, lists, issuer)
}

fn verdict(change: impl FnOnce(&mut Presented, &mut Policy, &mut Asked), now: Time) -> Result<Time, Refusal> {
    let (mut presented, mut policy, lists, _) = good();
    let mut asked = edge();
    change(&mut presented, &mut policy, &mut asked);
    judge(&presented, &asked, &policy, &lists, &Unlogged, now)
}

#[test]
fn a_good_certificate_is_accepted_as_long_as_its_list_counts() {
    assert_eq!(verdict(|_, _, _| {}, NOW), Ok(NOW + policy().list_life()));
    let last = NOW + policy().list_life();
    assert!(verdict(|_, _, _| {}, Time(last.0 - 1)).is_ok());
    assert_eq!(verdict(|_, _, _| {}, last), Err(Refusal::StaleList));
}

/// Makes something wrong.
type Change = fn(&mut Presented, &mut Policy, &mut Asked);

#[test]
fn every_flaw_has_its_refusal() {
    let cases: [(Refusal, Change); 11] = [
        (Refusal::UnknownIssuer, |presented, _, _| presented.certificate.issuer = IssuerId([9; 32])),
        (Refusal::UnknownIssuer, |_, policy, _| policy.trusted.clear()),
        (Refusal::Algorithm, |_, policy, _| policy.algorithms = Algorithm::MlDsa44.bit()),
        (Refusal::TooLarge, |presented, policy, _| presented.certificate.path = policy.path_max + 1),
        (Refusal::TooLarge, |presented, policy, _| presented.certificate.bytes = policy.bytes_max + 1),
        (Refusal::Life, |_, policy, _| policy.life_max = Span::secs(3599)),
        (Refusal::Life, |presented, _, _| presented.certificate.not_after = presented.certificate.not_before),
        (Refusal::WrongKey, |presented, _, _| presented.key = KeyId([7; 32])),
        (Refusal::WrongName, |_, _, asked| asked.name = Some(name("edge/2"))),
        (Refusal::WrongRole, |_, _, asked| asked.roles = Roles::ORIGIN),
        (Refusal::WrongRole, |_, policy, _| policy.trusted[0].roles = Roles::CLIENT),
    ];
    for (refusal, change) in cases {
        assert_eq!(verdict(change, NOW), Err(refusal));
    }
    assert!(verdict(|_, _, asked| asked.name = Some(name("edge/1")), NOW).is_ok());
}

/// The list of a trusted key at this moment, on which these numbers stand.
fn list_of(issuer: IssuerId, serials: &[u64]) -> RevocationList {
    RevocationList { issuer, sequence: 1, made: NOW, serials: serials.iter().copied().map(Serial).collect() }
}

#[test]
fn below_a_certificate_between_its_own_issuer_needs_a_list_of_its_own() {
    let middle = IssuerId([5; 32]);
    let judged = |life: u64, revoked: &[u64], change: fn(&mut Certificate)| {
        let (mut presented, policy, ..) = good();
        let hour = Span::secs(3_600);
        let between = Between { anchor: ISSUER, serial: Serial(77), not_before: NOW, not_after: NOW + hour };
        let certificate = &mut presented.certificate;
        (certificate.issuer, certificate.path, certificate.between) = (middle, 1, Some(Box::new(between)));
        certificate.not_after = NOW + Span::secs(life);
        change(certificate);
        let mut lists = Lists::default();
        assert!(lists.take(list_of(ISSUER, revoked), &policy, NOW));
        judge(&presented, &edge(), &policy, &lists, &Unlogged, NOW)
    };
    let list_life = policy().list_life();
    assert_eq!(judged(3_600, &[], |_| {}), Err(Refusal::NoList), "the list of the trusted key is not its issuer's");
    assert_eq!(judged(50, &[], |_| {}), Ok(NOW + list_life), "it is too short-lived to need one");
    assert_eq!(judged(51, &[], |_| {}), Err(Refusal::NoList));
    assert_eq!(judged(40, &[77], |_| {}), Err(Refusal::Revoked), "the certificate between was taken back");
    assert!(judged(40, &[1], |_| {}).is_ok(), "the number is one of another issuer's");
    let ended = |certificate: &mut Certificate| certificate.between.as_mut().expect("one is there").not_after = NOW;
    assert_eq!(judged(40, &[], ended), Err(Refusal::Expired));
    let stranger = |certificate: &mut Certificate| certificate.between.as_mut().expect("one is there").anchor = IssuerId([9; 32]);
    assert_eq!(judged(40, &[], stranger), Err(Refusal::UnknownIssuer));
}

#[test]
fn the_policy_lists_what_a_certificate_is_signed_with_and_what_its_key_is_of() {
    let key = |listed: u8, of: Algorithm| {
        verdict(
            |presented, policy, _| {
                (presented.certificate.key_algorithm, policy.algorithms) = (of, listed);
            },
            NOW,
        )
    };
    let (one, both) = (Algorithm::Ed25519.bit(), Algorithm::Ed25519.bit() | Algorithm::EcdsaP256.bit());
    assert!(key(both, Algorithm::EcdsaP256).is_ok() && key(one, Algorithm::Ed25519).is_ok());
    assert_eq!(key(one, Algorithm::EcdsaP256), Err(Refusal::Algorithm));
    assert_eq!(key(both, Algorithm::MlDsa44), Err(Refusal::Algorithm));
}

#[test]
fn a_certificate_begins_with_mercy_and_ends_without() {
    let error = policy().clock_error;
    let early = |by: u64| verdict(|presented, _, _| presented.certificate.not_before = Time(NOW.0 + by), NOW);
    assert!(early(2 * error.0).is_ok(), "two clocks may be that far apart");
    assert_eq!(early(2 * error.0 + 1), Err(Refusal::NotYet));
    let end = |at: Time| verdict(|presented, _, _| presented.certificate.not_after = at, NOW);
    assert!(end(Time(NOW.0 + 1)).is_ok());
    assert_eq!(end(NOW).map(|_| ()), Err(Refusal::Life), "it would not live at all");
    let ended = verdict(|presented, _, _| presented.certificate.not_before = Time(NOW.0 - 5), NOW + Span::secs(3600));
    assert_eq!(ended, Err(Refusal::Expired));
}

#[test]
fn without_a_list_nobody_is_accepted_but_who_lives_shortly() {
    let (presented, policy, _, mut issuer) = good();
    let judged = |presented: &Presented| judge(presented, &edge(), &policy, &Lists::default(), &Unlogged, NOW);
    assert_eq!(judged(&presented), Err(Refusal::NoList));
    let life = policy.list_life();
    let brief = super::presented(issuer.issue(&request(life), NOW).expect("it is enrolled"));
    assert_eq!(judged(&brief), Ok(NOW + life));
    let longer = super::presented(issuer.issue(&request(life + Span::nanos(1)), NOW).expect("it is enrolled"));
    assert_eq!(judged(&longer), Err(Refusal::NoList));
}

#[test]
fn a_revoked_certificate_is_refused_even_by_an_old_list() {
    let (presented, policy, mut lists, mut issuer) = good();
    assert!(issuer.revoke(presented.certificate.serial, NOW));
    assert!(lists.take(issuer.list(NOW), &policy, NOW));
    for now in [NOW, NOW + policy.revocation_bound] {
        assert_eq!(judge(&presented, &edge(), &policy, &lists, &Unlogged, now), Err(Refusal::Revoked));
    }
}

#[test]
fn lists_only_get_newer() {
    let (_, policy, mut lists, mut issuer) = good();
    let (old, new) = (issuer.list(NOW), issuer.list(NOW + Span::secs(1)));
    assert!(lists.take(new.clone(), &policy, NOW));
    assert!(!lists.take(old, &policy, NOW), "a replay");
    assert!(!lists.take(new, &policy, NOW), "once more");
    let future = issuer.list(NOW + policy.clock_error + policy.clock_error + Span::nanos(1));
    assert!(!lists.take(future, &policy, NOW), "it would count for too long");
    let foreign = RevocationList { issuer: IssuerId([9; 32]), sequence: 9, made: NOW, serials: Vec::new() };
    assert!(!lists.take(foreign, &policy, NOW));
    let back = RevocationList { issuer: ISSUER, sequence: 99, made: NOW, serials: Vec::new() };
    assert!(!lists.take(back, &policy, NOW), "a later number with an earlier date");
}

#[test]
fn a_proof_that_is_missing_or_wrong_is_refused() {
    struct Log(Result<(), ProofFault>);
    impl Transparency for Log {
        fn is_required(&self) -> bool {
            true
        }
        fn check(&self, _: &Certificate, proof: &[u8], _: Time) -> Result<(), ProofFault> {
            assert_eq!(proof, [1, 2, 3]);
            self.0
        }
    }
    let (mut presented, policy, lists, _) = good();
    let judged = |presented: &Presented, log: Log| judge(presented, &edge(), &policy, &lists, &log, NOW).map(|_| ());
    assert_eq!(judged(&presented, Log(Ok(()))), Err(Refusal::NoProof));
    assert_eq!(judge(&presented, &edge(), &policy, &lists, &NoLog, NOW), Err(Refusal::NoProof));
    presented.proof = [1, 2, 3].into();
    assert_eq!(judged(&presented, Log(Ok(()))), Ok(()));
    assert_eq!(judged(&presented, Log(Err(ProofFault::Bad))), Err(Refusal::BadProof));
    assert_eq!(judged(&presented, Log(Err(ProofFault::NoLog))), Err(Refusal::NoLog));
    assert_eq!(judge(&presented, &edge(), &policy, &lists, &NoLog, NOW), Err(Refusal::NoLog), "no logs, no trust");
    presented.proof = vec![0; usize::from(policy.proof_bytes_max) + 1].into();
    assert_eq!(judged(&presented, Log(Ok(()))), Err(Refusal::TooLarge));
}

#[test]
fn an_issuer_gives_only_what_was_enrolled() {
    let policy = policy();
    let mut issuer = issuer(&policy);
    let ask = |issuer: &mut Issuer, change: fn(&mut Request)| {
        let mut request = request(Span::secs(60));
        change(&mut request);
        issuer.issue(&request, NOW).map(|certificate| certificate.serial)
    };
    assert_eq!(ask(&mut issuer, |_| {}), Ok(Serial(1)));
    assert_eq!(ask(&mut issuer, |request| request.name = name("edge/2")), Err(Denial::UnknownName));
    assert_eq!(ask(&mut issuer, |request| request.roles = Roles::ORIGIN), Err(Denial::Role));
    assert_eq!(ask(&mut issuer, |request| request.life = Span::secs(8 * 24 * 3600)), Err(Denial::Life));
    assert_eq!(ask(&mut issuer, |request| request.life = Span::ZERO), Err(Denial::Life));
    assert_eq!(ask(&mut issuer, |_| {}), Ok(Serial(2)), "a number is never given twice");
    assert_eq!(issuer.expel(&name("edge/1"), NOW), 2);
    assert_eq!(ask(&mut issuer, |_| {}), Err(Denial::UnknownName));
    assert_eq!(issuer.list(NOW).serials, [Serial(1), Serial(2)]);
    assert!(!issuer.revoke(Serial(77), NOW), "it was never issued");
    let later = NOW + Span::secs(60) + policy.clock_error + policy.clock_error + Span::nanos(1);
    assert_eq!(issuer.list(later).serials, [], "what has ended is taken off the list");
}

#[test]
fn a_list_is_due_four_times_within_the_life_of_one_and_at_once_when_something_is_taken_back() {
    let policy = policy();
    let mut issuer = issuer(&policy);
    assert_eq!(issuer.list_due(), Time::ZERO, "there was none yet");
    issuer.list(NOW);
    assert_eq!(issuer.list_due(), NOW + Span(policy.list_life().0 / 4));
    let serial = issuer.issue(&request(Span::secs(60)), NOW).expect("it is enrolled").serial;
    assert!(issuer.list_due() > NOW, "a new certificate is no news");
    assert!(issuer.revoke(serial, NOW));
    assert!(issuer.list_due() <= NOW);
    issuer.list(NOW);
    assert!(issuer.revoke(serial, NOW) && issuer.list_due() > NOW, "it stands on the list already");
}

#[test]
fn every_refusal_ends_the_session() {
    const CLAUSE: &str = include_str!("../../../../../docs/standard/13-certificates.md");
    for refusal in Refusal::ALL {
        assert_eq!(refusal.code().scope(), Scope::Session);
        let row = CLAUSE.lines().find(|line| line.starts_with(&format!("| `{refusal:?}` |"))).expect("the standard lists it");
        assert!(row.ends_with(&format!("| `{:?}` |", refusal.code())), "{row}");
    }
    assert_eq!(Refusal::Revoked.code(), Code::CertificateEnded);
}

proptest! {
    #[test]
    fn any_list_survives_the_wire(sequence in 0..1u64 << 40, made in any::<u64>(), serials in proptest::collection::btree_set(any::<u64>(), 0..40)) {
        let list = RevocationList { issuer: ISSUER, sequence, made: Time(made), serials: serials.into_iter().map(Serial).collect() };
        let bytes = list.to_bytes();
        prop_assert_eq!(bytes.len(), list.encoded_len());
        prop_assert_eq!(RevocationList::from_bytes(&bytes), Ok(list));
    }

    #[test]
    fn no_bytes_of_a_list_can_hurt(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        if let Ok(list) = RevocationList::from_bytes(&bytes) {
            prop_assert_eq!(list.to_bytes(), bytes);
        }
    }
}

#[test]
fn the_newest_list_of_each_issuer_is_held_and_counted() {
    let (presented, policy, mut lists, mut issuer) = good();
    let first = lists.sequence(issuer.list(NOW).issuer).expect("a list was taken");
    let before = lists.heap_bytes();
    assert!(issuer.revoke(presented.certificate.serial, NOW));
    let newer = issuer.list(NOW + Span::secs(1));
    let (id, sequence) = (newer.issuer, newer.sequence);
    assert!(lists.take(newer.clone(), &policy, NOW + Span::secs(1)));
    assert!(sequence > first);
    assert_eq!(lists.sequence(id), Some(sequence));
    assert!(lists.heap_bytes() > before, "a serial number more is held");
    assert!(!lists.take(newer, &policy, NOW + Span::secs(1)), "the same list again is no newer one");
    assert_eq!(lists.sequence(IssuerId([9; 32])), None);
}
