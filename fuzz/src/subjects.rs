//! Every parser and decoder that meets bytes from outside, as a function from bytes to nothing. A subject panics only if a promise is broken: none may
//! panic on any input, and what was understood must survive being written and read again.

use hypermesh_core::base::{NodeId, Span, Spot, Wire};
use hypermesh_core::hypermesh::mesh::{gossip, hyparview, peer, plumtree, swim, token, vivaldi};
use hypermesh_core::stoq::chunk::ManifestId;
use hypermesh_core::stoq::manifest::{Body, ChildEntry, Flaw, LEVEL_MAX, Manifest, Step, Walk, WalkError};
use hypermesh_core::stoq::{routing, session};

/// A name and what is done with the bytes.
pub type Subject = (&'static str, fn(&[u8]));

/// All subjects.
pub const SUBJECTS: &[Subject] = &[
    ("scenario", scenario),
    ("expression", expression),
    ("matrix", matrix),
    ("coordinate", coordinate),
    ("token", wire::<token::Message>),
    ("gossip", wire::<gossip::Message>),
    ("hyparview", wire::<hyparview::Message>),
    ("plumtree", wire::<plumtree::Message>),
    ("swim", wire::<swim::Message>),
    ("peer", wire::<peer::Message>),
    ("frame", frame),
    ("settings", settings),
    ("manifest", manifest),
    ("claim", claim),
    #[cfg(feature = "reports")]
    ("run", run),
];

/// A message: its length is known before it is encoded, is the length of what it was decoded from, and it survives the wire. Only content, which is not
/// kept, may come back as other bytes.
pub fn wire<M: Wire + PartialEq + std::fmt::Debug>(bytes: &[u8]) {
    if let Ok(message) = M::from_bytes(bytes) {
        assert_eq!(message.encoded_len(), bytes.len(), "the length is known before: {message:?}");
        let encoded = message.to_bytes();
        assert_eq!(encoded.len(), bytes.len(), "equal messages have equal lengths: {message:?}");
        assert_eq!(M::from_bytes(&encoded).as_ref(), Ok(&message), "a message survives the wire");
    }
}

/// A stream of frames, after a byte that tells how it is cut up: in pieces it says what it says at once, and the reader holds no more than one head. The
/// same bytes as a datagram do no harm either.
pub fn frame(bytes: &[u8]) {
    let Some((piece, stream)) = bytes.split_first() else { return };
    let whole = frames(stream, stream.len().max(1));
    assert_eq!(frames(stream, usize::from(*piece).max(1)), whole, "how a stream is cut up does not matter");
    for frame in &whole.0 {
        let again = session::Frame::from_bytes(&frame.to_bytes());
        assert_eq!(again.as_ref(), Ok(frame), "a frame survives the wire");
    }
    let _ = session::reader::datagram(stream);
    wire::<session::Frame>(stream);
}

/// The frames of a stream, the bytes of data among them, and how the stream ends.
fn frames(stream: &[u8], piece: usize) -> (Vec<session::Frame>, usize, Option<session::Violation>) {
    let (mut reader, mut frames, mut data) = (session::FrameReader::two_way(Default::default()), Vec::new(), 0);
    for mut bytes in stream.chunks(piece) {
        loop {
            match reader.next(&mut bytes) {
                Ok(Some(session::Item::Frame(frame))) => frames.push(frame),
                Ok(Some(session::Item::Data { bytes, .. })) => data += bytes.len(),
                Ok(Some(session::Item::StreamKind(kind))) => panic!("a stream of requests has no type, and this one has {kind}"),
                Ok(None) => break,
                Err(violation) => return (frames, data, Some(violation)),
            }
        }
        assert!(reader.heap_bytes() <= session::limits::HEAD_BYTES_MAX as usize, "{} bytes are held", reader.heap_bytes());
    }
    (frames, data, reader.finish().err())
}

/// Settings: what is understood keeps its order and can be judged; two sides make the same of each other.
pub fn settings(bytes: &[u8]) {
    use session::{Capabilities, Roles, Setting, Settings, agreed::agree};
    wire::<Settings>(bytes);
    if let Ok(theirs) = Settings::from_bytes(bytes) {
        assert!(theirs.pairs().windows(2).all(|pair| pair[0].0 < pair[1].0), "numbers rise");
        let ours = Settings::new(Capabilities::ALL, Roles::EDGE);
        match (agree(1, &ours, &theirs), agree(1, &theirs, &ours)) {
            (Ok(here), Ok(there)) => {
                assert_eq!((here.minor, here.capabilities, here.idle), (there.minor, there.capabilities, there.idle));
                assert!(ours.get(Setting::Majors) & theirs.get(Setting::Majors) == 1);
            }
            (Err(_), _) => {}
            (Ok(agreed), Err(violation)) => panic!("one side agrees to {agreed:?}, the other finds {violation:?}"),
        }
    }
}

/// A coordinate: its numbers are finite, and packing what was unpacked changes nothing.
pub fn coordinate(bytes: &[u8]) {
    if let Ok(packed) = vivaldi::Packed::from_bytes(bytes) {
        let coordinate = vivaldi::Coordinate::from(packed);
        assert!([coordinate.x, coordinate.y, coordinate.height, coordinate.error].iter().all(|value| value.is_finite()), "{coordinate:?}");
        wire::<vivaldi::Packed>(bytes);
    }
}

/// An expression: what was understood says the same after it was printed, and what was not is pointed at inside the text.
pub fn expression(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match hypermesh_scenarios::expect::parse(text) {
        Ok(expr) => {
            let printed = expr.to_string();
            // Printing writes parentheses out, so a text near the limit of length may pass it.
            if printed.len() <= hypermesh_scenarios::expect::LONGEST {
                assert_eq!(hypermesh_scenarios::expect::parse(&printed).as_ref(), Ok(&expr), "{text} prints as {printed}");
            }
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "a refusal has a reason");
            for error in errors {
                assert!(error.start <= error.end && error.end <= text.len(), "{error:?} points into {text:?}");
                assert!(text.is_char_boundary(error.start) && text.is_char_boundary(error.end), "{error:?} cuts a letter of {text:?}");
            }
        }
    }
}

/// A scenario: either it is refused with at least one error that can be shown, or its resolved text is read as the same scenario.
pub fn scenario(bytes: &[u8]) {
    use hypermesh_scenarios::{Overrides, load_text};
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match load_text("fuzzed.yaml", text, &Overrides::default()) {
        Ok(loaded) => {
            let resolved = loaded.resolved_yaml();
            match load_text("resolved.yaml", &resolved, &Overrides::default()) {
                Ok(again) => assert_eq!(again.resolved_yaml(), resolved, "what is resolved stays as it is"),
                Err(report) => panic!("the resolved scenario is refused: {report}\n{resolved}"),
            }
            shown(&loaded.report());
        }
        Err(report) => {
            assert!(report.errors() > 0, "a refusal has a reason");
            shown(&report);
        }
    }
}

/// Problems can be shown in every form.
fn shown(report: &hypermesh_scenarios::Report) {
    let _ = report.render(true);
    assert_eq!(report.to_json().as_array().map(Vec::len), Some(report.problems.len()), "every problem is in the JSON");
}

/// A matrix of delays: either every path of it has a delay, or it is refused with a reason.
pub fn matrix(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match hypermesh_scenarios::network::matrix::read(text) {
        Ok(map) => {
            let places = map.places.len();
            for from in 0..places {
                assert!((0..places).all(|to| map.one_way_ns(from, to) > 0), "every path takes some time");
            }
            assert!(map.places.iter().all(|place| usize::from(place.region) < map.regions.len()), "every place is in a region that exists");
        }
        Err(errors) => assert!(!errors.is_empty(), "a refusal has a reason"),
    }
}

/// A manifest of an object: what is accepted is the only way to write it, leads exactly to the bytes that it says, and so does one above it; one above it
/// that says another length is refused.
pub fn manifest(bytes: &[u8]) {
    let id = ManifestId::of(bytes);
    let manifest = match Manifest::decode_named(bytes, &id) {
        Ok(manifest) => manifest,
        Err(refusal) => return assert!(refusal.at <= bytes.len() && refusal.flaw != Flaw::WrongName, "{refusal:?}"),
    };
    assert_eq!(manifest.encode(), bytes, "a manifest has one form: {manifest:?}");
    let walked = walk(id, bytes, &[]);
    match manifest.level() {
        0 => assert_eq!(walked, Ok(manifest.len()), "the chunks are the object"),
        _ => assert!(matches!(walked, Err(Some(WalkError::Refused(_)))), "its own bytes are not those of its first entry"),
    }
    if manifest.level() < LEVEL_MAX && !manifest.is_empty() {
        let above = |len: u64| {
            let body = Body::Manifests { level: manifest.level() + 1, entries: vec![ChildEntry { id, len }] };
            Manifest::new(manifest.chunker(), body, manifest.encryption().cloned()).map(|above| (above.id(), above.encode()))
        };
        let (root, root_bytes) = above(manifest.len()).expect("the length of a manifest may be said again");
        let through = walk(root, &root_bytes, bytes);
        assert!(manifest.level() > 0 || through == walked, "a manifest above changes nothing: {through:?}");
        if let Ok((root, root_bytes)) = above(manifest.len() + 1) {
            assert!(matches!(walk(root, &root_bytes, bytes), Err(Some(WalkError::Disagrees(_)))), "a wrong length is noticed");
        }
    }
}

/// Walks an object whose root is `root`, with `below` as every other manifest: the bytes of the chunks, or why it ended.
fn walk(id: ManifestId, root: &[u8], below: &[u8]) -> Result<u64, Option<WalkError>> {
    let (mut walk, mut bytes) = (Walk::whole(id), 0u64);
    loop {
        match walk.step() {
            Step::Need(wanted) => walk.supply(if wanted == id { root } else { below }).map_err(Some)?,
            Step::Piece(piece) => bytes += u64::from(piece.take),
            Step::Done => return Ok(bytes),
        }
    }
}

/// A claim of location, alone and in a message: it lies on the globe, light decides the same in both directions, and what is judged possible at a round
/// trip is possible at any longer one.
pub fn claim(bytes: &[u8]) {
    use routing::{Accuracy, Claim, LIFE_MAX, Message, judge};
    wire::<Message>(bytes);
    wire::<Claim>(bytes);
    wire::<session::frame::Location>(bytes);
    let Ok(claim) = Claim::from_bytes(bytes) else { return };
    let spot = claim.spot();
    assert!(spot.lat.abs() <= 90.0 && spot.lon > -180.0 && spot.lon <= 180.0 && claim.life <= LIFE_MAX, "{claim:?}");
    assert_eq!(Claim::new(claim.node, spot, claim.accuracy, claim.sequence, claim.life), claim, "a place has one form");
    let mine = Claim::new(NodeId(0), Spot { lat: 48.9, lon: 2.4 }, Accuracy::City, 1, LIFE_MAX);
    let least = claim.least_round_trip(&mine);
    assert!(
        least < Span::millis(197) && least == mine.least_round_trip(&claim),
        "half of the globe at most, and the same way back: {least}"
    );
    for (micros, known) in [(0, None), (1_000, Some(claim.sequence / 2)), (20_000, None), (197_000, None)] {
        let at = |rtt: Span| judge(&claim, known, &mine, Some(rtt));
        let (now, later) = (at(Span::micros(micros)), at(Span::micros(micros + 1)));
        assert!(now.is_err() || later.is_ok(), "a longer way is never less possible: {now:?}, then {later:?}");
    }
    assert!(judge(&claim, Some(claim.sequence), &mine, None).is_err(), "what is known already is not news");
}

/// `run.json`: what was understood survives being written and read again.
#[cfg(feature = "reports")]
pub fn run(bytes: &[u8]) {
    use hypermesh_reports::rundir::manifest::Manifest;
    if let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) {
        let text = serde_json::to_string(&manifest).expect("a manifest can be written");
        let again = serde_json::from_str::<Manifest>(&text).expect("what was written can be read");
        assert_eq!(again, manifest, "a manifest survives being written");
    }
}
