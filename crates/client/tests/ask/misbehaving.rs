//! Every way in which a token endpoint is known to misbehave.

use std::sync::Arc;
use std::time::Duration;

use countersign_client::{Token, TokenError, TokenSource};
use countersign_testkit::clock::EPOCH;
use countersign_testkit::misbehaving::{GOOD, Misbehaviour, Must, Wait, misbehaviours};
use countersign_testkit::{MisbehavingServer, TestClock};

/// T-6749-18, T-6749-19: the token where there is one, whatever else is said; else the reason by blame, without a second
/// request, a redirect followed, or a control character shown.
#[tokio::test]
async fn each_misbehaviour_is_survived() {
    let server = MisbehavingServer::start().await;
    for behaviour in misbehaviours() {
        server.behaves(&behaviour);
        let before = server.count();
        let taken = take(&server, &behaviour).await;
        check(&behaviour, &taken);
        assert_eq!(server.count(), before + 1, "{}", behaviour.name);
        assert_eq!(server.strayed(), 0, "{}", behaviour.name);
    }
}

async fn take(server: &MisbehavingServer, behaviour: &Misbehaviour) -> Result<Token, TokenError> {
    let tokens = TokenSource::discover(server.issuer())
        .client_secret("svc", "secret".to_owned())
        .clock(Arc::new(TestClock::default()))
        .build()
        .await
        .unwrap();
    let before = server.count();
    let asking = tokio::spawn(async move { tokens.token().await });
    if behaviour.id.ends_with("slow drip") {
        server.asked(before + 1).await;
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(31)).await;
        tokio::time::resume();
    }
    asking.await.unwrap()
}

fn check(behaviour: &Misbehaviour, taken: &Result<Token, TokenError>) {
    let name = behaviour.name;
    if let Err(error) = taken {
        let text = format!("{error} {error:?}");
        assert!(!text.chars().any(char::is_control), "{name}: {text}");
    }
    let is_fit = match (behaviour.must, taken) {
        (Must::Take { lives }, Ok(token)) => {
            let until = lives.map(|lives| EPOCH.plus(i64::try_from(lives).unwrap_or(i64::MAX)));
            token.expose() == GOOD && token.expires_at() == until
        }
        (Must::Refused(code), Err(TokenError::Refused(refused))) => refused.error == code,
        (Must::Unreachable(wait), Err(error @ TokenError::Unreachable(_))) => match wait {
            Wait::Unsaid => error.retry_after().is_none(),
            Wait::For(wait) => error.retry_after() == Some(wait),
            Wait::Capped => error.retry_after() == Some(Duration::from_secs(86_400)),
        },
        (Must::Misconfigured, Err(TokenError::Misconfigured(error))) => error.setting() == "issuer",
        (Must::Fail, Err(_)) => true,
        _ => false,
    };
    assert!(is_fit, "{name} must be {:?}, and is {taken:?}", behaviour.must);
}
