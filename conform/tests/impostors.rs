//! Peers that only seem to be implementations: every campaign against one of them ends, and nothing passes.
#![cfg(feature = "sockets")]

use hypermesh_conform::registry::Tier;
use hypermesh_conform::suite::campaign::SILENT_MAX;
use hypermesh_conform::suite::quic::{Impostor, QuicPort, Target};
use hypermesh_conform::suite::{Campaign, Pixit, Record, Verdict};
use hypermesh_core::base::Span;

/// A tester that waits as little as a loopback allows: nothing that these peers do takes long.
fn impatient() -> Pixit {
    Pixit { patience: Span::millis(60), hush: Span::millis(20), ..Pixit::default() }
}

/// A campaign against an impostor.
fn against(impostor: Impostor, campaign: &Campaign) -> Vec<Record> {
    let folder = tempfile::tempdir().expect("a folder");
    let peer = impostor.listen(folder.path()).expect("it listens");
    let mut port = QuicPort::new(Target::At(peer.address()), folder.path(), impatient()).expect("the tester starts");
    campaign.on_port(&mut port, Tier::Remote, |_| true)
}

/// The whole suite ends by itself, soon, without a pass and without an error of the tester.
fn no_case_passes(impostor: Impostor) {
    let records = against(impostor, &Campaign::all());
    assert!(records.len() > 500, "only {} cases are in the campaign", records.len());
    let wrong: Vec<&Record> = records.iter().filter(|record| matches!(record.verdict, Verdict::Pass | Verdict::Error)).collect();
    assert!(wrong.is_empty(), "{impostor}: {} of {} cases pass or are errors, first {:?}", wrong.len(), records.len(), wrong[0]);
    let tried = records.iter().filter(|record| record.verdict != Verdict::Absent && !record.log.is_empty()).count();
    assert!(tried <= SILENT_MAX + 1, "{impostor}: {tried} cases were tried");
}

#[test]
fn against_a_mute_peer_no_case_passes() {
    no_case_passes(Impostor::Mute);
}

#[test]
fn against_a_peer_of_another_protocol_no_case_passes() {
    no_case_passes(Impostor::OtherProtocol);
}

#[test]
fn against_a_peer_of_random_packets_no_case_passes() {
    no_case_passes(Impostor::RandomPackets);
}

#[test]
fn against_a_peer_of_random_octets_no_case_passes() {
    no_case_passes(Impostor::RandomStreams);
}

#[test]
fn against_a_peer_that_stalls_in_the_middle_of_a_frame_no_case_passes() {
    no_case_passes(Impostor::Stalls);
}

#[test]
fn against_a_peer_that_sends_back_what_it_is_sent_no_case_passes() {
    no_case_passes(Impostor::Echoes);
}

#[test]
fn against_a_peer_that_closes_every_connection_no_case_passes() {
    no_case_passes(Impostor::Closes);
}

/// Cases that want nothing but silence, an end or a refusal: what a peer without a protocol gives them.
#[test]
fn a_case_that_waits_for_an_end_does_not_pass_where_nobody_ever_confirmed_a_session() {
    let prefixes = ["R-7-17/another-token", "R-8-02/", "R-8-03/nobody", "R-13-02/eight-days"];
    for prefix in prefixes {
        let campaign = Campaign::all().select(prefix);
        for impostor in [Impostor::Mute, Impostor::OtherProtocol, Impostor::Closes] {
            for record in against(impostor, &campaign) {
                assert_ne!(record.verdict, Verdict::Pass, "{impostor} passes {}", record.case);
            }
        }
    }
}
