//! The detector of the crate foca (2.0.0) as an agent of a cell.

use super::cell::{Agent, Reaction};
use bytes::{Buf, BufMut};
use foca::{Codec, Config, Foca, Header, Identity, Member, Message, NoCustomBroadcast, Notification, Runtime, State, Timer};
use hypermesh_core::base::{Span, Time};
use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;
use std::time::Duration;

/// A member, and how often it had to take a new name because the old one was held for failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    node: u16,
    life: u8,
}

impl Identity for Name {
    type Addr = u16;

    fn renew(&self) -> Option<Self> {
        Some(Self { life: self.life.wrapping_add(1), ..*self })
    }

    fn addr(&self) -> u16 {
        self.node
    }

    fn win_addr_conflict(&self, other: &Self) -> bool {
        self.life > other.life
    }
}

/// A plain wire form: two bytes a node and one byte for its life, two bytes an incarnation, one byte a tag.
pub(crate) struct Plain;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Malformed;

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the bytes are not a message")
    }
}

impl std::error::Error for Malformed {}

fn put_name(name: &Name, buf: &mut impl BufMut) {
    buf.put_u16(name.node);
    buf.put_u8(name.life);
}

fn name(buf: &mut impl Buf) -> Result<Name, Malformed> {
    if buf.remaining() < 3 {
        return Err(Malformed);
    }
    Ok(Name { node: buf.get_u16(), life: buf.get_u8() })
}

fn byte(buf: &mut impl Buf) -> Result<u8, Malformed> {
    if buf.has_remaining() { Ok(buf.get_u8()) } else { Err(Malformed) }
}

fn incarnation(buf: &mut impl Buf) -> Result<u16, Malformed> {
    if buf.remaining() < 2 { Err(Malformed) } else { Ok(buf.get_u16()) }
}

impl Codec<Name> for Plain {
    type Error = Malformed;

    fn encode_header(&mut self, header: &Header<Name>, mut buf: impl BufMut) -> Result<(), Malformed> {
        put_name(&header.src, &mut buf);
        buf.put_u16(header.src_incarnation);
        put_name(&header.dst, &mut buf);
        let mut tagged = |tag: u8, probe: Option<u8>, who: Option<&Name>| {
            buf.put_u8(tag);
            probe.iter().for_each(|probe| buf.put_u8(*probe));
            who.iter().for_each(|who| put_name(who, &mut buf));
        };
        match &header.message {
            Message::Ping(probe) => tagged(0, Some(*probe), None),
            Message::Ack(probe) => tagged(1, Some(*probe), None),
            Message::PingReq { target, probe_number } => tagged(2, Some(*probe_number), Some(target)),
            Message::IndirectPing { origin, probe_number } => tagged(3, Some(*probe_number), Some(origin)),
            Message::IndirectAck { target, probe_number } => tagged(4, Some(*probe_number), Some(target)),
            Message::ForwardedAck { origin, probe_number } => tagged(5, Some(*probe_number), Some(origin)),
            Message::Announce => tagged(6, None, None),
            Message::Feed => tagged(7, None, None),
            Message::Gossip => tagged(8, None, None),
            Message::Broadcast => tagged(9, None, None),
            Message::TurnUndead => tagged(10, None, None),
        }
        Ok(())
    }

    fn decode_header(&mut self, mut buf: impl Buf) -> Result<Header<Name>, Malformed> {
        let src = name(&mut buf)?;
        let src_incarnation = incarnation(&mut buf)?;
        let dst = name(&mut buf)?;
        let tag = byte(&mut buf)?;
        let probe_number = if tag <= 5 { byte(&mut buf)? } else { 0 };
        let message = match tag {
            0 => Message::Ping(probe_number),
            1 => Message::Ack(probe_number),
            2 => Message::PingReq { target: name(&mut buf)?, probe_number },
            3 => Message::IndirectPing { origin: name(&mut buf)?, probe_number },
            4 => Message::IndirectAck { target: name(&mut buf)?, probe_number },
            5 => Message::ForwardedAck { origin: name(&mut buf)?, probe_number },
            6 => Message::Announce,
            7 => Message::Feed,
            8 => Message::Gossip,
            9 => Message::Broadcast,
            10 => Message::TurnUndead,
            _ => return Err(Malformed),
        };
        Ok(Header { src, src_incarnation, dst, message })
    }

    fn encode_member(&mut self, member: &Member<Name>, mut buf: impl BufMut) -> Result<(), Malformed> {
        if buf.remaining_mut() < 6 {
            return Err(Malformed);
        }
        put_name(member.id(), &mut buf);
        buf.put_u16(member.incarnation());
        buf.put_u8(match member.state() {
            State::Alive => 0,
            State::Suspect => 1,
            State::Down => 2,
        });
        Ok(())
    }

    fn decode_member(&mut self, mut buf: impl Buf) -> Result<Member<Name>, Malformed> {
        let id = name(&mut buf)?;
        let incarnation = incarnation(&mut buf)?;
        let state = match byte(&mut buf)? {
            0 => State::Alive,
            1 => State::Suspect,
            2 => State::Down,
            _ => return Err(Malformed),
        };
        Ok(Member::new(id, incarnation, state))
    }
}

pub(crate) struct Theirs {
    foca: Foca<Name, Plain, ChaCha8Rng, NoCustomBroadcast>,
    count: u16,
}

/// A cell of `count` detectors that know each other from the start.
pub(crate) fn agents(count: u16, config: &Config, seed: u64) -> Vec<Theirs> {
    let agent = |node: u16| {
        let rng = ChaCha8Rng::seed_from_u64(seed << 16 | u64::from(node));
        Theirs { foca: Foca::new(Name { node, life: 0 }, config.clone(), rng, Plain), count }
    };
    (0..count).map(agent).collect()
}

impl Runtime<Name> for &mut Reaction<Theirs> {
    fn notify(&mut self, notification: Notification<'_, Name>) {
        if let Notification::MemberDown(member) = notification {
            self.failed.push(u32::from(member.node));
        }
    }

    fn send_to(&mut self, to: Name, data: &[u8]) {
        self.sends.push((u32::from(to.node), data.to_vec(), data.len()));
    }

    fn submit_after(&mut self, event: Timer<Name>, after: Duration) {
        self.timers.push((Span(after.as_nanos() as u64), event));
    }
}

impl Agent for Theirs {
    type Message = Vec<u8>;
    type Timer = Timer<Name>;

    fn start(&mut self, _: Time, out: &mut Reaction<Self>) {
        let me = self.foca.identity().node;
        let others = (0..self.count).filter(|node| *node != me).map(|node| Member::alive(Name { node, life: 0 }));
        self.foca.apply_many(others, false, out).expect("a fresh instance takes any members");
    }

    /// An error only says that a message was not for this instance or came from a member that it holds for failed.
    fn hear(&mut self, _: Time, _: u32, message: Vec<u8>, out: &mut Reaction<Self>) {
        let _ = self.foca.handle_data(&message, out);
    }

    fn wake(&mut self, _: Time, timer: Timer<Name>, out: &mut Reaction<Self>) {
        let _ = self.foca.handle_timer(timer, out);
    }
}
