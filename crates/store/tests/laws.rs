//! Every law of the store, on both databases.

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
