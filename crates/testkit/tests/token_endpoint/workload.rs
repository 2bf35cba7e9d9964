//! Assertions of another issuer: Kubernetes, SPIFFE.

use countersign_proto::jose::Algorithm;
use countersign_testkit::TestIssuer;
use serde_json::json;

use crate::Ask;

const ACCOUNT: &str = "system:serviceaccount:shop:orders";
const SPIFFE_ID: &str = "spiffe://shop.example/orders";

/// T-7523-07, T-7523-02: testkit's issuer believes the issuers that a client is registered with, about their subject, to
/// itself alone, and as often as the file is read.
#[tokio::test]
async fn a_trusted_issuer_vouches_for_its_subject() {
    let (cluster, other) = (TestIssuer::start().await, TestIssuer::start().await);
    let issuer = TestIssuer::start().await;
    issuer.client("svc").trusts(&cluster, ACCOUNT).trusts(&cluster, SPIFFE_ID);
    let own = issuer.issuer();
    for draft in [cluster.kubernetes("shop", "orders", own), cluster.spiffe(SPIFFE_ID, own)] {
        for _ in 0..2 {
            let answer = Ask::new().with("client_id", "svc").assertion(&draft).at(&issuer).await;
            assert_eq!(answer.claims()["client_id"], "svc");
        }
    }
    let good = || cluster.kubernetes("shop", "orders", own);
    for (name, draft) in [
        ("another account", cluster.kubernetes("shop", "other", own)),
        ("another namespace", cluster.kubernetes("bar", "orders", own)),
        ("another audience", cluster.kubernetes("shop", "orders", cluster.issuer())),
        ("two audiences", good().claim("aud", json!([own, "x"]))),
        ("another issuer", other.kubernetes("shop", "orders", own)),
        ("another issuer's key", good().signed_by(&other.key(Algorithm::RS256))),
        ("expired", good().claim("exp", issuer.now().0)),
        ("an access token", good().header("typ", "at+jwt")),
    ] {
        assert_eq!(Ask::new().assertion(&draft).verdict(&issuer).await, "401 invalid_client", "{name}");
    }
    let before = good();
    cluster.rotate(Algorithm::RS256);
    assert_eq!(Ask::new().assertion(&before).verdict(&issuer).await, "401 invalid_client", "a key of before");
    assert_eq!(Ask::new().assertion(&good()).verdict(&issuer).await, "200 -");
}
