//! What a node says on a connection: whether it may, after what was said and heard.

use super::answers::answer;
use super::stream::{Asked, Stream};
use super::talk::{QUESTIONS, Scene, Talk};
use super::{Monitor, Sheet};
use hypermesh_core::base::wire::Wire as _;
use hypermesh_core::stoq::session::code::QUIC_BASE;
use hypermesh_core::stoq::session::frame::Frame;
use hypermesh_core::stoq::session::limits::DATAGRAM_BYTES_MAX;
use hypermesh_core::stoq::session::{Capabilities, Code, Effect, Roles, Scope, Setting, Settings, StreamId};

impl Talk {
    /// The node says something on this connection.
    pub fn say(&mut self, effect: &Effect, scene: &mut Scene<'_>) {
        let ends = matches!(effect, Effect::Finish { stream } if Some(*stream) == self.ending);
        if let Some(stream) = self.ending.take() {
            scene.sheet.judge(Monitor::RequestsEnd, ends, self.peer, stream.0);
        }
        let is_word = !matches!(effect, Effect::Close { .. } | Effect::Read { .. } | Effect::Wake { .. } | Effect::Up(_));
        if self.closed && is_word {
            scene.sheet.unkept(Monitor::SilentAfterClose, self.peer, 0);
        }
        match effect {
            Effect::OpenControl { stream } => self.open_control(*stream, scene.sheet),
            Effect::OpenRequest { stream, .. } => self.open_request(*stream, scene),
            Effect::Write { stream, frame } if stream.is_one_way() => self.say_control(frame, scene),
            Effect::Write { stream, frame } => self.say_frame(*stream, frame, scene),
            Effect::Finish { stream } => {
                self.keeps_control(*stream, scene.sheet);
                self.ends(*stream, true);
            }
            Effect::Reset { stream, code } => self.resets(*stream, *code, scene),
            Effect::Stop { stream, code } => self.stops(*stream, *code, scene.sheet),
            Effect::Read { stream } if stream.opener() != self.side && !stream.is_one_way() => {
                self.read_upto = self.read_upto.max(stream.ordinal() + 1);
            }
            Effect::Datagram { frame } => self.say_datagram(frame, scene),
            Effect::Close { code } => self.closes(*code, scene.sheet),
            Effect::Read { .. } | Effect::Wake { .. } | Effect::Up(_) => {}
        }
    }

    fn open_control(&mut self, stream: StreamId, sheet: &mut Sheet) {
        sheet.judge(Monitor::ControlIsFirst, stream.ordinal() == 0, self.peer, stream.0);
        sheet.judge(Monitor::ControlStays, !self.has_control, self.peer, stream.0);
        self.has_control = true;
    }

    fn open_request(&mut self, stream: StreamId, scene: &mut Scene<'_>) {
        self.streams.push(Stream::new(stream, scene.now));
        let open = self.streams.iter().filter(|stream| stream.id.opener() == self.side).count();
        scene.sheet.judge(Monitor::RequestsWithinGrant, open <= usize::from(self.peer_requests), self.peer, open as u64);
    }

    fn say_control(&mut self, frame: &Frame, scene: &mut Scene<'_>) {
        let sheet = &mut *scene.sheet;
        match frame {
            Frame::Settings(ours) => {
                sheet.judge(Monitor::SettingsFirst, !self.said_settings, self.peer, 0);
                self.said_settings = true;
                self.tells(ours, scene);
                return;
            }
            Frame::Confirm(_) => {
                let is_time = self.heard_settings && self.keyed && !self.said_confirm;
                sheet.judge(Monitor::ConfirmOnce, is_time, self.peer, 0);
                self.said_confirm = true;
            }
            Frame::GoAway { accepted } => {
                sheet.judge(Monitor::GoAwayTells, *accepted == self.read_upto, self.peer, *accepted);
                self.said_goaway = true;
            }
            _ => {}
        }
        if !self.said_settings {
            sheet.unkept(Monitor::SettingsFirst, self.peer, 0);
        }
    }

    fn tells(&self, ours: &Settings, scene: &mut Scene<'_>) {
        let capabilities = Capabilities(ours.get(Setting::Capabilities));
        scene.sheet.judge(Monitor::CapabilitiesAreKept, Capabilities::ALL.has(capabilities), self.peer, capabilities.0);
        let roles = Roles(ours.get(Setting::Roles) as u8);
        scene.sheet.judge(Monitor::RolesAreTold, roles.has(scene.config.roles), self.peer, u64::from(roles.0));
    }

    fn say_frame(&mut self, id: StreamId, frame: &Frame, scene: &mut Scene<'_>) {
        let (peer, now, confirmed) = (self.peer, scene.now, self.said_confirm && self.heard_confirm);
        let most = match frame {
            Frame::Manifest(_) => Some(self.peer_manifest),
            Frame::Chunk(_) => Some(self.peer_chunk),
            _ => None,
        };
        if let Some(most) = most {
            scene.sheet.judge(Monitor::FramesFitPeer, frame.data_bytes() <= most, peer, u64::from(frame.data_bytes()));
        }
        let ours = id.opener() == self.side;
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == id) else { return };
        stream.moved = now;
        if ours {
            let asks = !matches!(Asked::of(frame), Asked::Nothing);
            if asks {
                let is_first = matches!(stream.asked, Asked::Nothing);
                scene.sheet.judge(Monitor::OneExchange, is_first, peer, id.0);
                (stream.asked, stream.since) = (Asked::of(frame), now);
                if matches!(frame, Frame::GetName(_) | Frame::GetId(_) | Frame::Purge(_)) {
                    self.ending = Some(id);
                }
            } else if let (Frame::Chunk(_), Asked::Put { wanted, .. }) = (frame, &mut stream.asked) {
                scene.sheet.judge(Monitor::OnlyWhatIsAsked, *wanted > 0, peer, id.0);
                *wanted = wanted.saturating_sub(1);
            }
            return;
        }
        if !stream.begun {
            scene.sheet.judge(Monitor::AnswerAfterConfirm, confirmed, peer, id.0);
        }
        answer(stream, frame, peer, scene);
        stream.begun = true;
    }

    fn say_datagram(&mut self, frame: &Frame, scene: &mut Scene<'_>) {
        let bytes = frame.encoded_len();
        scene.sheet.judge(Monitor::DatagramsFit, bytes <= DATAGRAM_BYTES_MAX, self.peer, bytes as u64);
        match frame {
            Frame::Ping { token } if scene.config.cache.is_some() && self.dialled => {
                let lease = self.lease.get_or_insert_default();
                lease.questions[lease.next] = Some((*token, scene.now));
                lease.next = (lease.next + 1) % QUESTIONS;
            }
            Frame::Pong { token, lease_millis, .. } => {
                let answers = self.ping.take() == Some(*token);
                scene.sheet.judge(Monitor::OnePong, answers, self.peer, *token);
                let is_cache = self.peer_roles.has(Roles::EDGE) || self.peer_roles.has(Roles::REGIONAL);
                if !is_cache || self.purging().any(|(_, upto, _)| upto == 0) {
                    scene.sheet.judge(Monitor::LeaseForCaches, *lease_millis == 0, self.peer, u64::from(*lease_millis));
                }
            }
            _ => {}
        }
    }

    fn code(&self, code: Code, on_stream: bool, sheet: &mut Sheet) {
        let fits = (code.scope() == Scope::Stream) == on_stream;
        sheet.judge(Monitor::ScopeIsKept, fits, self.peer, code as u64);
        sheet.judge(Monitor::CodesHaveBase, code.to_quic() == QUIC_BASE + code as u64, self.peer, code.to_quic());
    }

    /// Whatever ends is no control stream.
    fn keeps_control(&self, stream: StreamId, sheet: &mut Sheet) {
        if stream.is_one_way() && stream.ordinal() == 0 {
            sheet.unkept(Monitor::ControlStays, self.peer, stream.0);
        }
    }

    fn resets(&mut self, id: StreamId, code: Code, scene: &mut Scene<'_>) {
        self.keeps_control(id, scene.sheet);
        self.code(code, true, scene.sheet);
        let (peer, limit) = (self.peer, scene.config.session.stall_after.0);
        if let Some(stream) = self.stream(id) {
            (stream.was_reset, stream.we_ended) = (true, true);
            if code == Code::Timeout && !stream.was_given_up {
                let still = scene.now.since(stream.moved).0;
                scene.sheet.judge(Monitor::StallsEnd, (limit..=limit + limit / 4).contains(&still), peer, still);
            }
        }
        // It goes on to be watched until the end of this reaction, to see whether the other direction is stopped.
        self.gave_up = true;
    }

    fn stops(&mut self, id: StreamId, code: Code, sheet: &mut Sheet) {
        self.keeps_control(id, sheet);
        self.code(code, true, sheet);
        if let Some(stream) = self.stream(id) {
            stream.they_ended = true;
        }
        self.gave_up = true;
    }

    fn closes(&mut self, code: Code, sheet: &mut Sheet) {
        self.code(code, false, sheet);
        sheet.tried(Monitor::SilentAfterClose);
        if self.dialled && self.is_open() && code == Code::NoError && !self.heard_goaway {
            sheet.judge(Monitor::GoAwayTells, self.said_goaway, self.peer, 0);
        }
        self.closed = true;
    }

    pub(super) fn ends(&mut self, id: StreamId, ours: bool) {
        let Some(at) = self.streams.iter().position(|stream| stream.id == id) else { return };
        let stream = &mut self.streams[at];
        if ours {
            stream.we_ended = true;
        } else {
            stream.they_ended = true;
        }
        if stream.we_ended && stream.they_ended {
            self.streams.swap_remove(at);
        }
    }

    /// The reaction is over: what had to be said in it was said.
    pub fn settle(&mut self, sheet: &mut Sheet) {
        if let Some(stream) = self.ending.take() {
            sheet.judge(Monitor::RequestsEnd, false, self.peer, stream.0);
        }
        if std::mem::take(&mut self.gave_up) {
            for stream in self.streams.iter_mut().filter(|stream| stream.was_reset) {
                stream.was_reset = false;
                if !self.closed {
                    sheet.judge(Monitor::AbortsWhole, stream.they_ended, self.peer, stream.id.0);
                }
            }
            self.streams.retain(|stream| !(stream.we_ended && stream.they_ended));
        }
        if self.said_goaway && self.streams.is_empty() {
            sheet.judge(Monitor::LeavesWhenDone, self.closed, self.peer, 0);
        }
    }
}
