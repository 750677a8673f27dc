//! Memory of processes in which contents come and go by the thousand in a second.

use std::hint::black_box;

/// Bytes of the block whose size becomes the bound.
const BLOCK_BYTES: usize = 8 << 20;

/// Lets the allocator keep pages that are free for a moment. By default that of the GNU C library gives the end of a heap back to the system as soon as 128
/// KiB of it are free, and asks for it again with the next contents: a page fault for every four kilobytes that a node moves.
///
/// It raises this bound by itself, to twice the size of a large block that it gave back (mallopt(3), "dynamic mmap threshold"), so one is taken and given
/// back, without a page of it being touched. Each heap keeps 16 MiB at most. Other allocators are not concerned.
pub fn keep_pages() {
    drop(black_box(Vec::<u8>::with_capacity(BLOCK_BYTES)));
}
