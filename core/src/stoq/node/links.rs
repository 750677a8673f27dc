//! Connections with servers: dialled when somebody needs one, one at a time each, and given up when nobody does.

use super::conn::Conn;
use super::jobs::Job;
use super::port::{ConnId, Effect, Fact, Peer, ServerId, Why};
use super::turn::{Turn, Work};
use super::{StoqNode, session};
use crate::base::Span;
use crate::machine::Cx;
use crate::stoq::session::frame::Frame;
use crate::stoq::session::{Code, Roles, Session, StreamId};
use crate::stoq::transfer::{self, SourceId};
use crate::testing::{Breach, Defect};

/// Where a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    /// It is being dialled.
    Dialling,
    /// This is the connection.
    Up(ConnId),
    /// It cannot be reached, and is left alone for a while.
    Resting,
}

/// How long a server that cannot be reached is left alone if the driver does not know.
const REST: Span = Span::secs(2);

/// What a session did when it was told something.
#[derive(Debug, Default)]
pub(super) struct Drove {
    /// The stream of a request that was begun.
    pub(super) opened: Option<StreamId>,
    /// Why a request was not begun.
    pub(super) refused: Option<Code>,
    /// Whether a frame was written.
    pub(super) wrote: bool,
}

impl Drove {
    pub(super) const fn nothing(self) {}
}

impl StoqNode {
    pub(super) fn on_accepted(&mut self, conn: ConnId, peer: Peer, t: &mut Turn<'_, '_>) {
        let stranger = self.config.certificates_required && peer == Peer::Anonymous && !Breach::ServeAnonymous.is_on();
        if stranger || self.leaving || self.conns.contains_key(&conn) {
            let code = if stranger { Code::Unauthenticated } else { Code::NoError };
            if stranger {
                t.fact(Fact::Unwelcome { conn });
            }
            return t.emit(Effect::Session { conn, effect: session::Effect::Close { code } });
        }
        self.make_room(t);
        self.strangers.push_back(conn);
        self.conns.insert(conn, Box::new(Conn::new(&self.config.session, peer, None, false, t.now())));
        self.say(conn, session::Input::Begin, t);
        self.meet_above(t);
    }

    /// Sends away who has had the longest time to agree on something, if there is no room for one more.
    fn make_room(&mut self, t: &mut Turn<'_, '_>) {
        let most = self.config.strangers_max.max(1);
        while self.strangers.len() >= most && !Defect::AdmitEverybody.is_planted(self.config.defect) {
            let Some(conn) = self.strangers.pop_front() else { return };
            t.fact(Fact::Unwelcome { conn });
            // A code of streams has no meaning for a connection (R-14-02).
            self.say(conn, session::Input::Close { code: Code::SettingsTimeout }, t);
        }
    }

    /// A peer has agreed, or is gone.
    pub(super) fn know(&mut self, conn: ConnId) {
        if let Some(at) = self.strangers.iter().position(|stranger| *stranger == conn) {
            self.strangers.remove(at);
        }
    }

    pub(super) fn on_dialled(&mut self, conn: ConnId, server: ServerId, peer: Peer, early: bool, t: &mut Turn<'_, '_>) {
        if self.leaving || self.conns.contains_key(&conn) || self.links.get(&server) != Some(&Link::Dialling) {
            return t.emit(Effect::Session { conn, effect: session::Effect::Close { code: Code::NoError } });
        }
        if self.config.certificates_required && peer == Peer::Anonymous {
            t.fact(Fact::Unwelcome { conn });
            t.emit(Effect::Session { conn, effect: session::Effect::Close { code: Code::Unauthenticated } });
            return self.on_no_dial(server, None, t);
        }
        self.links.insert(server, Link::Up(conn));
        if self.tier.is_some() {
            self.above.push(conn);
        }
        self.conns.insert(conn, Box::new(Conn::new(&self.config.session, peer, Some(server), early, t.now())));
        self.say(conn, session::Input::Begin, t);
        if early {
            self.on_usable(conn, server, t);
        }
    }

    pub(super) fn on_no_dial(&mut self, server: ServerId, again: Option<Span>, t: &mut Turn<'_, '_>) {
        if self.links.get(&server) != Some(&Link::Dialling) {
            return;
        }
        self.links.insert(server, Link::Resting);
        self.stir();
        t.wake(again.unwrap_or(REST), Why::Dial(server));
        self.lose_server(server, again, t);
    }

    /// A server that was left alone may be dialled again.
    pub(super) fn on_rested(&mut self, server: ServerId) {
        if self.links.get(&server) == Some(&Link::Resting) {
            self.links.remove(&server);
            self.stir();
        }
    }

    pub(super) fn on_judged(&mut self, conn: ConnId, peer: Peer, t: &mut Turn<'_, '_>) {
        let Some(c) = self.conns.get_mut(&conn) else { return };
        c.peer = peer;
        if c.open {
            self.examine(conn, t);
        }
    }

    /// Whether the peer may be what it says. If not, it is sent away.
    pub(super) fn examine(&mut self, conn: ConnId, t: &mut Turn<'_, '_>) -> bool {
        let Some(c) = self.conns.get(&conn) else { return false };
        let claims = c.session.agreed().roles.0;
        let stranger = self.config.certificates_required && c.peer == Peer::Anonymous;
        let unasked = c.peer == Peer::Anonymous && Breach::ServeAnonymous.is_on();
        if (claims & !c.peer.roles().0 == 0 || Breach::BelieveToldRole.is_on()) && !stranger || unasked {
            return true;
        }
        t.fact(Fact::Unwelcome { conn });
        self.say(conn, session::Input::Close { code: Code::Unauthenticated }, t);
        false
    }

    pub(super) fn on_session(&mut self, conn: ConnId, input: session::Input, t: &mut Turn<'_, '_>) {
        match &input {
            session::Input::Progress { stream } => self.on_progress(conn, *stream, t),
            session::Input::Datagram { frame: Frame::Ping { .. } } => self.promise(conn, t),
            _ => {}
        }
        self.say(conn, input, t);
    }

    /// Tells a session something. Requests are begun with [`StoqNode::ask`].
    pub(super) fn say(&mut self, conn: ConnId, input: session::Input, t: &mut Turn<'_, '_>) -> Drove {
        use crate::machine::Machine;
        self.drive(conn, |session, cx| session.handle(input, cx), t)
    }

    /// Lets a session react, and carries out what it asks for.
    pub(super) fn drive(
        &mut self,
        conn: ConnId,
        react: impl FnOnce(&mut Session, &mut Cx<'_, session::Effect>),
        t: &mut Turn<'_, '_>,
    ) -> Drove {
        let mut drove = Drove::default();
        let Some(c) = self.conns.get_mut(&conn) else { return drove };
        let mut out = Vec::new();
        react(&mut c.session, &mut t.cx.child(&mut out));
        for effect in out {
            match effect {
                session::Effect::Wake { after, why } => t.wake(after, Why::Session(conn, why)),
                session::Effect::Up(session::Notice::Refused { code, .. }) => drove.refused = Some(code),
                session::Effect::Up(notice) => t.later(Work::Notice(conn, notice)),
                effect => {
                    match &effect {
                        session::Effect::OpenRequest { stream, .. } => drove.opened = Some(*stream),
                        session::Effect::Write { .. } => drove.wrote = true,
                        _ => {}
                    }
                    t.emit(Effect::Session { conn, effect });
                }
            }
        }
        drove
    }

    /// Begins an exchange. The stream, or why not.
    pub(super) fn ask(&mut self, conn: ConnId, frame: Frame, about: super::conn::Exchange, t: &mut Turn<'_, '_>) -> Result<StreamId, Code> {
        let early = match self.conns.get(&conn) {
            Some(c) if c.is_usable() => !c.ready,
            _ => return Err(Code::Refused),
        };
        let drove = self.say(conn, session::Input::Ask { frame, tag: 0, early }, t);
        match (drove.opened, self.conns.get_mut(&conn)) {
            (Some(stream), Some(c)) => {
                c.exchanges.insert(stream, about);
                Ok(stream)
            }
            _ => Err(drove.refused.unwrap_or(Code::Refused)),
        }
    }

    /// The connection with a server over which requests can be asked, if there is one. Otherwise it is dialled, unless it is left alone for a while.
    pub(super) fn reach(&mut self, server: ServerId, t: &mut Turn<'_, '_>) -> Reach {
        match self.links.get(&server) {
            Some(Link::Up(conn)) if self.conns.get(conn).is_some_and(|c| c.is_usable()) => Reach::Usable(*conn),
            Some(Link::Up(_) | Link::Dialling) => Reach::Soon,
            Some(Link::Resting) => Reach::Away,
            None if self.leaving => Reach::Away,
            None => {
                self.links.insert(server, Link::Dialling);
                t.emit(Effect::Dial { server });
                Reach::Soon
            }
        }
    }

    /// Requests can be asked on a connection that was dialled.
    pub(super) fn on_usable(&mut self, conn: ConnId, server: ServerId, t: &mut Turn<'_, '_>) {
        self.stir();
        for (job, state) in &mut self.jobs {
            if let Job::Get(get) = state
                && let Some(at) = get.opening.iter().position(|opening| *opening == server)
            {
                get.opening.remove(at);
                t.later(Work::Transfer(*job, transfer::Input::Opened(SourceId(server.0))));
            }
        }
        if self.conns.get(&conn).is_some_and(|c| c.ready) {
            self.start_jobs(server, conn, t);
        }
    }

    /// A server is out of reach, for a while or for good.
    pub(super) fn lose_server(&mut self, server: ServerId, again: Option<Span>, t: &mut Turn<'_, '_>) {
        for (job, state) in &mut self.jobs {
            if let Job::Get(get) = state {
                get.opening.retain(|opening| *opening != server);
                t.later(Work::Transfer(*job, transfer::Input::Closed { source: SourceId(server.0), again }));
            }
        }
        self.fail_jobs(server, again.unwrap_or(REST), t);
    }

    /// A connection is over. The session said before that each of its exchanges is.
    pub(super) fn on_closed(&mut self, conn: ConnId, t: &mut Turn<'_, '_>) {
        let Some(c) = self.conns.remove(&conn) else { return };
        if c.server.is_none() && !c.open {
            self.know(conn);
        }
        self.above.retain(|above| *above != conn);
        self.stir();
        for job in &c.pings {
            self.fail_job(*job, Code::Refused, self.config.retry, t);
        }
        if c.is_below {
            self.lose_below(conn, t);
        }
        if let Some(server) = c.server {
            if self.links.get(&server) == Some(&Link::Up(conn)) {
                self.links.remove(&server);
                self.lose_server(server, Some(Span::ZERO), t);
            }
            self.lose_above(&c, server, t);
        }
        self.left(t);
    }

    /// A peer takes no more requests: who needs its server connects anew.
    pub(super) fn on_peer_leaves(&mut self, conn: ConnId) {
        let Some(c) = self.conns.get_mut(&conn).filter(|_| !Breach::AskAfterGoAway.is_on()) else { return };
        c.leaving = true;
        if let Some(tier) = &mut self.tier {
            tier.stirred = true;
        }
        if let Some(server) = c.server
            && self.links.get(&server) == Some(&Link::Up(conn))
        {
            self.links.remove(&server);
        }
    }

    /// Asks to be woken if nobody needs a connection that was dialled.
    pub(super) fn linger(&mut self, t: &mut Turn<'_, '_>) {
        let Some(after) = self.config.linger else { return };
        if !self.jobs.is_empty() || self.tier.is_some() {
            return;
        }
        for (conn, c) in &mut self.conns {
            if c.server.is_some() && c.exchanges.is_empty() {
                c.idle_since = t.now();
                t.wake(after, Why::Linger(*conn));
            }
        }
    }

    pub(super) fn on_lingered(&mut self, conn: ConnId, t: &mut Turn<'_, '_>) {
        let (Some(after), Some(c)) = (self.config.linger, self.conns.get(&conn)) else { return };
        let idle = self.jobs.is_empty() && c.exchanges.is_empty() && t.now().since(c.idle_since) >= after;
        if idle {
            self.say(conn, session::Input::Leave, t);
        }
    }

    /// The roles of the peer of a connection; none if it is gone.
    pub(super) fn roles_of(&self, conn: ConnId) -> Roles {
        self.conns.get(&conn).map_or(Roles(0), |c| c.roles())
    }
}

/// How far a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// It can be asked over this connection.
    Usable(ConnId),
    /// It is being connected with.
    Soon,
    /// Not now.
    Away,
}
