//! Updates that are still to be told, the least told first (SWIM, clause 4.1).

use super::message::Update;

/// One update and how often it has been told.
#[derive(Clone, Copy, Debug)]
struct Rumour {
    update: Update,
    told: u8,
}

/// The updates of a cell that this node still passes on: one for each member at most, in the order of how often they were told.
#[derive(Clone, Debug, Default)]
pub(super) struct Rumours {
    list: Vec<Rumour>,
}

impl Rumours {
    pub(super) const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// A new update. It takes the place of what was told about the same member.
    pub(super) fn add(&mut self, update: Update) {
        self.list.retain(|rumour| rumour.update.member != update.member);
        self.insert(Rumour { update, told: 0 });
    }

    /// Appends up to `room` updates, each of which is told at most `repeats` times in all.
    pub(super) fn take(&mut self, room: usize, repeats: u8, out: &mut Vec<Update>) {
        let count = room.min(self.list.len());
        out.extend(self.list[..count].iter().map(|rumour| rumour.update));
        let mut told = [None; super::UPDATES_MAX as usize];
        for (slot, rumour) in told.iter_mut().zip(self.list.drain(..count)) {
            *slot = Some(Rumour { told: rumour.told + 1, ..rumour }).filter(|rumour| rumour.told < repeats);
        }
        told.into_iter().flatten().for_each(|rumour| self.insert(rumour));
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.list.capacity() * size_of::<Rumour>()
    }

    fn insert(&mut self, rumour: Rumour) {
        let place = self.list.partition_point(|other| other.told <= rumour.told);
        self.list.insert(place, rumour);
    }
}

/// How often an update is told in a group of `present` members: `factor` times log10(members + 1), rounded up.
pub(super) fn repeats(factor: u8, present: u32) -> u8 {
    factor.saturating_mul(libm::ceil(libm::log10(f64::from(present) + 1.0)) as u8).max(1)
}
