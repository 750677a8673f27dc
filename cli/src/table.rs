//! Small tables for the terminal and for Markdown.

/// Rows under a head. Columns named in `right` are aligned to the right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    head: Vec<&'static str>,
    right: &'static [usize],
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table.
    pub(crate) fn new(head: &[&'static str], right: &'static [usize]) -> Self {
        Self { head: head.to_vec(), right, rows: Vec::new() }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Columns parted by two spaces.
    pub(crate) fn text(&self) -> String {
        let widths = self.widths();
        let mut text = String::new();
        let head: Vec<String> = self.head.iter().map(|&cell| cell.to_owned()).collect();
        for row in std::iter::once(&head).chain(&self.rows) {
            let line: Vec<String> = row.iter().enumerate().map(|(column, cell)| self.pad(column, cell, widths[column])).collect();
            text += line.join("  ").trim_end();
            text.push('\n');
        }
        text
    }

    /// A Markdown table.
    pub(crate) fn markdown(&self) -> String {
        let mut text = format!("| {} |\n|", self.head.join(" | "));
        for column in 0..self.head.len() {
            text += if self.right.contains(&column) { "--:|" } else { "---|" };
        }
        text.push('\n');
        for row in &self.rows {
            let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
            text += &format!("| {} |\n", cells.join(" | "));
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
            cells.max().unwrap_or(0).max(self.head[column].chars().count())
        };
        (0..self.head.len()).map(width).collect()
    }

    fn pad(&self, column: usize, cell: &str, width: usize) -> String {
        let spaces = " ".repeat(width.saturating_sub(cell.chars().count()));
        if self.right.contains(&column) { format!("{spaces}{cell}") } else { format!("{cell}{spaces}") }
    }
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_line_up() {
        let mut table = Table::new(&["arm", "rate"], &[1]);
        table.row(["engine".to_owned(), "4".to_owned()]);
        table.row(["a|b".to_owned(), "123".to_owned()]);
        assert_eq!(table.text(), "arm     rate\nengine     4\na|b      123\n");
        assert_eq!(table.markdown(), "| arm | rate |\n|---|--:|\n| engine | 4 |\n| a\\|b | 123 |\n");
    }
}
