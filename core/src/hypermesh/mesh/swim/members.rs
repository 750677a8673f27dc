//! Who is watched: eight bytes a member, and the order in which they are probed.

use super::config::{CELL_MAX, Scope};
use super::message::Status;
use crate::base::{NodeId, Purpose};
use crate::machine::Cx;

/// Steps of the shuffle that one draw pays for.
const BATCH: usize = 32;

/// One member: its name, its highest known incarnation and its status.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) id: NodeId,
    word: u32,
}

impl Member {
    const fn new(id: NodeId) -> Self {
        Self { id, word: 0 }
    }

    pub(super) const fn status(self) -> Status {
        Status::numbered(self.word)
    }

    pub(super) const fn incarnation(self) -> u32 {
        self.word >> 2
    }

    pub(super) const fn is_gone(self) -> bool {
        self.status().is_gone()
    }

    pub(super) const fn set(&mut self, status: Status, incarnation: u32) {
        self.word = incarnation << 2 | status as u32;
    }
}

/// All members that this node watches, without itself where they are a view.
///
/// A view is a list in probe order, searched from its start. A cell is a table by number, and its probe order is a list beside it.
#[derive(Clone, Debug)]
pub(super) struct Members {
    list: Vec<Member>,
    cell: Option<Box<Cell>>,
    /// The next place in probe order.
    cursor: u32,
}

#[derive(Clone, Debug)]
struct Cell {
    first: u32,
    order: Vec<u16>,
    /// Members that are not held for gone, this node included.
    present: u32,
}

impl Members {
    pub(super) fn new(scope: Scope) -> Self {
        match scope {
            Scope::View => Self { list: Vec::new(), cell: None, cursor: 0 },
            Scope::Cell { first, count } => {
                let count = count.min(CELL_MAX);
                let list = (0..count).map(|i| Member::new(NodeId(first + i))).collect();
                let order = (0..count as u16).collect();
                Self { list, cell: Some(Box::new(Cell { first, order, present: count })), cursor: 0 }
            }
        }
    }

    pub(super) const fn is_cell(&self) -> bool {
        self.cell.is_some()
    }

    /// How many live, as far as is known, this node included.
    pub(super) fn present(&self) -> u32 {
        self.cell.as_ref().map_or(self.list.len() as u32 + 1, |cell| cell.present)
    }

    pub(super) fn find(&self, id: NodeId) -> Option<usize> {
        match &self.cell {
            Some(cell) => id.0.checked_sub(cell.first).map(|i| i as usize).filter(|&i| i < self.list.len()),
            None => self.list.iter().position(|member| member.id == id),
        }
    }

    pub(super) fn get(&self, id: NodeId) -> Option<Member> {
        self.find(id).map(|i| self.list[i])
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Member> {
        self.list.iter()
    }

    pub(super) fn set(&mut self, i: usize, status: Status, incarnation: u32) {
        let was_gone = self.list[i].is_gone();
        self.list[i].set(status, incarnation);
        if let Some(cell) = &mut self.cell {
            match (was_gone, self.list[i].is_gone()) {
                (false, true) => cell.present -= 1,
                (true, false) => cell.present += 1,
                _ => {}
            }
        }
    }

    /// A new peer of the view, at a random place among those that this round has not probed yet (SWIM, clause 4.3). False if it is there already.
    pub(super) fn insert<E>(&mut self, id: NodeId, cx: &mut Cx<'_, E>) -> bool {
        if self.is_cell() || id == cx.me || self.find(id).is_some() {
            return false;
        }
        self.list.push(Member::new(id));
        let rest = self.list.len() - (self.cursor as usize).min(self.list.len() - 1);
        let place = self.list.len() - 1 - cx.draw(Purpose::Peer).index(rest);
        let last = self.list.len() - 1;
        self.list.swap(place, last);
        true
    }

    /// A peer that the view has lost.
    pub(super) fn remove(&mut self, id: NodeId) {
        if self.is_cell() {
            return;
        }
        if let Some(i) = self.find(id) {
            self.list.remove(i);
            if (i as u32) < self.cursor {
                self.cursor -= 1;
            }
        }
    }

    /// The next member to probe: each once in a round, in an order shuffled anew for each round.
    pub(super) fn next_target<E>(&mut self, cx: &mut Cx<'_, E>) -> Option<NodeId> {
        for _ in 0..self.list.len() {
            if self.cursor as usize >= self.list.len() {
                self.cursor = 0;
            }
            let at = self.cursor as usize;
            if at.is_multiple_of(BATCH) {
                self.shuffle(at, cx);
            }
            self.cursor += 1;
            let member = match &self.cell {
                Some(cell) => self.list[usize::from(cell.order[at])],
                None => self.list[at],
            };
            if member.id != cx.me && !member.is_gone() {
                return Some(member.id);
            }
        }
        None
    }

    /// The steps of Fisher and Yates' shuffle for the places `from..from + BATCH`.
    fn shuffle<E>(&mut self, from: usize, cx: &mut Cx<'_, E>) {
        let len = self.list.len();
        let mut draw = cx.draw(Purpose::Exchange);
        for i in from..len.min(from + BATCH) {
            let j = i + draw.index(len - i);
            match &mut self.cell {
                Some(cell) => cell.order.swap(i, j),
                None => self.list.swap(i, j),
            }
        }
    }

    /// Up to `count` different members for which `wanted` holds, drawn uniformly: fewer where 32 tries do not find more.
    pub(super) fn sample<E>(&self, count: usize, cx: &mut Cx<'_, E>, wanted: impl Fn(Member) -> bool) -> Vec<NodeId> {
        let mut chosen = Vec::new();
        if count == 0 || self.list.is_empty() {
            return chosen;
        }
        let mut draw = cx.draw(Purpose::Peer);
        for _ in 0..32 {
            let member = self.list[draw.index(self.list.len())];
            if wanted(member) && !chosen.contains(&member.id) {
                chosen.push(member.id);
                if chosen.len() == count {
                    break;
                }
            }
        }
        chosen
    }

    pub(super) fn heap_bytes(&self) -> usize {
        let cell = self.cell.as_ref().map_or(0, |cell| size_of::<Cell>() + cell.order.capacity() * size_of::<u16>());
        self.list.capacity() * size_of::<Member>() + cell
    }
}
