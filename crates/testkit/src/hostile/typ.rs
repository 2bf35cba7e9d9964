//! Good signatures of the right issuer on another kind of token, or on one that does not say its kind.

use countersign_proto::jose::header::HeaderError;
use countersign_proto::jose::verify::VerifyError;

use super::scene::{Scene, header};

pub(super) fn add(scene: &mut Scene<'_>) {
    let token = scene.good().without_header("typ").token();
    scene.add("typ-missing", TYP, token, VerifyError::Type);
    for (name, typ) in [
        ("typ-jwt", "JWT"),
        ("typ-jwt-lower-case", "jwt"),
        ("typ-logout", "logout+jwt"),
        ("typ-dpop", "dpop+jwt"),
        ("typ-client-authentication", "client-authentication+jwt"),
        ("typ-token-introspection", "token-introspection+jwt"),
        ("typ-security-event", "secevent+jwt"),
        ("typ-status-list", "statuslist+jwt"),
        ("typ-authorization-request", "oauth-authz-req+jwt"),
        ("typ-resource-metadata", "oauth-protected-resource+jwt"),
        ("typ-credential", "dc+sd-jwt"),
        ("typ-actor-token", "txntoken+jwt"),
        ("typ-id-token", "id+jwt"),
        ("typ-refresh-token", "rt+jwt"),
        ("typ-jose", "JOSE"),
    ] {
        let token = scene.good().header("typ", typ).token();
        scene.add(name, KINDS, token, VerifyError::Type);
    }
    for (name, typ) in [
        ("typ-with-space", "at+jwt "),
        ("typ-with-parameter", "at+jwt; charset=utf-8"),
        ("typ-with-suffix", "at+jwt+x"),
        ("typ-shortened", "at"),
        ("typ-of-another-tree", "text/at+jwt"),
        ("typ-with-two-slashes", "application/x/at+jwt"),
        ("typ-application-twice", "application/application/at+jwt"),
        ("typ-with-space-inside", "at jwt"),
        ("typ-list-in-a-string", "JWT, at+jwt"),
    ] {
        let token = scene.good().header("typ", typ).token();
        scene.add(name, TYP, token, VerifyError::Type);
    }
    for (name, json) in [
        ("typ-empty", "\"\""),
        ("typ-null", "null"),
        ("typ-number", "1"),
        ("typ-list", "[\"at+jwt\"]"),
        ("typ-object", "{}"),
    ] {
        let token = scene.good().header_json("typ", json).token();
        scene.add(name, TYP, token, header(HeaderError::Member("typ")));
    }
}

const TYP: &str = "T-9068-04 (typ)";
const KINDS: &str = "T-9068-05, T-8725-07";
