//! Tables by version: what is there, what is missing, and what is not ours to touch.

use std::borrow::Cow;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration, MigrationType, Migrator};

use crate::error::OpenError;

/// The migrations from version 1 on, each by what it adds and its statements.
pub(crate) fn migrator(files: &[(&'static str, &'static str)]) -> Migrator {
    let migrations = (1..).zip(files).map(|(version, (adds, text))| {
        Migration::new(version, Cow::Borrowed(*adds), MigrationType::Simple, text.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// Whether the database has all tables of this version, and none of a later one.
///
/// # Errors
/// [`OpenError::Newer`] and [`OpenError::Altered`].
pub(crate) async fn are_applied<C: Migrate>(connection: &mut C, ours: &Migrator) -> Result<bool, OpenError> {
    // Without the table of versions this is an error, and the database a new one. Any other reason for an error is
    // there again when the migrations are run.
    let applied = connection.list_applied_migrations(TABLE).await.unwrap_or_default();
    compare(&applied, ours)?;
    Ok(ours.iter().all(|migration| applied.iter().any(|there| there.version == migration.version)))
}

/// Says in our words why the tables could not be changed.
pub(crate) fn failed(error: MigrateError) -> OpenError {
    OpenError::Migration(Box::new(error))
}

fn compare(applied: &[AppliedMigration], ours: &Migrator) -> Result<(), OpenError> {
    for there in applied {
        match ours.iter().find(|migration| migration.version == there.version) {
            Some(migration) if migration.checksum == there.checksum => {}
            Some(_) => return Err(OpenError::Altered(there.version)),
            None => {
                let found = applied.iter().map(|there| there.version).max().unwrap_or_default();
                let known = ours.iter().map(|migration| migration.version).max().unwrap_or_default();
                return Err(OpenError::Newer { found, known });
            }
        }
    }
    Ok(())
}

/// The table that sqlx keeps the versions in.
const TABLE: &str = "_sqlx_migrations";
