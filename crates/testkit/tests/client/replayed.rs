//! An issuer that says what another product says, under its own URLs.

use std::sync::Arc;

use countersign_client::{Builder, Token, TokenError, TokenSource};
use countersign_testkit::issuer::{Document, Reply};
use countersign_testkit::{TestClock, TestIssuer};
use serde_json::{Value, json};

/// The issuer, with the metadata of a product where OpenID Connect has them.
pub(crate) struct Replayed(pub(crate) TestIssuer);

impl Replayed {
    /// An issuer below `path` whose metadata are these, but for its name and the endpoints that it has itself.
    pub(crate) async fn start(path: &str, mut metadata: Value) -> Self {
        let issuer = TestIssuer::with().path(path).start().await;
        metadata["issuer"] = json!(issuer.issuer());
        for (member, document) in [
            ("token_endpoint", Document::Token),
            ("introspection_endpoint", Document::Introspection),
            ("revocation_endpoint", Document::Revocation),
            ("jwks_uri", Document::Jwks),
        ] {
            if metadata.get(member).is_some() {
                metadata[member] = json!(issuer.url(document));
            }
        }
        issuer.answer(Document::OauthMetadata, Reply::status(404));
        issuer.answer(Document::OidcMetadata, Reply::json(&metadata));
        Self(issuer)
    }

    /// A source of its tokens.
    pub(crate) fn tokens(&self) -> Builder {
        let tokens = TokenSource::discover(self.0.issuer()).client_secret("svc", "secret".to_owned());
        tokens.clock(Arc::new(TestClock::default()))
    }

    /// What a new source makes of an answer of the token endpoint.
    pub(crate) async fn token(&self, reply: Reply) -> Result<Token, TokenError> {
        self.0.answer(Document::Token, reply);
        self.tokens().build().await?.token().await
    }
}

/// The code and the sentence of a refusal.
pub(crate) fn refused(taken: Result<Token, TokenError>) -> (String, String) {
    match taken {
        Err(TokenError::Refused(refused)) => {
            assert!(refused.advice().is_some(), "{refused}");
            (refused.error, refused.description.unwrap())
        }
        other => panic!("{other:?}"),
    }
}
