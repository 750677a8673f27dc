//! How often keys were asked for lately, roughly: a count-min sketch (Cormode, Muthukrishnan 2005) with counters of four bits, conservative update
//! (Estan, Varghese 2002) and ageing by halves (TinyLFU, Einziger et al. 2017, clause 3.3).

/// Rows of counters; the least of a key's counters is its estimate.
const ROWS: usize = 4;
/// The largest count.
const COUNT_MAX: u64 = 15;
/// Counters of a row per object of the cache, before rounding up to a power of two.
const WIDTH_PER_OBJECT: usize = 4;
/// Requests per object of the cache after which all counts are halved.
const SAMPLE_PER_OBJECT: usize = 10;

/// The sketch. It never underestimates, but for the halving and the largest count.
#[derive(Clone, Debug)]
pub struct Sketch {
    /// Sixteen counters a word; row after row.
    words: Vec<u64>,
    /// Counters of a row less one; the width is a power of two.
    mask: u64,
    objects: usize,
    /// Requests counted, halved with the counts (clause 3.3 of the paper): after the first time they are halved twice as often.
    additions: usize,
}

impl Default for Sketch {
    fn default() -> Self {
        Self { words: vec![0; ROWS * 4], mask: 63, objects: 16, additions: 0 }
    }
}

impl Sketch {
    /// Makes the sketch wide enough for a cache of `objects`. What was counted stays counted: each half of a doubled row begins as a copy.
    pub fn fit(&mut self, objects: usize) {
        self.objects = self.objects.max(objects);
        while self.mask as usize + 1 < self.objects * WIDTH_PER_OBJECT {
            let row = (self.mask as usize + 1) / 16;
            self.words = self.words.chunks_exact(row).flat_map(|words| words.iter().chain(words)).copied().collect();
            self.mask = self.mask * 2 + 1;
        }
    }

    /// Counts a request for the key with this hash.
    pub fn add(&mut self, hash: u64) {
        let least = self.estimate(hash);
        if least < COUNT_MAX {
            for row in 0..ROWS {
                let (word, shift) = self.counter(hash, row);
                if self.words[word] >> shift & COUNT_MAX == least {
                    self.words[word] += 1 << shift;
                }
            }
        }
        self.additions += 1;
        if self.additions >= self.objects * SAMPLE_PER_OBJECT {
            self.words.iter_mut().for_each(|word| *word = *word >> 1 & 0x7777_7777_7777_7777);
            self.additions /= 2;
        }
    }

    /// How often the key with this hash was asked for lately, at most 15.
    pub fn estimate(&self, hash: u64) -> u64 {
        (0..ROWS).map(|row| self.counter(hash, row)).map(|(word, shift)| self.words[word] >> shift & COUNT_MAX).min().unwrap_or(0)
    }

    /// Bytes on the heap.
    pub fn heap_bytes(&self) -> usize {
        self.words.capacity() * size_of::<u64>()
    }

    /// The word and the bit of a key's counter in a row (double hashing, Kirsch and Mitzenmacher 2006).
    #[inline]
    fn counter(&self, hash: u64, row: usize) -> (usize, u32) {
        let column = hash.wrapping_add((row as u64).wrapping_mul(hash >> 32 | 1)) & self.mask;
        (row * (self.mask as usize + 1) / 16 + column as usize / 16, (column % 16) as u32 * 4)
    }
}
