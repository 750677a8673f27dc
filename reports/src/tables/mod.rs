//! The tables of a run as Parquet files (zstd), and back.
//!
//! A file is made in memory and handed to the run directory, so that a full disk is met in one place. Times are nanoseconds of virtual time in unsigned
//! 64-bit columns; every table begins with `mode` (`simulated`, `emulated` or `measured`). `reports/README.md` lists the columns.

pub(crate) mod metrics;
pub(crate) mod rows;

use polars::prelude::*;
use std::io::Cursor;

/// Rows that a reader has to take in at once.
const ROWS_PER_GROUP: usize = 1 << 18;

/// A table under construction: columns of equal length.
pub(crate) struct Sheet {
    columns: Vec<Column>,
    rows: usize,
}

impl Sheet {
    /// A table of `rows` rows whose first column is `mode`.
    pub(crate) fn new(mode: &str, rows: usize) -> Self {
        Self { columns: vec![Column::new("mode".into(), vec![mode; rows])], rows }
    }

    pub(crate) fn u64(mut self, name: &str, values: impl Iterator<Item = u64>) -> Self {
        self.columns.push(Column::new(name.into(), values.collect::<Vec<_>>()));
        self
    }

    pub(crate) fn u64_or_null(mut self, name: &str, values: impl Iterator<Item = Option<u64>>) -> Self {
        self.columns.push(Column::new(name.into(), values.collect::<Vec<_>>()));
        self
    }

    pub(crate) fn f64(mut self, name: &str, values: impl Iterator<Item = f64>) -> Self {
        self.columns.push(Column::new(name.into(), values.collect::<Vec<_>>()));
        self
    }

    pub(crate) fn text<'a>(mut self, name: &str, values: impl Iterator<Item = &'a str>) -> Self {
        self.columns.push(Column::new(name.into(), values.collect::<Vec<_>>()));
        self
    }

    pub(crate) fn text_or_null<'a>(mut self, name: &str, values: impl Iterator<Item = Option<&'a str>>) -> Self {
        self.columns.push(Column::new(name.into(), values.collect::<Vec<_>>()));
        self
    }

    /// The bytes of the Parquet file. The library would add its own schema, which makes other readers take text for a type that few of their functions
    /// know; so the file ends without it, and every reader finds plain text.
    pub(crate) fn parquet(self) -> PolarsResult<Vec<u8>> {
        let frame = DataFrame::new(self.rows, self.columns)?;
        let mut bytes = Vec::new();
        let writer = ParquetWriter::new(&mut bytes).with_compression(ParquetCompression::Zstd(None));
        let mut groups = writer.batched(frame.schema())?;
        for from in (0..self.rows).step_by(ROWS_PER_GROUP) {
            groups.write_batch(&frame.slice(from as i64, ROWS_PER_GROUP))?;
        }
        groups.get_writer().lock().expect("nobody else holds the writer").end(Some(Vec::new()))?;
        drop(groups);
        Ok(bytes)
    }
}

/// A table as read from a file.
pub(crate) struct Stored {
    frame: DataFrame,
}

impl Stored {
    pub(crate) fn open(bytes: Vec<u8>) -> PolarsResult<Self> {
        Ok(Self { frame: ParquetReader::new(Cursor::new(bytes)).finish()? })
    }

    pub(crate) fn rows(&self) -> usize {
        self.frame.height()
    }

    pub(crate) fn u64(&self, name: &str) -> PolarsResult<Vec<u64>> {
        Ok(self.frame.column(name)?.u64()?.iter().map(Option::unwrap_or_default).collect())
    }

    pub(crate) fn u64_or_null(&self, name: &str) -> PolarsResult<Vec<Option<u64>>> {
        Ok(self.frame.column(name)?.u64()?.iter().collect())
    }

    pub(crate) fn f64(&self, name: &str) -> PolarsResult<Vec<f64>> {
        Ok(self.frame.column(name)?.f64()?.iter().map(|value| value.unwrap_or(f64::NAN)).collect())
    }

    pub(crate) fn text(&self, name: &str) -> PolarsResult<Vec<Option<&str>>> {
        Ok(self.frame.column(name)?.str()?.iter().collect())
    }
}
