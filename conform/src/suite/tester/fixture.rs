//! Objects that cases work with: stored over the wire by the tester itself, so that nothing is needed from the implementation but its address.

use super::{Line, Tester};
use crate::suite::case::Need;
use crate::suite::octets;
use crate::suite::verdict::{Miss, Outcome};
use hypermesh_core::base::Wire as _;
use hypermesh_core::stoq::session::StreamId;
use hypermesh_core::stoq::session::frame::{Bits, Chunk, ContentId, Frame, GetId, GetName, Manifest, Name, Put, Want};
use hypermesh_core::testing::stoq::{Packed, pack};

/// An object that the implementation has.
#[derive(Clone, Debug)]
pub struct Fixture {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: u64,
    /// The object in chunks, with its manifest.
    pub packed: Packed,
}

/// The request for the newest version of an object, manifest and chunks.
pub fn get_name(name: &str) -> GetName {
    let name = Name::new(name).expect("a case names things well");
    GetName { name, range: None, manifest_only: false, version_min: 0, age_millis_max: (1 << 62) - 1, from_origin: false, known: None }
}

impl Fixture {
    /// An object of so many octets by the formula of Annex D.
    pub fn new(name: String, version: u64, seed: u64, len: usize) -> Self {
        Self { name, version, packed: pack(&octets::formula(seed, len)) }
    }

    /// Its top manifest.
    pub const fn root(&self) -> ContentId {
        ContentId(self.packed.root.0)
    }

    /// The names of its contents but the top manifest, the chunks of an object with one manifest.
    pub fn chunks(&self) -> Vec<ContentId> {
        self.packed.contents.keys().copied().filter(|id| *id != self.root()).collect()
    }
}

impl Tester<'_> {
    /// An object of about 300 KiB that the implementation, an origin, has. It is stored when it is asked for first.
    pub fn fixture(&mut self) -> Outcome<Fixture> {
        if let Some(fixture) = &self.fixture {
            return Ok(fixture.clone());
        }
        let fixture = Fixture::new(self.name("fixture"), 1, self.seed, 300 << 10);
        let line = self.session()?;
        self.put(line, &fixture).map_err(|miss| miss.before("storing an object"))?;
        self.close(line, hypermesh_core::stoq::session::Code::NoError);
        self.fixture = Some(fixture.clone());
        Ok(fixture)
    }

    /// Stores an object: `Put` and the manifest, then what the implementation wants, then `Ack`.
    pub fn put(&mut self, line: Line, object: &Fixture) -> Outcome {
        match self.store(line, object)?.0 {
            Frame::Ack(ack) if ack.id == object.root() && ack.version == object.version => Ok(()),
            other => Err(Miss::Fail(format!("an offer was answered with {other:?}"))),
        }
    }

    /// Offers an object and sends what is wanted, until there is an answer: the answer, and all that was wanted.
    pub fn store(&mut self, line: Line, object: &Fixture) -> Outcome<(Frame, Vec<ContentId>)> {
        let stream = self.offer(line, object)?;
        let mut wanted = Vec::new();
        loop {
            match self.expect_frame(line, stream)?.0 {
                Frame::Want(want) => {
                    self.supply(line, stream, object, &want.ids)?;
                    wanted.extend(want.ids);
                }
                answer => return Ok((answer, wanted)),
            }
        }
    }

    /// Offers an object: the head of a store.
    pub fn offer(&mut self, line: Line, object: &Fixture) -> Outcome<StreamId> {
        self.needs(Need::Contents);
        let name = Name::new(&object.name).expect("a case names things well");
        let put = Frame::Put(Box::new(Put { name, version: object.version, bytes: object.packed.bytes.len() as u64, copies: 1 }));
        let stream = self.request(line, &put.to_bytes())?;
        self.send(line, stream, &self.manifest(object))?;
        Ok(stream)
    }

    /// The frame with the top manifest of an object.
    pub fn manifest(&self, object: &Fixture) -> Vec<u8> {
        let bytes = object.packed.manifest.len() as u32;
        let head = Manifest { id: object.root(), version: object.version, same: false, word: None, bytes };
        [Frame::Manifest(Box::new(head)).to_bytes(), object.packed.manifest.to_vec()].concat()
    }

    /// The frame with a whole content.
    pub fn content(&self, object: &Fixture, id: ContentId) -> Vec<u8> {
        let bytes = &object.packed.contents[&id];
        let head = Chunk { id, whole: bytes.len() as u32, offset: 0, bytes: bytes.len() as u32 };
        [Frame::Chunk(head).to_bytes(), bytes.to_vec()].concat()
    }

    /// Sends contents.
    pub fn supply(&mut self, line: Line, stream: StreamId, object: &Fixture, ids: &[ContentId]) -> Outcome {
        for id in ids {
            let content = self.content(object, *id);
            self.send(line, stream, &content)?;
        }
        Ok(())
    }

    /// Asks for the newest version of a name.
    pub fn ask_name(&mut self, line: Line, name: &str) -> Outcome<StreamId> {
        self.ask(line, &Frame::GetName(Box::new(get_name(name))))
    }

    /// Asks for one content.
    pub fn ask_id(&mut self, line: Line, id: ContentId) -> Outcome<StreamId> {
        self.ask(line, &Frame::GetId(Box::new(GetId { id, range: None })))
    }

    /// Asks which contents are there, and for them if `send`.
    pub fn want(&mut self, line: Line, ids: &[ContentId], send: bool) -> Outcome<StreamId> {
        self.request(line, &Frame::Want(Want { send, ids: ids.into() }).to_bytes())
    }

    /// Plays an origin for an edge or a client: answers this request for the object's name or contents. Whether it was one of them.
    pub fn serve(
        &mut self,
        line: Line,
        stream: StreamId,
        frame: &Frame,
        object: &Fixture,
        word: Option<hypermesh_core::stoq::session::frame::Word>,
    ) -> Outcome<bool> {
        match frame {
            Frame::GetName(ask) if ask.name.as_str() == object.name => {
                let head =
                    Manifest { id: object.root(), version: object.version, same: false, word, bytes: object.packed.manifest.len() as u32 };
                let mut answer = [Frame::Manifest(Box::new(head)).to_bytes(), object.packed.manifest.to_vec()].concat();
                if !ask.manifest_only {
                    object.chunks().iter().for_each(|id| answer.extend(self.content(object, *id)));
                }
                self.send_last(line, stream, &answer)?;
            }
            Frame::GetId(ask) if object.packed.contents.contains_key(&ask.id) => {
                let content = self.content(object, ask.id);
                self.send_last(line, stream, &content)?;
            }
            Frame::Want(want) if want.ids.iter().all(|id| object.packed.contents.contains_key(id)) => {
                let mut bits = Bits::zeros(want.ids.len()).unwrap_or_default();
                (0..want.ids.len()).for_each(|at| bits.set(at));
                let mut answer = Frame::Have(Box::new(bits)).to_bytes();
                if want.send {
                    want.ids.iter().for_each(|id| answer.extend(self.content(object, *id)));
                }
                self.send_last(line, stream, &answer)?;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}
