//! What a new public URL can bring about, told at the start: issuers and audiences follow it, names that were given before
//! do not.

use std::collections::HashMap;
use std::sync::Arc;

use crate::registry::{RealmView, base};

/// Tells the operator which realms have one issuer, and which APIs are called like an audience of the server.
pub(super) fn report(realms: &[Arc<RealmView>]) {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for realm in realms {
        if let Some(other) = seen.insert(base(realm.issuer()), realm.name()) {
            tracing::error!(
                issuer = realm.issuer(),
                realm = realm.name(),
                other,
                "two realms have one issuer: give one of them another, or their tokens verify at neither for sure"
            );
        }
        for api in realm.shut_apis() {
            tracing::error!(
                realm = realm.name(),
                api,
                "an API is called like an audience of the server: nobody gets tokens for it; register it under \
                 another identifier"
            );
        }
    }
}
