//! The hostile and the lenient tokens before proto's `verify`, each refused for its own reason.

use std::collections::HashSet;

use countersign_proto::jose::{AccessToken, Algorithm, Claims, Rules, VerifyError, verify};
use countersign_testkit::hostile::{Accepts, Expect, Hostile};
use countersign_testkit::{TestIssuer, hostile, lenient};

const AUDIENCE: &str = TestIssuer::AUDIENCE;

async fn issuers() -> [TestIssuer; 2] {
    [TestIssuer::start().await, TestIssuer::with().path("/realms/other").start().await]
}

fn judge(issuer: &TestIssuer, token: &str, accepts: Accepts) -> Result<(), VerifyError> {
    let (keys, now) = (issuer.static_keys(), issuer.now().0);
    let rules = Rules::access_token(issuer.issuer(), AUDIENCE, &Algorithm::ALL);
    match accepts {
        Accepts::AtJwt => verify::<AccessToken>(token, &keys, &rules, now).map(drop),
        Accepts::Jwt => verify::<Claims>(token, &keys, &rules.or_type("JWT"), now).map(drop),
        Accepts::MissingType => {
            verify::<Claims>(token, &keys, &rules.danger_or_missing_type(), now).map(drop)
        }
    }
}

/// T-8725-01, -03, -05, -06, -07, -08, T-9068-02, -04, -05: each hostile token is refused, and for what is wrong with it.
#[tokio::test]
async fn hostile_tokens_are_refused_for_their_own_flaw() {
    let [issuer, other] = issuers().await;
    let (mut refused, mut for_the_guard, mut wrong) = (0, 0, Vec::new());
    for Hostile { name, token, accepts, expect, .. } in hostile(&issuer, &other, AUDIENCE) {
        let judged = judge(&issuer, &token, accepts);
        match expect {
            Expect::Refused(reason) if judged == Err(reason.clone()) => refused += 1,
            // That nothing else is wrong with it is what makes it worth a test of the guard.
            Expect::Guard(_) if judged == Ok(()) => for_the_guard += 1,
            expected => wrong.push(format!("{name}: {judged:?}, not {expected:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(refused >= 90 && for_the_guard >= 20, "{refused} refused, {for_the_guard} for the guard");
    for document in countersign_testkit::issuer::Document::ALL {
        assert_eq!((issuer.count(document), other.count(document)), (0, 0), "nobody asked for {document:?}");
    }
}

/// Who takes other issuers' types and shapes too still refuses all tokens that are wrong in another way.
#[tokio::test]
async fn a_wider_choice_of_types_lets_in_no_more() {
    let [issuer, other] = issuers().await;
    for Hostile { name, token, expect, .. } in hostile(&issuer, &other, AUDIENCE) {
        let Expect::Refused(reason) = expect else { continue };
        let only_by_rfc9068 = ["sub-missing", "client-id-missing", "jti-missing", "iat-missing"];
        if reason == VerifyError::Type || only_by_rfc9068.contains(&name) {
            continue;
        }
        assert_eq!(judge(&issuer, &token, Accepts::Jwt), Err(reason.clone()), "{name}");
        assert_eq!(judge(&issuer, &token, Accepts::MissingType), Err(reason), "{name}");
    }
}

/// T-9068-04: what is unusual and good is accepted.
#[tokio::test]
async fn lenient_tokens_are_accepted() {
    let [issuer, _] = issuers().await;
    let tokens = lenient(&issuer, AUDIENCE);
    assert!(tokens.len() >= 30);
    for token in tokens {
        assert_eq!(judge(&issuer, &token.token, token.accepts), Ok(()), "{}", token.name);
    }
}

#[tokio::test]
async fn each_token_has_its_own_name() {
    let [issuer, other] = issuers().await;
    let (bad, good) = (hostile(&issuer, &other, AUDIENCE), lenient(&issuer, AUDIENCE));
    let names: HashSet<_> =
        bad.iter().map(|token| token.name).chain(good.iter().map(|token| token.name)).collect();
    assert_eq!(names.len(), bad.len() + good.len());
    let again: Vec<_> = hostile(&issuer, &other, AUDIENCE).iter().map(|token| token.name).collect();
    assert_eq!(again, bad.iter().map(|token| token.name).collect::<Vec<_>>());
    assert!(bad.iter().filter(|token| token.can_be_sent()).count() >= 200);
    assert!(bad.iter().filter(|token| !token.is_b64token()).count() >= 10);
}
