//! Every law of the store, on both databases.

#![expect(clippy::unwrap_used, reason = "what fails in a test must be seen")]

// The testkit's own file: depending on the testkit would build the whole server before these tests.
#[path = "../../testkit/src/postgres.rs"]
pub mod databases;

mod sqlite {
    use std::sync::Arc;

    use countersign_issuer::store::Store;
    use countersign_store::DatabaseUrl;

    async fn new() -> Option<(Arc<dyn Store>, tempfile::TempDir)> {
        let dir = tempfile::tempdir().unwrap();
        let store = countersign_store::open(&DatabaseUrl::sqlite(dir.path().join("laws.db"))).await.unwrap();
        Some((store, dir))
    }

    countersign_issuer::store_laws!(new);
}

mod postgres {
    use std::sync::Arc;

    use countersign_issuer::store::Store;
    use countersign_store::DatabaseUrl;

    use crate::databases::TestDatabase;

    async fn new() -> Option<(Arc<dyn Store>, TestDatabase)> {
        let database = TestDatabase::create()?;
        let store = countersign_store::open(&DatabaseUrl::parse(database.url()).unwrap()).await.unwrap();
        Some((store, database))
    }

    countersign_issuer::store_laws!(new);
}
