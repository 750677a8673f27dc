//! Publishing: a new version is stored at the origin, and when that is acknowledged, what came before it is purged. Whatever fails is tried again, until it
//! is acknowledged or the node stops.

use super::catalogue::{Catalogue, FIRST};
use super::config::Config;
use super::wakeup::Wakeup;
use super::{Effect, Job, Live, Site, Wanted};
use hypermesh_core::base::Span;
use hypermesh_core::machine::Cx;
use hypermesh_core::node::{self, Content, Fact};
use hypermesh_core::stoq::cache::Version;
use hypermesh_core::stoq::node::{Command, Input, JobId, Offer, ServerId, Told};
use hypermesh_core::stoq::session::Code;
use hypermesh_core::stoq::session::frame::ContentId;

/// How long after a failure another attempt is made.
const AGAIN: Span = Span::secs(1);

impl Site {
    /// The application publishes a version of an object.
    pub(super) fn revise(&mut self, object: u32, version: Version, cx: &mut Cx<'_, Effect>) {
        cx.emit(node::Effect::Fact(Fact::Content(Content::Publishing)));
        let job = self.jobs;
        self.jobs += 1;
        let (catalogue, asked) = (self.config.catalogue.clone(), cx.now);
        let live = self.wake_up(cx.me, cx.now);
        live.jobs.insert(job, Job::new(object, asked, Wanted::Publish(version)));
        live.again(job, &catalogue);
    }
}

impl Live {
    /// Asks for what a job wants, for the first time or again.
    pub(super) fn again(&mut self, job: u32, catalogue: &Catalogue) {
        let Some(Job { object, what, .. }) = self.jobs.get(&job).copied() else { return };
        let object = catalogue.object(object);
        let command = match what {
            Wanted::Publish(version) | Wanted::Equivocate(version) => {
                let of = if matches!(what, Wanted::Publish(_)) { version } else { FIRST };
                let Some(root) = object.root(of) else { return };
                let Some(manifest) = catalogue.content(&ContentId(root.0)).cloned() else { return };
                let name = object.name.clone();
                Command::Put(Box::new(Offer { server: None, name, version, len: object.len, root, manifest, copies: 1 }))
            }
            Wanted::Copy(to) => {
                let Some(root) = object.root(FIRST) else { return };
                let Some(manifest) = catalogue.content(&ContentId(root.0)).cloned() else { return };
                let server = self.above.iter().position(|node| *node == to).map(|at| ServerId(at as u32));
                let name = object.name.clone();
                Command::Put(Box::new(Offer { server, name, version: FIRST, len: object.len, root, manifest, copies: 1 }))
            }
            Wanted::Purge(upto) => Command::Purge { server: None, name: object.name.clone(), below: false, upto },
            Wanted::Fetch(_) => return,
        };
        self.inputs.push_back(Input::Job { job: JobId(job), command });
    }

    /// The node tells something about a version that is published, or about the purge of those before it.
    pub(super) fn told_of_revision(&mut self, JobId(job): JobId, told: Told, config: &Config, cx: &mut Cx<'_, Effect>) {
        let catalogue = &*config.catalogue;
        self.told_of_copy(JobId(job), &told, config, cx);
        let Some(Job { object, asked, what, .. }) = self.jobs.get_mut(&job) else { return };
        let now = cx.now;
        let mut say = |content| cx.emit(node::Effect::Fact(Fact::Content(content)));
        match (told, *what) {
            (Told::Stored { .. }, Wanted::Publish(version)) => {
                say(Content::Published { took: now.since(*asked) });
                *what = if config.role.equivocates { Wanted::Equivocate(version) } else { Wanted::Purge(Version(version.0 - 1)) };
                self.again(job, catalogue);
            }
            // Somebody published a later one meanwhile; what came before this one has to go all the same.
            (Told::Failed { code: Code::Conflict, .. }, Wanted::Publish(version) | Wanted::Equivocate(version)) => {
                say(Content::Rejected { code: Code::Conflict as u8 });
                *what = Wanted::Purge(Version(version.0 - 1));
                self.again(job, catalogue);
            }
            (Told::Stored { .. }, Wanted::Equivocate(version)) => {
                *what = Wanted::Purge(Version(version.0 - 1));
                self.again(job, catalogue);
            }
            (Told::Purged { .. }, Wanted::Purge(upto)) => {
                say(Content::Forbidden { object: *object, upto: upto.0 });
                self.jobs.remove(&job);
            }
            (_, Wanted::Copy(_)) => {}
            (Told::Failed { code, .. }, _) => {
                say(Content::Rejected { code: code as u8 });
                cx.emit(node::Effect::Wake { after: AGAIN, why: Wakeup::Again(job) });
            }
            _ => {}
        }
    }
}
