//! Every parser and decoder that meets bytes from outside, as a function from bytes to nothing. A subject panics only if a promise is broken: none may
//! panic on any input, and what was understood must survive being written and read again.

use hypermesh_core::base::Wire;
use hypermesh_core::hypermesh::mesh::{gossip, hyparview, peer, plumtree, swim, token, vivaldi};
use hypermesh_core::stoq::session;

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
    #[cfg(feature = "reports")]
    ("manifest", manifest),
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

/// `run.json`: what was understood survives being written and read again.
#[cfg(feature = "reports")]
pub fn manifest(bytes: &[u8]) {
    use hypermesh_reports::rundir::manifest::Manifest;
    if let Ok(manifest) = serde_json::from_slice::<Manifest>(bytes) {
        let text = serde_json::to_string(&manifest).expect("a manifest can be written");
        let again = serde_json::from_str::<Manifest>(&text).expect("what was written can be read");
        assert_eq!(again, manifest, "a manifest survives being written");
    }
}
