//! The tables of the text, for families whose specification is a table.

use crate::{FOLDER, Text, root};
use std::sync::OnceLock;

/// The rows of all tables of a clause that have so many columns, heads and rules included, without backquotes.
pub(super) fn rows(clause: u8, columns: usize) -> Vec<Vec<String>> {
    static TEXT: OnceLock<Text> = OnceLock::new();
    let text = TEXT.get_or_init(|| Text::load(&root().join(FOLDER)).expect("the text of the standard can be read"));
    let page = text.clause(clause).expect("the clause is there");
    let plain = |cells: Vec<&str>| cells.iter().map(|cell| cell.replace('`', "")).collect::<Vec<_>>();
    page.rows().map(|(_, _, cells)| plain(cells)).filter(|cells| cells.len() == columns).collect()
}
