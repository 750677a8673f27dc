//! An origin and its copies: the keeper of core decides, and an object is handed on as anybody stores one, with a PUT.

use super::config::Config;
use super::flock::key;
use super::wakeup::Wakeup;
use super::{Effect, Job, Live, Wanted};
use hypermesh_core::base::NodeId;
use hypermesh_core::machine::{Cx, Machine};
use hypermesh_core::node::{self, Content, Fact};
use hypermesh_core::stoq::chunk::{ChunkId, ManifestId};
use hypermesh_core::stoq::node::{JobId, Told};
use hypermesh_core::stoq::replication::Stock;
use hypermesh_core::stoq::replication::keeper::{self, Keeper};
use std::sync::Arc;

impl Live {
    /// An origin of a flock comes up: in its first life it knows where everything is, later only what it has itself.
    pub(super) fn keep(&mut self, config: &Config, returns: bool, cx: &mut Cx<'_, Effect>) {
        let Some(flock) = &config.flock else { return };
        let settings = keeper::Config { replicas: flock.copies(), ..keeper::Config::default() };
        let mut keeper = Keeper::new(Arc::new(settings), cx.me, flock.placement(cx.now));
        let mut nothing = Vec::new();
        for object in 0..config.catalogue.len() {
            let homes = flock.homes(object);
            let holders = match returns {
                false => homes,
                true if self.disk.has_object(object, &config.catalogue, homes.contains(&cx.me)) => vec![cx.me],
                true => continue,
            };
            let len = config.catalogue.object(object).len as u32;
            let known = keeper::Input::Known(Stock { id: key(object), len, holders });
            keeper.handle(known, &mut cx.child(&mut nothing));
        }
        self.keeper = Some(keeper);
        for at in flock.news(cx.now) {
            cx.emit(node::Effect::Wake { after: at.since(cx.now), why: Wakeup::News });
        }
        if returns {
            self.hear(config, cx);
        }
    }

    /// Who is a member is told anew.
    pub(super) fn hear(&mut self, config: &Config, cx: &mut Cx<'_, Effect>) {
        let Some(flock) = &config.flock else { return };
        self.heard = cx.now;
        let placement = flock.placement(cx.now);
        // Who is not yet known to be back sees to nothing.
        if placement.knows(cx.me) {
            self.tend(config, |keeper, cx| keeper.handle(keeper::Input::Members(placement), cx), cx);
        }
    }

    /// An object was stored here by somebody.
    pub(super) fn bound(&mut self, root: ManifestId, config: &Config, cx: &mut Cx<'_, Effect>) {
        let Some(object) = config.catalogue.rooted(&root).filter(|_| self.keeper.is_some()) else { return };
        let len = config.catalogue.object(object).len as u32;
        let known = keeper::Input::Known(Stock { id: key(object), len, holders: vec![cx.me] });
        self.tend(config, |keeper, cx| keeper.handle(known, cx), cx);
    }

    /// Lets the keeper react, and does what it asks for.
    pub(super) fn tend(&mut self, config: &Config, react: impl FnOnce(&mut Keeper, &mut Cx<'_, keeper::Effect>), cx: &mut Cx<'_, Effect>) {
        let Some(keeper) = &mut self.keeper else { return };
        let mut asked = Vec::new();
        react(keeper, &mut cx.child(&mut asked));
        for effect in asked {
            match effect {
                keeper::Effect::Copy { id, to } => self.hand_on(id, to, config, cx),
                keeper::Effect::Drop { id } => {
                    let Some(object) = object_of(id, config) else { continue };
                    self.disk.drop_object(object, &config.catalogue);
                    cx.emit(node::Effect::Fact(Fact::Content(Content::Dropped { object })));
                }
                keeper::Effect::Wake { after, why } => cx.emit(node::Effect::Wake { after, why: Wakeup::Keeper(why) }),
            }
        }
    }

    fn hand_on(&mut self, id: ChunkId, to: NodeId, config: &Config, cx: &mut Cx<'_, Effect>) {
        let Some(object) = object_of(id, config) else { return };
        let job = HERD | self.copies;
        self.copies = (self.copies + 1) % HERD;
        self.jobs.insert(job, Job::new(object, cx.now, Wanted::Copy(to)));
        self.again(job, &config.catalogue);
    }

    /// The other origin has it, or could not take it.
    pub(super) fn told_of_copy(&mut self, JobId(job): JobId, told: &Told, config: &Config, cx: &mut Cx<'_, Effect>) {
        let Some(Job { object, what: Wanted::Copy(to), .. }) = self.jobs.get(&job).copied() else { return };
        let id = key(object);
        let input = match told {
            Told::Stored { sent, .. } => {
                let (took, lacked) = (cx.now.since(self.heard), *sent > 0);
                cx.emit(node::Effect::Fact(Fact::Content(Content::Copied { object, to, took, lacked })));
                keeper::Input::Stored { id, to }
            }
            Told::Failed { .. } => keeper::Input::Refused { id, to },
            _ => return,
        };
        self.jobs.remove(&job);
        self.tend(config, |keeper, cx| keeper.handle(input, cx), cx);
    }
}

/// Jobs of the keeper have numbers of their own.
const HERD: u32 = 1 << 31;

fn object_of(id: ChunkId, config: &Config) -> Option<u32> {
    config.flock_keys.get(&id).copied()
}
