//! Reading rows: each cell once, in the order of the statement, and a damaged one by its table, key and column.

use countersign_issuer::store::StoreError;
use countersign_proto::time::UnixTime;
use sqlx::{Column as _, Row as _};

use crate::engine::Sql;

/// What a row is read as.
pub(crate) trait Record: Sized {
    /// The table, for the report of a damaged row.
    const TABLE: &'static str;

    /// How many of the first columns are the row's key.
    const KEY: usize;

    /// Reads a row, cell by cell.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`].
    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError>;
}

/// The cells of one row.
pub(crate) struct Cells<'r, DB: Sql> {
    row: &'r DB::Row,
    table: &'static str,
    key: usize,
    next: usize,
}

impl<'r, DB: Sql> Cells<'r, DB> {
    pub(crate) fn new(row: &'r DB::Row, table: &'static str, key: usize) -> Self {
        Self { row, table, key, next: 0 }
    }

    pub(crate) fn int(&mut self) -> Result<i64, StoreError> {
        self.present(DB::int)
    }

    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>, StoreError> {
        self.cell(DB::int)
    }

    pub(crate) fn time(&mut self) -> Result<UnixTime, StoreError> {
        self.int().map(UnixTime)
    }

    pub(crate) fn opt_time(&mut self) -> Result<Option<UnixTime>, StoreError> {
        Ok(self.opt_int()?.map(UnixTime))
    }

    pub(crate) fn bool(&mut self) -> Result<bool, StoreError> {
        self.present(DB::bool)
    }

    pub(crate) fn bytes(&mut self) -> Result<&'r [u8], StoreError> {
        self.present(DB::bytes)
    }

    pub(crate) fn text(&mut self) -> Result<&'r str, StoreError> {
        self.present(DB::text)
    }

    pub(crate) fn opt_text(&mut self) -> Result<Option<&'r str>, StoreError> {
        self.cell(DB::text)
    }

    pub(crate) fn string(&mut self) -> Result<String, StoreError> {
        self.text().map(str::to_owned)
    }

    /// A text that `read` makes something of.
    pub(crate) fn parse<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
        let text = self.text()?;
        read(text).ok_or_else(|| self.corrupt("is not one of the values that may stand there"))
    }

    /// A text that may be absent, and that `read` makes something of.
    pub(crate) fn opt_parse<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, StoreError> {
        let Some(text) = self.opt_text()? else { return Ok(None) };
        match read(text) {
            Some(value) => Ok(Some(value)),
            None => Err(self.corrupt("is not one of the values that may stand there")),
        }
    }

    /// Words between spaces, each of which `read` makes something of.
    pub(crate) fn words<T>(&mut self, read: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, StoreError> {
        self.parse(|text| text.split_ascii_whitespace().map(&read).collect())
    }

    /// The error for the cell that was read last.
    pub(crate) fn corrupt(&self, why: impl std::fmt::Display) -> StoreError {
        let key: Vec<_> = (0..self.key)
            .map(|at| match DB::text(self.row, at) {
                Ok(Some(text)) => text.to_owned(),
                _ => DB::int(self.row, at).ok().flatten().map_or("?".to_owned(), |int| int.to_string()),
            })
            .collect();
        let column = self.next.checked_sub(1).and_then(|at| self.row.columns().get(at));
        let column = column.map_or("?", |column| column.name());
        StoreError::Corrupt(format!("table {}, row {}: {column} {why}", self.table, key.join(" / ")))
    }

    fn present<T>(
        &mut self,
        read: impl Fn(&'r DB::Row, usize) -> Result<Option<T>, sqlx::Error>,
    ) -> Result<T, StoreError> {
        match self.cell(read)? {
            Some(value) => Ok(value),
            None => Err(self.corrupt("is absent")),
        }
    }

    fn cell<T>(
        &mut self,
        read: impl Fn(&'r DB::Row, usize) -> Result<Option<T>, sqlx::Error>,
    ) -> Result<Option<T>, StoreError> {
        let at = self.next;
        self.next += 1;
        read(self.row, at).map_err(|error| self.corrupt(error))
    }
}

/// A single integer.
impl Record for i64 {
    const TABLE: &'static str = "(count)";
    const KEY: usize = 0;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        cells.int()
    }
}

/// A single value of bytes.
impl Record for Vec<u8> {
    const TABLE: &'static str = "meta";
    const KEY: usize = 0;

    fn read<DB: Sql>(cells: &mut Cells<'_, DB>) -> Result<Self, StoreError> {
        cells.bytes().map(<[u8]>::to_vec)
    }
}
