//! What is told of monitors is so, and a conversation that breaks a requirement is found without a world around it.

use super::names::Names;
use super::talk::Scene;
use super::{Monitor, Sheet, Talk};
use hypermesh_core::base::{NodeId, Span, Time};
use hypermesh_core::stoq::node::Config;
use hypermesh_core::stoq::session::frame::{Chunk, ContentId, Frame, GetId, Word};
use hypermesh_core::stoq::session::{Capabilities, Code, Effect, Input, Roles, Settings, Side, StreamId};
use std::path::Path;

const PEER: NodeId = NodeId(7);

/// One end of a connection and what is found on it.
struct End {
    config: Config,
    names: Names,
    sheet: Sheet,
    talk: Talk,
    now: Time,
}

impl End {
    fn new(dialled: bool) -> Self {
        let talk = Talk::new(PEER, dialled);
        Self { config: Config::default(), names: Names::new(), sheet: Sheet::new(), talk, now: Time::ZERO }
    }

    /// An end whose session is open.
    fn open(dialled: bool) -> Self {
        let mut end = Self::new(dialled);
        let (ours, theirs) = if dialled { (Side::Client, Side::Server) } else { (Side::Server, Side::Client) };
        let settings = || Frame::Settings(Box::new(Settings::new(Capabilities::ALL, Roles::CLIENT)));
        let confirm = || Frame::Confirm(Box::new([0; 32]));
        let (mine, peers) = (StreamId::one_way(ours, 0), StreamId::one_way(theirs, 0));
        end.say(Effect::OpenControl { stream: mine });
        end.say(Effect::Write { stream: mine, frame: settings() });
        end.hear(Input::Keyed { major: 1, exporter: [0; 32] });
        end.hear(Input::Frame { stream: peers, frame: settings() });
        end.say(Effect::Write { stream: mine, frame: confirm() });
        end.hear(Input::Frame { stream: peers, frame: confirm() });
        end.settle();
        assert_eq!(end.broken(), [], "a good beginning breaks nothing");
        end
    }

    fn hear(&mut self, input: Input) {
        let mut scene = Scene { config: &self.config, names: &mut self.names, sheet: &mut self.sheet, now: self.now };
        self.talk.hear(&input, &mut scene);
    }

    fn say(&mut self, effect: Effect) {
        let mut scene = Scene { config: &self.config, names: &mut self.names, sheet: &mut self.sheet, now: self.now };
        self.talk.say(&effect, &mut scene);
    }

    fn settle(&mut self) {
        self.talk.settle(&mut self.sheet);
    }

    fn broken(&self) -> Vec<Monitor> {
        Monitor::ALL.iter().copied().filter(|monitor| self.sheet.counts(*monitor).1 > 0).collect()
    }

    /// Asks for a content.
    fn ask(&mut self, ordinal: u64) -> StreamId {
        let stream = StreamId::request(Side::Client, ordinal);
        self.say(Effect::OpenRequest { stream, tag: 0 });
        self.say(Effect::Write { stream, frame: asks() });
        stream
    }
}

fn asks() -> Frame {
    Frame::GetId(Box::new(GetId { id: ContentId([1; 32]), range: None }))
}

#[test]
fn a_request_in_good_order_breaks_nothing() {
    let mut end = End::open(true);
    let stream = end.ask(0);
    end.say(Effect::Finish { stream });
    end.hear(Input::End { stream });
    end.settle();
    assert_eq!(end.broken(), []);
    assert_eq!(end.sheet.counts(Monitor::RequestsEnd), (1, 0));
}

#[test]
fn a_request_that_is_left_open_is_found() {
    let mut end = End::open(true);
    end.ask(0);
    end.settle();
    assert_eq!(end.broken(), [Monitor::RequestsEnd]);
}

#[test]
fn an_exchange_that_is_given_up_early_is_found_and_an_answer_to_the_peers_is_not() {
    let early = |input: Option<Input>| {
        let mut end = End::open(false);
        let stream = StreamId::request(Side::Client, 0);
        end.hear(Input::Request { stream, early: false });
        end.hear(Input::Frame { stream, frame: asks() });
        input.into_iter().for_each(|input| end.hear(input));
        end.now = Time::ZERO + Span::secs(1);
        end.say(Effect::Reset { stream, code: Code::Timeout });
        end.broken()
    };
    let (stream, code) = (StreamId::request(Side::Client, 0), Code::Timeout.to_quic());
    assert_eq!(early(None), [Monitor::StallsEnd]);
    // What was held up on its way comes together with the word that the peer waits no more.
    assert_eq!(early(Some(Input::Stop { stream, code })), []);
    assert_eq!(early(Some(Input::Reset { stream, code })), []);
}

#[test]
fn two_requests_on_a_stream_are_found() {
    let mut end = End::open(true);
    let stream = end.ask(0);
    end.say(Effect::Finish { stream });
    end.say(Effect::Write { stream, frame: asks() });
    end.say(Effect::Finish { stream });
    assert_eq!(end.broken(), [Monitor::OneExchange]);
}

#[test]
fn an_end_of_the_control_stream_is_found() {
    let mut end = End::open(true);
    end.say(Effect::Finish { stream: StreamId::one_way(Side::Client, 0) });
    assert_eq!(end.broken(), [Monitor::ControlStays]);
}

#[test]
fn a_confirmation_before_the_settings_of_the_peer_is_found() {
    let mut end = End::new(true);
    end.say(Effect::Write { stream: StreamId::one_way(Side::Client, 0), frame: Frame::Confirm(Box::new([0; 32])) });
    assert_eq!(end.broken(), [Monitor::SettingsFirst, Monitor::ConfirmOnce]);
}

#[test]
fn contents_that_nobody_asked_for_and_parts_of_chunks_are_found() {
    let mut end = End::open(false);
    let stream = StreamId::request(Side::Client, 0);
    end.hear(Input::Request { stream, early: false });
    end.hear(Input::Frame { stream, frame: asks() });
    end.say(Effect::Write { stream, frame: Frame::Chunk(Chunk { id: ContentId([1; 32]), whole: 9, offset: 0, bytes: 4 }) });
    end.say(Effect::Write { stream, frame: Frame::Chunk(Chunk::whole(ContentId([2; 32]), 4)) });
    assert_eq!(end.broken(), [Monitor::OnlyWhatIsAsked, Monitor::ChunksAreWhole]);
}

#[test]
fn an_answer_before_the_confirmation_is_found() {
    let mut end = End::new(false);
    let stream = StreamId::request(Side::Client, 0);
    end.hear(Input::Request { stream, early: false });
    end.hear(Input::Frame { stream, frame: asks() });
    end.say(Effect::Write { stream, frame: Frame::Chunk(Chunk::whole(ContentId([1; 32]), 4)) });
    assert_eq!(end.broken(), [Monitor::AnswerAfterConfirm]);
}

#[test]
fn half_an_abort_a_code_of_another_scope_and_words_after_the_close_are_found() {
    let mut end = End::open(true);
    let stream = end.ask(0);
    end.say(Effect::Finish { stream });
    end.say(Effect::Reset { stream, code: Code::Cancelled });
    end.settle();
    end.say(Effect::Close { code: Code::Refused });
    end.say(Effect::Datagram { frame: Frame::Ping { token: 1 } });
    assert_eq!(end.broken(), [Monitor::AbortsWhole, Monitor::ScopeIsKept, Monitor::SilentAfterClose]);
}

#[test]
fn an_exchange_that_is_given_up_too_soon_or_too_late_is_found() {
    for (after, kept) in [(19, false), (20, true), (25, true), (26, false)] {
        let mut end = End::open(true);
        let stream = end.ask(0);
        end.say(Effect::Finish { stream });
        end.now = Time::ZERO + Span::secs(after);
        end.say(Effect::Reset { stream, code: Code::Timeout });
        end.say(Effect::Stop { stream, code: Code::Timeout });
        end.settle();
        assert_eq!(end.broken().is_empty(), kept, "after {after} s");
    }
}

#[test]
fn an_answer_of_the_wrong_token_is_found() {
    let mut end = End::open(false);
    end.hear(Input::Datagram { frame: Frame::Ping { token: 5 } });
    end.say(Effect::Datagram { frame: Frame::Pong { token: 5, load_permille: 0, lease_millis: 0 } });
    assert_eq!(end.broken(), []);
    end.say(Effect::Datagram { frame: Frame::Pong { token: 5, load_permille: 0, lease_millis: 0 } });
    assert_eq!(end.broken(), [Monitor::OnePong]);
}

#[test]
fn ages_are_no_less_than_what_was_heard_and_the_time_since() {
    let mut names = Names::new();
    names.heard(1, 2, Time::ZERO + Span::secs(10), Span::secs(3));
    assert_eq!(names.least_age(1, 2, Time::ZERO + Span::secs(12)), Some(Span::secs(5)));
    names.heard(1, 2, Time::ZERO + Span::secs(11), Span::secs(9));
    assert_eq!(names.least_age(1, 2, Time::ZERO + Span::secs(12)), Some(Span::secs(5)), "an older word takes nothing back");
    assert_eq!(names.least_age(1, 1, Time::ZERO + Span::secs(12)), None);
    assert_eq!(Word::default().age(), Span::ZERO);
}

fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn every_monitor_watches_a_requirement_of_the_registry() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/standard/registry");
    let files = std::fs::read_dir(folder).expect("the registry").map(|file| file.expect("a file").path());
    let registry: String = files.map(|file| std::fs::read_to_string(file).expect("a file of the registry")).collect();
    let mut last = (0, 0);
    for monitor in Monitor::ALL {
        let id = monitor.requirement();
        assert!(registry.contains(&format!("\nid = \"{id}\"\nlevel = \"shall\"\n")), "{id} is no `shall` of the registry");
        let mut numbers = id.split('-').skip(1).map(|number| number.parse::<u32>().expect("a number"));
        let here = (numbers.next().expect("a clause"), numbers.next().expect("a number"));
        assert!(last < here, "{id} stands in the order of the standard, once");
        last = here;
    }
}

#[test]
fn the_guide_tells_every_monitor() {
    let row = |monitor: &Monitor| {
        let (id, premise, check) = monitor.row();
        format!("| {id} | {premise} | {check} |\n")
    };
    let table: String = Monitor::ALL.iter().map(row).collect();
    assert!(text("docs/guide/conformance.md").contains(&table), "the guide should have\n{table}");
}
