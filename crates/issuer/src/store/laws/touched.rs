//! What belongs to a client is part of it: a change there is a change of the client.

use countersign_proto::time::UnixTime;

use super::samples::*;
use crate::store::{Command, StoreError};

/// Secrets and grants that come or go set their client's revision, and the audit record's time as that of the change.
pub async fn belongings_change_their_client(store: AStore) {
    make_realm(&store, "r").await;
    make_api(&store, "r", "a", &[]).await;
    make_client(&store, "r", "svc").await;
    make_client(&store, "r", "other").await;
    let other = the_client(&store, "r", "other").await;
    let s = str::to_owned;
    let commands = [
        Command::CreateSecret { realm_id: s("r"), client_id: s("svc"), secret: secret("1"), alone: false },
        Command::CreateSecret { realm_id: s("r"), client_id: s("svc"), secret: secret("2"), alone: true },
        Command::DeleteSecret { realm_id: s("r"), client_id: s("svc"), secret_id: s("2") },
        Command::PutGrant { realm_id: s("r"), client_id: s("svc"), grant: grant("a", &[], &[]) },
        Command::PutGrant { realm_id: s("r"), client_id: s("svc"), grant: grant("a", &["x"], &[]) },
        Command::DeleteGrant { realm_id: s("r"), client_id: s("svc"), api_id: s("a") },
    ];
    for (n, command) in (100..).zip(commands) {
        let before = the_client(&store, "r", "svc").await.client.revision;
        let mut record = audit("");
        record.at = UnixTime(n);
        let revision = store.execute(command, record).await.unwrap();
        let client = the_client(&store, "r", "svc").await.client;
        assert_eq!((client.revision, client.updated_at), (revision, UnixTime(n)));
        let update = Command::UpdateClient { client, expected: Some(before) };
        assert!(matches!(fail(&store, update).await, StoreError::Stale));
    }
    assert_eq!(the_client(&store, "r", "other").await, other);
}
