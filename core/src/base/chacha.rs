//! One block of ChaCha8 (Bernstein 2008, with his 64-bit counter and 64-bit stream).
//!
//! Most draws need one or two numbers. `rand_chacha` always makes four blocks, which is right for long streams and costs more than everything else that
//! happens at a node for short ones; so the first block of a draw is made here. Tests hold every word to that crate's.

/// Words of 32 bits in a block.
pub(super) const WORDS: usize = 16;

/// A row of the state.
type Row = [u32; 4];

/// The constant in front of the state: "expand 32-byte k".
const CONSTANT: Row = [0x6170_7865, 0x3320_646E, 0x7962_2D32, 0x6B20_6574];

/// Block number `counter` of a stream.
#[inline]
pub(super) fn block(key: &[Row; 2], counter: u64, stream: u64) -> [u32; WORDS] {
    #[cfg(target_arch = "x86_64")]
    type Best = sse2::Register;
    #[cfg(not(target_arch = "x86_64"))]
    type Best = Plain;
    block_in::<Best>(key, counter, stream)
}

/// The block, with its rows held in `L`.
#[inline(always)]
fn block_in<L: Lanes>(key: &[Row; 2], counter: u64, stream: u64) -> [u32; WORDS] {
    let place = [counter as u32, (counter >> 32) as u32, stream as u32, (stream >> 32) as u32];
    let start = [CONSTANT, key[0], key[1], place].map(L::load);
    let mut rows = start;
    for _ in 0..4 {
        quarter_rounds(&mut rows);
        let [a, b, c, d] = rows;
        rows = [a, b.turn1(), c.turn2(), d.turn3()];
        quarter_rounds(&mut rows);
        let [a, b, c, d] = rows;
        rows = [a, b.turn3(), c.turn2(), d.turn1()];
    }
    let [a, b, c, d] = core::array::from_fn(|row| rows[row].add(start[row]).store());
    core::array::from_fn(|word| [a, b, c, d][word / 4][word % 4])
}

/// Four words that are worked on together.
trait Lanes: Copy {
    fn load(row: Row) -> Self;
    fn store(self) -> Row;
    fn add(self, other: Self) -> Self;
    fn xor(self, other: Self) -> Self;
    fn rotate16(self) -> Self;
    fn rotate12(self) -> Self;
    fn rotate8(self) -> Self;
    fn rotate7(self) -> Self;
    /// Each word moves to the place `1`, `2` or `3` before it.
    fn turn1(self) -> Self;
    fn turn2(self) -> Self;
    fn turn3(self) -> Self;
}

/// The quarter round on all four columns.
#[inline(always)]
fn quarter_rounds<L: Lanes>([a, b, c, d]: &mut [L; 4]) {
    *a = a.add(*b);
    *d = d.xor(*a).rotate16();
    *c = c.add(*d);
    *b = b.xor(*c).rotate12();
    *a = a.add(*b);
    *d = d.xor(*a).rotate8();
    *c = c.add(*d);
    *b = b.xor(*c).rotate7();
}

/// Four words in one register.
#[cfg(target_arch = "x86_64")]
mod sse2 {
    use safe_arch::{
        add_i32_m128i, bitor_m128i, bitxor_m128i, m128i, shl_imm_u32_m128i, shr_imm_u32_m128i, shuffle_ai_f32_all_m128i,
        shuffle_ai_i16_h64all_m128i, shuffle_ai_i16_l64all_m128i,
    };

    #[derive(Clone, Copy)]
    pub(super) struct Register(m128i);

    #[inline(always)]
    fn rotate<const LEFT: i32, const RIGHT: i32>(v: m128i) -> Register {
        Register(bitor_m128i(shl_imm_u32_m128i::<LEFT>(v), shr_imm_u32_m128i::<RIGHT>(v)))
    }

    impl super::Lanes for Register {
        #[inline(always)]
        fn load(row: super::Row) -> Self {
            Self(m128i::from(row.map(|word| word as i32)))
        }

        #[inline(always)]
        fn store(self) -> super::Row {
            <[i32; 4]>::from(self.0).map(|word| word as u32)
        }

        #[inline(always)]
        fn add(self, other: Self) -> Self {
            Self(add_i32_m128i(self.0, other.0))
        }

        #[inline(always)]
        fn xor(self, other: Self) -> Self {
            Self(bitxor_m128i(self.0, other.0))
        }

        #[inline(always)]
        fn rotate16(self) -> Self {
            // Swaps the halves of each word.
            Self(shuffle_ai_i16_h64all_m128i::<0b10_11_00_01>(shuffle_ai_i16_l64all_m128i::<0b10_11_00_01>(self.0)))
        }

        #[inline(always)]
        fn rotate12(self) -> Self {
            rotate::<12, 20>(self.0)
        }

        #[inline(always)]
        fn rotate8(self) -> Self {
            rotate::<8, 24>(self.0)
        }

        #[inline(always)]
        fn rotate7(self) -> Self {
            rotate::<7, 25>(self.0)
        }

        #[inline(always)]
        fn turn1(self) -> Self {
            Self(shuffle_ai_f32_all_m128i::<0b00_11_10_01>(self.0))
        }

        #[inline(always)]
        fn turn2(self) -> Self {
            Self(shuffle_ai_f32_all_m128i::<0b01_00_11_10>(self.0))
        }

        #[inline(always)]
        fn turn3(self) -> Self {
            Self(shuffle_ai_f32_all_m128i::<0b10_01_00_11>(self.0))
        }
    }
}

/// Four words one by one, where there is no such register.
#[cfg_attr(all(target_arch = "x86_64", not(test)), allow(dead_code, reason = "other machines and the tests use it"))]
#[derive(Clone, Copy)]
struct Plain(Row);

impl Lanes for Plain {
    fn load(row: Row) -> Self {
        Self(row)
    }

    fn store(self) -> Row {
        self.0
    }

    fn add(self, other: Self) -> Self {
        Self(core::array::from_fn(|i| self.0[i].wrapping_add(other.0[i])))
    }

    fn xor(self, other: Self) -> Self {
        Self(core::array::from_fn(|i| self.0[i] ^ other.0[i]))
    }

    fn rotate16(self) -> Self {
        Self(self.0.map(|word| word.rotate_left(16)))
    }

    fn rotate12(self) -> Self {
        Self(self.0.map(|word| word.rotate_left(12)))
    }

    fn rotate8(self) -> Self {
        Self(self.0.map(|word| word.rotate_left(8)))
    }

    fn rotate7(self) -> Self {
        Self(self.0.map(|word| word.rotate_left(7)))
    }

    fn turn1(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([b, c, d, a])
    }

    fn turn2(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([c, d, a, b])
    }

    fn turn3(self) -> Self {
        let [a, b, c, d] = self.0;
        Self([d, a, b, c])
    }
}

#[cfg(test)]
mod tests {
    use super::{Plain, block, block_in};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_machine_makes_the_same_block(key: [[u32; 4]; 2], counter: u64, stream: u64) {
            prop_assert_eq!(block(&key, counter, stream), block_in::<Plain>(&key, counter, stream));
        }
    }
}
