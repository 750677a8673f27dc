//! The queue: a time wheel of unsorted slots, with a coarse wheel behind it (Varghese and Lauck, SOSP 1987, scheme 6 with a hierarchy of two).
//!
//! An event is written to the end of its slot's newest block and read once when the slot's time comes; the reader sorts the slot. So a push costs one
//! write wherever in time it goes, and a slot of a wrong width costs a longer sort, never a search. Blocks are recycled: a steady load allocates
//! nothing.

use std::collections::BTreeMap;

/// Slots of the fine wheel.
const SLOTS: usize = 1 << 13;
/// The fine wheel holds this many granules; one more is moved in whenever the first is entered.
const GRANULES: u64 = 4;
/// Slots of one granule, the unit of the coarse wheel.
const GRANULE: u64 = SLOTS as u64 / GRANULES;
/// Events of one block.
const BLOCK: usize = 64;

/// What is queued must know its time.
pub trait Timed {
    /// When, in ns.
    fn at(&self) -> u64;
}

impl<M, W> Timed for super::Event<M, W> {
    fn at(&self) -> u64 {
        self.at
    }
}

#[derive(Debug)]
struct Slot<E> {
    open: Vec<E>,
    full: Vec<Vec<E>>,
}

impl<E> Slot<E> {
    /// Puts the full block away and goes on with a fresh one.
    #[cold]
    fn turn_over(&mut self, fresh: Vec<E>) {
        let full = std::mem::replace(&mut self.open, fresh);
        if full.capacity() > 0 {
            self.full.push(full);
        }
    }
}

/// A queue of events by time.
#[derive(Debug)]
pub struct Wheel<E> {
    shift: u32,
    /// The slot whose time has come; everything before it is gone.
    now: u64,
    slots: Vec<Slot<E>>,
    /// One bit a slot: whether it holds anything.
    busy: Vec<u64>,
    coarse: BTreeMap<u64, Vec<Vec<E>>>,
    spare: Vec<Vec<E>>,
    len: usize,
    blocks: usize,
}

impl<E: Timed> Wheel<E> {
    /// A queue whose slots are `2^shift` ns wide.
    pub fn new(shift: u32) -> Self {
        let slots = (0..SLOTS).map(|_| Slot { open: Vec::new(), full: Vec::new() }).collect();
        Self { shift, now: 0, slots, busy: vec![0; SLOTS / 64], coarse: BTreeMap::new(), spare: Vec::new(), len: 0, blocks: 0 }
    }

    /// Adds an event. One whose slot has passed is a defect of the caller.
    #[inline(always)]
    pub fn push(&mut self, event: E) {
        let slot = event.at() >> self.shift;
        debug_assert!(slot >= self.now, "an event is never queued for the past");
        self.len += 1;
        if slot / GRANULE < self.now / GRANULE + GRANULES {
            self.push_fine(slot, event);
        } else {
            self.push_coarse(slot / GRANULE, event);
        }
    }

    /// Asks for the memory that an event of this time would be written to. Most of a push is waiting for it.
    #[inline(always)]
    pub fn expect(&self, at: u64) {
        super::prefetch::prefetch_end(&self.slots[(at >> self.shift) as usize % SLOTS].open);
    }

    #[inline(always)]
    fn push_fine(&mut self, slot: u64, event: E) {
        let index = slot as usize % SLOTS;
        self.busy[index / 64] |= 1 << (index % 64);
        let place = &mut self.slots[index];
        if place.open.len() == place.open.capacity() {
            place.turn_over(Self::block(&mut self.spare, &mut self.blocks));
        }
        // An event is written where it stays, field by field; handed on through memory it would stall the reader of what was just written.
        place.open.push(event);
    }

    #[cold]
    fn push_coarse(&mut self, granule: u64, event: E) {
        let blocks = self.coarse.entry(granule).or_default();
        if blocks.last().is_none_or(|block| block.len() == block.capacity()) {
            blocks.push(Self::block(&mut self.spare, &mut self.blocks));
        }
        blocks.last_mut().expect("a block was just added").push(event);
    }

    #[cold]
    fn block(spare: &mut Vec<Vec<E>>, blocks: &mut usize) -> Vec<E> {
        spare.pop().unwrap_or_else(|| {
            *blocks += 1;
            Vec::with_capacity(BLOCK)
        })
    }

    /// When the first slot that holds anything begins.
    pub fn next_slot(&self) -> Option<u64> {
        self.next_fine().or_else(|| self.coarse.keys().next().map(|granule| granule * GRANULE)).map(|slot| slot << self.shift)
    }

    /// The first busy fine slot at or after now, searched word by word around the wheel.
    fn next_fine(&self) -> Option<u64> {
        let start = self.now as usize % SLOTS;
        let words = self.busy.len();
        for step in 0..=words {
            let word = (start / 64 + step) % words;
            let mut bits = self.busy[word];
            if step == 0 {
                bits &= u64::MAX << (start % 64);
            } else if step == words {
                bits &= !(u64::MAX << (start % 64));
            }
            if bits != 0 {
                let index = word * 64 + bits.trailing_zeros() as usize;
                return Some(self.now + ((index + SLOTS - start) % SLOTS) as u64);
            }
        }
        None
    }

    /// Moves to the slot that begins at `start` (no event may be queued before it) and appends what it holds to `out`, unsorted.
    pub fn take_slot(&mut self, start: u64, out: &mut Vec<Option<E>>) {
        let slot = start >> self.shift;
        self.enter(slot);
        let index = slot as usize % SLOTS;
        self.busy[index / 64] &= !(1 << (index % 64));
        let place = &mut self.slots[index];
        let before = out.len();
        for mut block in place.full.drain(..) {
            out.extend(block.drain(..).map(Some));
            self.spare.push(block);
        }
        if place.open.capacity() > 0 {
            out.extend(place.open.drain(..).map(Some));
            self.spare.push(std::mem::take(&mut place.open));
        }
        self.len -= out.len() - before;
    }

    /// Makes `slot` the present one and moves the granules that come within reach to the fine wheel.
    fn enter(&mut self, slot: u64) {
        debug_assert!(slot >= self.now, "time never runs backwards");
        self.now = slot;
        while let Some(entry) = self.coarse.first_entry() {
            if *entry.key() >= slot / GRANULE + GRANULES {
                break;
            }
            for mut block in entry.remove() {
                for event in block.drain(..) {
                    self.push_fine(event.at() >> self.shift, event);
                }
                self.spare.push(block);
            }
        }
    }

    /// Width of a slot in ns.
    pub const fn width(&self) -> u64 {
        1 << self.shift
    }

    /// Events queued.
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is queued.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes held, spare blocks included.
    pub const fn bytes(&self) -> usize {
        self.blocks * BLOCK * size_of::<E>() + self.slots.capacity() * size_of::<Slot<E>>()
    }

    /// Everything that is still queued, in no order.
    pub fn iter(&self) -> impl Iterator<Item = &E> {
        let fine = self.slots.iter().flat_map(|slot| slot.full.iter().flatten().chain(&slot.open));
        fine.chain(self.coarse.values().flatten().flatten())
    }
}
