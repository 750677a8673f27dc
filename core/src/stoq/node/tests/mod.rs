//! A node keeps its promises among others: what is put can be got, whole and in part, through whatever is between.

mod bounds;
mod by_hand;
mod chain;
mod dead;
mod history;
mod purges;
mod town;
mod trouble;
