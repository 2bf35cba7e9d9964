//! The laws that every store keeps, as tests that any implementation can run.
//!
//! Each law is a function that takes a store with nothing in it and panics where the store breaks the law.
//! [`store_laws!`](crate::store_laws) makes a test of each.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a law is a test: what fails in it must be seen"
)]

mod atomicity;
mod cascade;
mod default_api;
mod expected;
mod feed;
mod fields;
mod keys;
mod meta;
mod paging;
mod samples;
mod scopes;
mod secrets;
mod touched;
mod unique;
mod updates;

pub use self::atomicity::{
    a_failed_client_leaves_nothing, a_failed_realm_leaves_nothing, a_failed_update_leaves_nothing,
};
pub use self::cascade::{
    a_deleted_api_takes_its_grants_along, a_deleted_client_takes_all_it_has_along,
    a_deleted_realm_takes_all_it_has_along,
};
pub use self::default_api::{
    deleting_the_default_grant_unsets_the_default_api, the_default_api_belongs_to_the_realm,
    the_first_grant_sets_the_default_api,
};
pub use self::expected::{a_changed_row_is_stale, what_is_not_there_is_missing};
pub use self::feed::{
    concurrent_writers_leave_no_gap_in_the_feed, each_command_makes_one_revision, the_feed_is_paged,
    the_feed_says_what_was_touched,
};
pub use self::fields::{
    reads_back_every_api_field, reads_back_every_audit_field, reads_back_every_client_field,
    reads_back_every_key_field, reads_back_every_realm_field,
};
pub use self::keys::{
    keys_move_all_or_none, keys_move_from_the_state_that_they_are_in,
    only_keys_that_left_the_jwks_are_deleted,
};
pub use self::meta::{a_value_is_kept_instead, a_value_is_kept_once, one_of_many_first_values_is_kept};
pub use self::paging::{
    audit_is_paged_newest_first, clients_are_paged_bytewise, namesakes_share_no_audit_trail,
};
pub use self::scopes::{a_deleted_scope_leaves_every_grant, scopes_are_added_and_described};
pub use self::secrets::{a_secret_alone_replaces_all_others, secrets_come_and_go, the_last_use_is_kept};
pub use self::touched::belongings_change_their_client;
pub use self::unique::{each_name_is_unique, one_of_many_clients_with_one_id_is_made};
pub use self::updates::{updates_change_what_they_may, updates_take_back_every_option};

/// Makes a test of each law. `$make` is an async function that gives `Option<(Arc<dyn Store>, Guard)>`: an empty store,
/// and what must live as long as the test; `None` skips it.
#[macro_export]
macro_rules! store_laws {
    ($make:path) => {
        $crate::store_laws! { $make:
            a_changed_row_is_stale,
            a_deleted_api_takes_its_grants_along,
            a_deleted_client_takes_all_it_has_along,
            a_deleted_realm_takes_all_it_has_along,
            a_deleted_scope_leaves_every_grant,
            a_failed_client_leaves_nothing,
            a_failed_realm_leaves_nothing,
            a_failed_update_leaves_nothing,
            a_secret_alone_replaces_all_others,
            a_value_is_kept_once,
            a_value_is_kept_instead,
            audit_is_paged_newest_first,
            belongings_change_their_client,
            clients_are_paged_bytewise,
            concurrent_writers_leave_no_gap_in_the_feed,
            deleting_the_default_grant_unsets_the_default_api,
            each_command_makes_one_revision,
            each_name_is_unique,
            keys_move_all_or_none,
            keys_move_from_the_state_that_they_are_in,
            namesakes_share_no_audit_trail,
            one_of_many_clients_with_one_id_is_made,
            one_of_many_first_values_is_kept,
            only_keys_that_left_the_jwks_are_deleted,
            reads_back_every_api_field,
            reads_back_every_audit_field,
            reads_back_every_client_field,
            reads_back_every_key_field,
            reads_back_every_realm_field,
            scopes_are_added_and_described,
            secrets_come_and_go,
            the_default_api_belongs_to_the_realm,
            the_feed_is_paged,
            the_feed_says_what_was_touched,
            the_first_grant_sets_the_default_api,
            the_last_use_is_kept,
            updates_change_what_they_may,
            updates_take_back_every_option,
            what_is_not_there_is_missing,
        }
    };
    ($make:path: $($law:ident,)+) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $law() {
                if let Some((store, _guard)) = $make().await {
                    $crate::store::laws::$law(store).await;
                }
            }
        )+
    };
}
