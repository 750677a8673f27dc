//! A node keeps its promises among others: what is put can be got, whole and in part, through whatever is between.

mod chain;
mod town;
