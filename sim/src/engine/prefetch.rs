//! A hint to the processor: the memory behind this reference is wanted soon. Changes no answer.

/// Asks for the cache lines that `value` begins and ends in.
#[inline(always)]
pub(super) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: prefetching reads nothing and cannot fault, and the address is that of a live reference.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        let start = std::ptr::from_ref(value).cast::<i8>();
        _mm_prefetch(start, _MM_HINT_T0);
        if size_of::<T>() > align_of::<T>() {
            _mm_prefetch(start.wrapping_add(size_of::<T>() - 1), _MM_HINT_T0);
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}

/// Asks for the cache line after the last item of `list`, to write to it.
#[inline(always)]
pub(super) fn prefetch_end<T>(list: &[T]) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: prefetching writes nothing and cannot fault; the address is within or one past the end of the list's own memory.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_ET0, _mm_prefetch};
        _mm_prefetch(list.as_ptr().wrapping_add(list.len()).cast::<i8>(), _MM_HINT_ET0);
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = list;
}
