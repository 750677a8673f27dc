//! Who may speak: the guard of core, fed with what handshakes show and with lists of revocations; and the truth that it is held to.

use super::config::Config;
use super::wakeup::Wakeup;
use super::{Effect, Live};
use crate::monitors::Monitor;
use hypermesh_core::machine::{Cx, Machine};
use hypermesh_core::node::{self, Content, Fact};
use hypermesh_core::stoq::certs::{self, Asked, Guard, PeerId, Refusal, Unlogged};
use hypermesh_core::stoq::node::{ConnId, Input};
use hypermesh_core::stoq::session;

impl Live {
    /// A handshake is complete: whether the peer may speak. If not, the connection is closed, and the node never hears of it.
    pub(super) fn welcome(&mut self, id: u64, config: &Config, cx: &mut Cx<'_, Effect>) -> bool {
        let (Some(pki), Some(line)) = (&config.pki, self.lines.get_mut(&id)) else { return true };
        let presented = Box::new(pki.presented(line.peer, cx.now));
        line.shown = Some(pki.number(line.peer, cx.now));
        let asked = Asked { name: None, roles: presented.certificate.roles };
        if self.guard.as_ref().is_some_and(|guard| guard.lists().sequence(presented.certificate.issuer).is_none()) {
            self.judge(config, |guard, cx| guard.handle(certs::Input::List(pki.list(cx.now)), cx), cx);
        }
        self.judge(config, |guard, cx| guard.handle(certs::Input::Present { peer: PeerId(id), presented, asked }, cx), cx);
        self.guard.as_ref().is_some_and(|guard| guard.is_accepted(PeerId(id), cx.now))
    }

    /// Lets the guard react, and does what it asks for.
    pub(super) fn judge(
        &mut self,
        config: &Config,
        react: impl FnOnce(&mut Guard<Unlogged>, &mut Cx<'_, certs::Effect>),
        cx: &mut Cx<'_, Effect>,
    ) {
        let (Some(guard), Some(pki)) = (&mut self.guard, &config.pki) else { return };
        let mut asked = Vec::new();
        react(guard, &mut cx.child(&mut asked));
        let mut at = 0;
        while at < asked.len() {
            match asked[at] {
                certs::Effect::Accept { .. } => {}
                certs::Effect::Refuse { peer, refusal } => {
                    self.turned_away(refusal);
                    self.refuse(peer.0, refusal, cx);
                }
                certs::Effect::Drop { peer, refusal } => {
                    self.turned_away(refusal);
                    cx.emit(node::Effect::Fact(Fact::Content(Content::Unwelcome { accepted: true })));
                    let close = session::Input::Close { code: refusal.code() };
                    self.inputs.push_back(Input::Session { conn: ConnId(peer.0), input: close });
                }
                certs::Effect::Fetch { .. } => {
                    let Some(guard) = &mut self.guard else { return };
                    guard.handle(certs::Input::List(pki.list(cx.now)), &mut cx.child(&mut asked));
                }
                certs::Effect::Wake { after, why } => cx.emit(node::Effect::Wake { after, why: Wakeup::Guard(why) }),
            }
            at += 1;
        }
    }

    /// Somebody is turned away for a certificate that is over.
    fn turned_away(&mut self, refusal: Refusal) {
        match refusal {
            Refusal::Expired => self.watch.sheet.tried(Monitor::ExpiredIsRefused),
            Refusal::Revoked => self.watch.sheet.tried(Monitor::RevokedIsRefused),
            _ => {}
        }
    }

    /// Sends somebody away before the node has heard of it.
    fn refuse(&mut self, id: u64, refusal: Refusal, cx: &mut Cx<'_, Effect>) {
        cx.emit(node::Effect::Fact(Fact::Content(Content::Unwelcome { accepted: false })));
        if let Some(line) = self.lines.get_mut(&id) {
            line.pipe.close(refusal.code().to_quic(), cx.now, &mut line.events);
            self.touched.push(id);
        }
    }

    /// A connection is over.
    pub(super) fn forget(&mut self, id: u64, cx: &mut Cx<'_, Effect>) {
        if let Some(guard) = &mut self.guard {
            let mut asked = Vec::new();
            guard.handle(certs::Input::Gone(PeerId(id)), &mut cx.child(&mut asked));
        }
    }

    /// Something was served: whether its receiver may have been.
    pub(super) fn look_at(&mut self, conn: ConnId, config: &Config, cx: &mut Cx<'_, Effect>) {
        let (Some(pki), Some(line)) = (&config.pki, self.lines.get(&conn.0)) else { return };
        let (sheet, peer) = (&mut self.watch.sheet, line.peer);
        sheet.judge(Monitor::JudgedBeforeServed, line.shown.is_some(), peer, conn.0);
        if let Some(number) = line.shown.filter(|number| !pki.is_good(peer, *number, cx.now)) {
            let why = if pki.is_over(peer, number, cx.now) { Monitor::ExpiredIsRefused } else { Monitor::RevokedIsRefused };
            sheet.unkept(why, peer, number);
        }
        if !line.shown.is_some_and(|number| pki.is_good(peer, number, cx.now)) {
            cx.emit(node::Effect::Fact(Fact::Content(Content::Stranger)));
        }
    }
}
