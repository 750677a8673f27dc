//! What applications of this node want: transfers, and errands to one server.

use super::conn::Exchange;
use super::links::Reach;
use super::offer::Offering;
use super::port::{Command, ConnId, Effect, Fact, JobId, ServerId, Told, Why};
use super::turn::{Turn, Work};
use super::{StoqNode, session};
use crate::base::Span;
use crate::machine::Machine;
use crate::stoq::cache::Version;
use crate::stoq::session::frame::{Cancel, Frame, Name, Purge};
use crate::stoq::session::{Code, StreamId};
use crate::stoq::transfer::{self, AskId, Order, SourceId, Transfer};
use std::collections::BTreeMap;

/// Something that an application wants.
#[derive(Clone, Debug)]
pub(super) enum Job {
    Get(Box<Get>),
    Errand(Box<Errand>),
}

/// An object that is fetched.
#[derive(Clone, Debug)]
pub(super) struct Get {
    pub(super) transfer: Transfer,
    asks: BTreeMap<AskId, (ConnId, StreamId)>,
    /// Servers that the transfer waits for.
    pub(super) opening: Vec<ServerId>,
}

/// Something that one server is asked for.
#[derive(Clone, Debug)]
pub(super) struct Errand {
    pub(super) server: ServerId,
    pub(super) what: What,
    /// Where it is asked; nowhere yet if none.
    pub(super) asked: Option<(ConnId, Option<StreamId>)>,
}

#[derive(Clone, Debug)]
pub(super) enum What {
    Put(Offering),
    Purge { name: Name, below: bool, upto: Version },
    Ping,
}

impl StoqNode {
    pub(super) fn on_command(&mut self, job: JobId, command: Command, t: &mut Turn<'_, '_>) {
        let known = self.jobs.contains_key(&job);
        let errand = match command {
            Command::Taken { offset } => return t.later(Work::Transfer(job, transfer::Input::Taken { offset })),
            Command::Credit { bytes } => return t.later(Work::Transfer(job, transfer::Input::Credit { bytes })),
            Command::Cancel => return self.cancel_job(job, t),
            // A number that is in use says nothing about which of the two is meant.
            _ if known => return,
            Command::Get(order) => return self.get(job, *order, t),
            Command::Put(offer) => (offer.server, What::Put(Offering::new(*offer))),
            Command::Purge { server, name, below, upto } => (server, What::Purge { name, below, upto }),
            Command::Ping { server } => (server, What::Ping),
        };
        let Some(server) = errand.0.or_else(|| self.servers().first().map(|server| server.id)) else {
            return t.emit(failed(job, Code::Refused, Span::ZERO));
        };
        self.jobs.insert(job, Job::Errand(Box::new(Errand { server, what: errand.1, asked: None })));
        match self.reach(server, t) {
            Reach::Usable(conn) if self.conns.get(&conn).is_some_and(|c| c.ready) => self.start_errand(job, conn, t),
            Reach::Usable(_) | Reach::Soon => t.wake(self.config.connect_within, Why::Job(job)),
            Reach::Away => self.fail_job(job, Code::Refused, self.config.retry, t),
        }
    }

    fn get(&mut self, job: JobId, mut order: Order, t: &mut Turn<'_, '_>) {
        if order.sources.is_empty() {
            let offer = |server: &super::Server| transfer::Offer { source: SourceId(server.id.0), cost: server.cost, names: server.names };
            order.sources = self.servers().iter().map(offer).collect();
        }
        let transfer = Transfer::new(self.config.transfer.clone());
        self.jobs.insert(job, Job::Get(Box::new(Get { transfer, asks: BTreeMap::new(), opening: Vec::new() })));
        t.later(Work::Transfer(job, transfer::Input::Begin(Box::new(order))));
    }

    pub(super) fn run_transfer(&mut self, job: JobId, input: transfer::Input, t: &mut Turn<'_, '_>) {
        let Some(Job::Get(get)) = self.jobs.get_mut(&job) else { return };
        match &input {
            transfer::Input::Ended { ask } | transfer::Input::Failed { ask, .. } => drop(get.asks.remove(ask)),
            _ => {}
        }
        let mut out = Vec::new();
        get.transfer.handle(input, &mut t.cx.child(&mut out));
        out.into_iter().for_each(|effect| self.on_transfer(job, effect, t));
    }

    pub(super) fn wake_transfer(&mut self, job: JobId, why: transfer::Why, t: &mut Turn<'_, '_>) {
        let Some(Job::Get(get)) = self.jobs.get_mut(&job) else { return };
        let mut out = Vec::new();
        get.transfer.wake(why, &mut t.cx.child(&mut out));
        out.into_iter().for_each(|effect| self.on_transfer(job, effect, t));
    }

    /// A transfer asks for something.
    fn on_transfer(&mut self, job: JobId, effect: transfer::Effect, t: &mut Turn<'_, '_>) {
        let told = match effect {
            transfer::Effect::Open(source) => return self.open_source(job, source, t),
            transfer::Effect::Ask { ask, source, wish } => return self.ask_source(job, ask, source, wish.frame(), t),
            transfer::Effect::Withdraw { ask, first, count } => {
                if let Some((conn, stream)) = self.place_of(job, ask) {
                    self.say(conn, session::Input::Say { stream, frame: Frame::Cancel(Cancel { first, count }) }, t);
                }
                return;
            }
            transfer::Effect::Drop { ask } => {
                if let Some((conn, stream)) = self.place_of(job, ask) {
                    self.abort(conn, stream, Code::Cancelled, t);
                }
                return;
            }
            transfer::Effect::GiveUp { ask } => {
                if let Some((conn, stream)) = self.place_of(job, ask) {
                    self.abort(conn, stream, Code::ContentMismatch, t);
                }
                return;
            }
            transfer::Effect::Penalise { source, why } => return t.fact(Fact::Penalised { server: ServerId(source.0), why }),
            transfer::Effect::Wake { after, why } => return t.wake(after, Why::Transfer(job, why)),
            transfer::Effect::Fact(transfer::Fact::Root { id, version, len, encryption }) => {
                Told::Root { id, version: Version(version), len, sealed: encryption.is_some() }
            }
            transfer::Effect::Fact(_) => return,
            transfer::Effect::Deliver { piece, stored } => Told::Piece { piece, stored },
            transfer::Effect::Copy { piece, from } => Told::Copy { piece, from },
            transfer::Effect::Finished => match self.jobs.remove(&job) {
                Some(Job::Get(get)) => Told::Got { counters: *get.transfer.counters() },
                _ => return,
            },
            transfer::Effect::Failed(failure) => return self.end_get(job, failure.code(), t),
            transfer::Effect::Cancelled => return self.end_get(job, Code::Cancelled, t),
        };
        let over = matches!(told, Told::Got { .. });
        t.emit(Effect::Told { job, told });
        if over {
            self.linger(t);
        }
    }

    fn end_get(&mut self, job: JobId, code: Code, t: &mut Turn<'_, '_>) {
        let Some(Job::Get(get)) = self.jobs.remove(&job) else { return };
        let (resume, retry) = (get.transfer.resume().map(Box::new), self.config.retry);
        t.emit(Effect::Told { job, told: Told::Failed { code, retry, resume } });
        self.linger(t);
    }

    fn place_of(&self, job: JobId, ask: AskId) -> Option<(ConnId, StreamId)> {
        match self.jobs.get(&job)? {
            Job::Get(get) => get.asks.get(&ask).copied(),
            Job::Errand(_) => None,
        }
    }

    fn open_source(&mut self, job: JobId, source: SourceId, t: &mut Turn<'_, '_>) {
        let server = ServerId(source.0);
        match self.reach(server, t) {
            Reach::Usable(_) => t.later(Work::Transfer(job, transfer::Input::Opened(source))),
            Reach::Soon => {
                if let Some(Job::Get(get)) = self.jobs.get_mut(&job)
                    && !get.opening.contains(&server)
                {
                    get.opening.push(server);
                }
            }
            Reach::Away if self.leaving => t.later(Work::Transfer(job, transfer::Input::Closed { source, again: None })),
            Reach::Away => t.later(Work::Transfer(job, transfer::Input::Away { source, after: self.config.retry })),
        }
    }

    fn ask_source(&mut self, job: JobId, ask: AskId, source: SourceId, frame: Frame, t: &mut Turn<'_, '_>) {
        let Reach::Usable(conn) = self.reach(ServerId(source.0), t) else {
            // It left since it was opened. What comes of it comes over another connection.
            return t.later(Work::Transfer(job, transfer::Input::Closed { source, again: Some(Span::ZERO) }));
        };
        match self.ask(conn, frame, Exchange::Transfer { job, ask }, t) {
            Ok(stream) => {
                if let Some(Job::Get(get)) = self.jobs.get_mut(&job) {
                    get.asks.insert(ask, (conn, stream));
                }
            }
            Err(code) => t.later(Work::Transfer(job, transfer::Input::Failed { ask, code, retry: Span::ZERO })),
        }
    }

    /// A server can be asked for whatever waits for it.
    pub(super) fn start_jobs(&mut self, server: ServerId, conn: ConnId, t: &mut Turn<'_, '_>) {
        for job in self.errands(server) {
            self.start_errand(job, conn, t);
        }
    }

    /// What waits for a server.
    fn errands(&self, server: ServerId) -> Vec<JobId> {
        let waits = |state: &Job| matches!(state, Job::Errand(errand) if errand.server == server && errand.asked.is_none());
        self.jobs.iter().filter(|(_, state)| waits(state)).map(|(job, _)| *job).collect()
    }

    fn start_errand(&mut self, job: JobId, conn: ConnId, t: &mut Turn<'_, '_>) {
        let Some(Job::Errand(errand)) = self.jobs.get(&job) else { return };
        let asked = match &errand.what {
            What::Put(offering) => {
                let offer = offering.offer.clone();
                self.offer(job, conn, &offer, t).map(Some)
            }
            What::Purge { name, below, upto } => {
                let frame = Frame::Purge(Box::new(Purge { name: name.clone(), below: *below, version: upto.0 }));
                self.ask(conn, frame, Exchange::Purge { job }, t).map(Some)
            }
            What::Ping => {
                let Some(c) = self.conns.get_mut(&conn) else { return };
                c.pings.push(job);
                if c.open {
                    self.say(conn, session::Input::Probe, t);
                }
                t.wake(self.config.connect_within, Why::Job(job));
                Ok(None)
            }
        };
        match (asked, self.jobs.get_mut(&job)) {
            (Ok(stream), Some(Job::Errand(errand))) => errand.asked = Some((conn, stream)),
            (Err(code), _) => self.fail_job(job, code, self.config.retry, t),
            _ => {}
        }
    }

    /// A server is out of reach: whatever waits for it has failed.
    pub(super) fn fail_jobs(&mut self, server: ServerId, retry: Span, t: &mut Turn<'_, '_>) {
        for job in self.errands(server) {
            self.fail_job(job, Code::Refused, retry, t);
        }
    }

    /// A job has waited long enough for a connection, or for the answer to a probe.
    pub(super) fn on_job_late(&mut self, job: JobId, t: &mut Turn<'_, '_>) {
        if let Some(Job::Errand(errand)) = self.jobs.get(&job)
            && errand.asked.is_none_or(|(_, stream)| stream.is_none())
        {
            if let Some((conn, _)) = errand.asked
                && let Some(c) = self.conns.get_mut(&conn)
            {
                c.pings.retain(|other| *other != job);
            }
            self.fail_job(job, Code::Timeout, self.config.retry, t);
        }
    }

    /// A probe was answered.
    pub(super) fn on_pong(&mut self, conn: ConnId, rtt: Span, load_permille: u16, t: &mut Turn<'_, '_>) {
        let Some(c) = self.conns.get_mut(&conn) else { return };
        for job in core::mem::take(&mut c.pings) {
            if self.jobs.remove(&job).is_some() {
                t.emit(Effect::Told { job, told: Told::Pong { rtt, load_permille } });
            }
        }
        self.linger(t);
    }

    /// The answer to a purge of an application.
    pub(super) fn on_purge_answer(&mut self, job: JobId, frame: Frame, t: &mut Turn<'_, '_>) {
        match frame {
            Frame::Purged(purged) if self.jobs.remove(&job).is_some() => {
                t.emit(Effect::Told { job, told: Told::Purged { upto: Version(purged.version), nodes: purged.nodes } });
            }
            Frame::Fail(fail) => self.fail_job(job, super::notices::code_of(&fail), super::notices::retry_of(&fail), t),
            _ => {}
        }
    }

    fn cancel_job(&mut self, job: JobId, t: &mut Turn<'_, '_>) {
        match self.jobs.get(&job) {
            Some(Job::Get(_)) => t.later(Work::Transfer(job, transfer::Input::Cancel)),
            Some(Job::Errand(errand)) => {
                let asked = errand.asked;
                self.fail_job(job, Code::Cancelled, Span::ZERO, t);
                if let Some((conn, Some(stream))) = asked {
                    self.abort(conn, stream, Code::Cancelled, t);
                }
            }
            None => {}
        }
    }

    /// An errand has failed.
    pub(super) fn fail_job(&mut self, job: JobId, code: Code, retry: Span, t: &mut Turn<'_, '_>) {
        if matches!(self.jobs.get(&job), Some(Job::Errand(_))) {
            self.jobs.remove(&job);
            t.emit(failed(job, code, retry));
            self.linger(t);
        }
    }
}

const fn failed(job: JobId, code: Code, retry: Span) -> Effect {
    Effect::Told { job, told: Told::Failed { code, retry, resume: None } }
}
