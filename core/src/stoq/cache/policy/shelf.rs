//! What the policies are built from: objects in up to three queues, found by key.
//!
//! The nodes of all queues lie in one slab, linked by places of 32 bits; free ones are linked too. Moving an object costs a few writes and no
//! allocation.

use super::Key;
use super::index::{Index, NONE};

/// Queues on a shelf.
pub(super) const QUEUES: usize = 3;

#[derive(Clone, Copy, Debug)]
struct Node<K> {
    key: K,
    bytes: u64,
    /// Towards the newest of its queue.
    newer: u32,
    /// Towards the oldest of its queue; the next free node, for a free one.
    older: u32,
    queue: u8,
    mark: u8,
}

#[derive(Clone, Copy, Debug)]
struct Queue {
    newest: u32,
    oldest: u32,
    len: usize,
    bytes: u64,
}

/// The shelf.
#[derive(Clone, Debug)]
pub struct Shelf<K> {
    nodes: Vec<Node<K>>,
    free: u32,
    queues: [Queue; QUEUES],
    index: Index,
    seed: u64,
}

impl<K: Key> Shelf<K> {
    pub(super) fn new(seed: u64) -> Self {
        let empty = Queue { newest: NONE, oldest: NONE, len: 0, bytes: 0 };
        Self { nodes: Vec::new(), free: NONE, queues: [empty; QUEUES], index: Index::default(), seed }
    }

    /// The place of a key in any queue.
    #[inline]
    pub(super) fn find(&self, key: &K) -> Option<u32> {
        self.index.get(key.hash(self.seed), |place| self.nodes[place as usize].key == *key)
    }

    /// Puts a new key in front of a queue, unmarked.
    pub(super) fn push(&mut self, queue: usize, key: K, bytes: u64) -> u32 {
        let node = Node { key, bytes, newer: NONE, older: NONE, queue: queue as u8, mark: 0 };
        let place = if self.free == NONE {
            self.nodes.push(node);
            (self.nodes.len() - 1) as u32
        } else {
            let place = self.free;
            self.free = self.nodes[place as usize].older;
            self.nodes[place as usize] = node;
            place
        };
        self.index.insert(key.hash(self.seed), place);
        self.link(place, queue);
        place
    }

    /// Moves an object to the front of a queue.
    pub(super) fn renew(&mut self, place: u32, queue: usize) {
        self.unlink(place);
        self.link(place, queue);
    }

    /// Takes an object off the shelf.
    pub(super) fn take(&mut self, place: u32) -> (K, u64) {
        self.unlink(place);
        let Node { key, bytes, .. } = self.nodes[place as usize];
        let nodes = &self.nodes;
        self.index.remove(key.hash(self.seed), |at| nodes[at as usize].key == key);
        self.nodes[place as usize].older = self.free;
        self.free = place;
        (key, bytes)
    }

    /// Changes the size of an object.
    pub(super) fn resize(&mut self, place: u32, bytes: u64) {
        let node = &mut self.nodes[place as usize];
        let queue = &mut self.queues[usize::from(node.queue)];
        queue.bytes = queue.bytes - node.bytes + bytes;
        node.bytes = bytes;
    }

    pub(super) fn oldest(&self, queue: usize) -> Option<u32> {
        let place = self.queues[queue].oldest;
        (place != NONE).then_some(place)
    }

    /// The next newer object of the same queue.
    pub(super) fn newer(&self, place: u32) -> Option<u32> {
        let newer = self.nodes[place as usize].newer;
        (newer != NONE).then_some(newer)
    }

    pub(super) fn key(&self, place: u32) -> K {
        self.nodes[place as usize].key
    }

    pub(super) fn bytes_of(&self, place: u32) -> u64 {
        self.nodes[place as usize].bytes
    }

    pub(super) fn queue_of(&self, place: u32) -> usize {
        usize::from(self.nodes[place as usize].queue)
    }

    /// A number that the policy keeps beside the object.
    pub(super) fn mark(&self, place: u32) -> u8 {
        self.nodes[place as usize].mark
    }

    pub(super) fn set_mark(&mut self, place: u32, mark: u8) {
        self.nodes[place as usize].mark = mark;
    }

    pub(super) fn len(&self, queue: usize) -> usize {
        self.queues[queue].len
    }

    pub(super) fn bytes(&self, queue: usize) -> u64 {
        self.queues[queue].bytes
    }

    /// The objects of a queue, oldest first.
    pub(super) fn each(&self, queue: usize, each: &mut dyn FnMut(K, u64)) {
        let mut at = self.queues[queue].oldest;
        while at != NONE {
            let node = &self.nodes[at as usize];
            each(node.key, node.bytes);
            at = node.newer;
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<Node<K>>() + self.index.heap_bytes()
    }

    fn link(&mut self, place: u32, queue: usize) {
        let front = self.queues[queue].newest;
        let node = &mut self.nodes[place as usize];
        (node.newer, node.older, node.queue) = (NONE, front, queue as u8);
        let bytes = node.bytes;
        match front {
            NONE => self.queues[queue].oldest = place,
            front => self.nodes[front as usize].newer = place,
        }
        let queue = &mut self.queues[queue];
        queue.newest = place;
        queue.len += 1;
        queue.bytes += bytes;
    }

    fn unlink(&mut self, place: u32) {
        let Node { newer, older, queue, bytes, .. } = self.nodes[place as usize];
        match newer {
            NONE => self.queues[usize::from(queue)].newest = older,
            newer => self.nodes[newer as usize].older = older,
        }
        match older {
            NONE => self.queues[usize::from(queue)].oldest = newer,
            older => self.nodes[older as usize].newer = newer,
        }
        let queue = &mut self.queues[usize::from(queue)];
        queue.len -= 1;
        queue.bytes -= bytes;
    }
}
