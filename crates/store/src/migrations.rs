//! Tables by version: what is there, what is missing, and what is not ours to touch.
//!
//! The versions stand in the table that sqlx's own tool keeps them in; each is applied in one transaction.

use std::borrow::Cow;

use countersign_issuer::store::StoreError;
use sqlx::SqlSafeStr as _;
use sqlx::migrate::{AppliedMigration, Migrate, MigrateError, Migration, MigrationType};

use crate::error::OpenError;

/// The migrations from version 1 on, each by what it adds and its statements.
pub(crate) fn migrations(files: &[(&'static str, &'static str)]) -> Vec<Migration> {
    let migrations = (1..).zip(files).map(|(version, (adds, text))| {
        Migration::new(version, Cow::Borrowed(*adds), MigrationType::Simple, text.into_sql_str(), false)
    });
    migrations.collect()
}

/// Whether the database has all tables of this version, and none of a later one.
///
/// # Errors
/// [`OpenError::Newer`] and [`OpenError::Altered`].
pub(crate) async fn are_applied<C: Migrate>(
    connection: &mut C,
    ours: &[Migration],
) -> Result<bool, OpenError> {
    // Without the table of versions this is an error, and the database a new one. Any other reason for an error is
    // there again when the migrations are applied.
    let applied = connection.list_applied_migrations(TABLE).await.unwrap_or_default();
    Ok(missing(&applied, ours)?.is_empty())
}

/// Makes the tables that are missing. The caller has the database for itself.
pub(crate) async fn apply<C: Migrate>(connection: &mut C, ours: &[Migration]) -> Result<(), OpenError> {
    connection.ensure_migrations_table(TABLE).await.map_err(failed)?;
    let applied = connection.list_applied_migrations(TABLE).await.map_err(failed)?;
    for migration in missing(&applied, ours)? {
        connection.apply(TABLE, migration).await.map_err(failed)?;
    }
    Ok(())
}

/// Says why the database could not be taken for the change of its tables.
pub(crate) fn not_alone(error: StoreError) -> OpenError {
    match error {
        StoreError::Taken(who) => OpenError::Taken(who),
        other => OpenError::Connect(Box::new(other)),
    }
}

fn missing<'m>(applied: &[AppliedMigration], ours: &'m [Migration]) -> Result<Vec<&'m Migration>, OpenError> {
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
    let is_missing = |ours: &&Migration| applied.iter().all(|there| there.version != ours.version);
    Ok(ours.iter().filter(is_missing).collect())
}

fn failed(error: MigrateError) -> OpenError {
    OpenError::Migration(Box::new(error))
}

/// The table that sqlx keeps the versions in.
const TABLE: &str = "_sqlx_migrations";
