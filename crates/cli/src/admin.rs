//! The admin API as a caller: one method for one request, problems turned into what a person can do about them.

use bytes::Bytes;
use clap::Args;
use countersign_client::{Answer, Endpoint, HttpClient, token};
use countersign_proto::admin::{Page, Problem};
use countersign_proto::metadata::ServerMetadata;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::{Choice, Context};
use crate::failure::Failure;
use crate::output::clean;

/// A server's admin API, with a token for it.
pub(crate) struct Admin {
    http: HttpClient,
    context: Context,
    authorization: HeaderValue,
}

/// What the admin API answered.
pub(crate) struct Reply {
    /// The body as it came.
    pub(crate) body: Bytes,
}

/// Which server, and which realm there.
#[derive(Args, Clone, Debug)]
pub(crate) struct InRealm {
    /// The realm; unless given, the context's default one
    #[arg(
        long,
        short,
        value_name = "NAME",
        env = "COUNTERSIGN_REALM",
        hide_env_values = true,
        help_heading = "Where"
    )]
    pub(crate) realm: Option<String>,
    #[command(flatten)]
    pub(crate) choice: Choice,
}

impl InRealm {
    /// Takes a token, and says which realm is meant.
    pub(crate) async fn connect(&self) -> Result<(Admin, String), Failure> {
        let (name, context) = self.choice.load()?;
        let realm = self.realm.clone().or_else(|| context.default_realm.clone()).ok_or_else(|| {
            Failure::new("no realm is named").next(format!(
                "name one with --realm NAME, or for all commands with `countersign context use {name} --realm NAME`"
            ))
        })?;
        Ok((Admin::connect(context).await?, realm))
    }
}

impl Admin {
    /// Takes a token for the admin API with the context's client.
    pub(crate) async fn connect(context: Context) -> Result<Self, Failure> {
        let http = context.http();
        let secret = context.secret()?;
        let ask = token::Ask {
            client_id: &context.client_id,
            client_secret: &secret,
            transport: context.transport(),
            scope: None,
            resource: None,
            audience: None,
        };
        let answer = token::request(&http, &context.token_endpoint()?, &ask).await;
        let answer = answer.map_err(|error| no_token(&error, &context))?;
        let bearer = zeroize::Zeroizing::new(format!("Bearer {}", answer.access_token));
        let mut authorization = HeaderValue::from_str(&bearer)
            .map_err(|_| Failure::new("the server's token cannot be sent in a header"))?;
        authorization.set_sensitive(true);
        Ok(Self { http, context, authorization })
    }

    /// Who calls, and whom.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// Where clients of this realm take tokens, by the realm's own word.
    pub(crate) async fn token_endpoint(&self, realm: &str) -> Result<String, Failure> {
        let path = ["realms", realm, ".well-known", "openid-configuration"];
        let answer = self.http.send(&self.context.endpoint(&path)?, Request::new(Bytes::new())).await;
        let metadata: ServerMetadata = read(&answer.map_err(Failure::new)?.body)?;
        Ok(metadata.token_endpoint)
    }

    /// Reads one thing.
    pub(crate) async fn get(&self, path: &[&str]) -> Result<Reply, Failure> {
        self.send(Method::GET, self.endpoint(path, &[])?, Bytes::new(), "").await
    }

    /// Makes or does something.
    pub(crate) async fn post(&self, path: &[&str], body: &impl Serialize) -> Result<Reply, Failure> {
        self.send(Method::POST, self.endpoint(path, &[])?, json(body)?, "application/json").await
    }

    /// Sets something.
    pub(crate) async fn put(&self, path: &[&str], body: &impl Serialize) -> Result<Reply, Failure> {
        self.send(Method::PUT, self.endpoint(path, &[])?, json(body)?, "application/json").await
    }

    /// Changes something by a merge patch.
    pub(crate) async fn patch(&self, path: &[&str], body: &impl Serialize) -> Result<Reply, Failure> {
        self.send(Method::PATCH, self.endpoint(path, &[])?, json(body)?, "application/merge-patch+json").await
    }

    /// Takes something away.
    pub(crate) async fn delete(&self, path: &[&str]) -> Result<(), Failure> {
        self.send(Method::DELETE, self.endpoint(path, &[])?, Bytes::new(), "").await.map(drop)
    }

    /// Reads a list, page by page: all of it, or its first `most` items.
    pub(crate) async fn list(&self, path: &[&str], most: Option<usize>) -> Result<Page<Value>, Failure> {
        let mut all = Page { items: Vec::new(), next: None };
        loop {
            let rest = most.map_or(PAGE, |most| most.saturating_sub(all.items.len()).min(PAGE));
            let limit = rest.max(1).to_string();
            let mut query = vec![("limit", limit.as_str())];
            query.extend(all.next.as_deref().map(|cursor| ("cursor", cursor)));
            let endpoint = self.endpoint(path, &query)?;
            let page: Page<Value> = self.send(Method::GET, endpoint, Bytes::new(), "").await?.read()?;
            let is_empty = page.items.is_empty();
            all.items.extend(page.items);
            all.next = page.next;
            // a server that gives a cursor and nothing before it would keep us for ever
            if all.next.is_none() || is_empty || most.is_some_and(|most| all.items.len() >= most) {
                return Ok(all);
            }
        }
    }

    fn endpoint(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Endpoint, Failure> {
        let segments: Vec<&str> = ["admin", "v1"].iter().chain(path).copied().collect();
        let endpoint = self.context.endpoint(&segments)?;
        if query.is_empty() {
            return Ok(endpoint);
        }
        let mut url = endpoint.url().clone();
        url.query_pairs_mut().extend_pairs(query);
        crate::context::endpoint(url.as_str(), self.context.danger_plain_http)
    }

    async fn send(
        &self,
        method: Method,
        endpoint: Endpoint,
        body: Bytes,
        content_type: &'static str,
    ) -> Result<Reply, Failure> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let answer = self.http.send(&endpoint, request).await.map_err(Failure::new)?;
        if answer.status.is_success() {
            return Ok(Reply { body: answer.body });
        }
        Err(problem(&answer, &endpoint))
    }
}

impl Reply {
    /// The body as the admin API has it.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        read(&self.body)
    }
}

/// An item of a list as the admin API has it.
pub(crate) fn item<T: DeserializeOwned>(value: &Value) -> Result<T, Failure> {
    T::deserialize(value).map_err(not_ours)
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(not_ours)
}

fn not_ours(error: serde_json::Error) -> Failure {
    Failure::new(format!("the server's answer cannot be read: {error}")).next(
        "check that the context's server is a Countersign of about this version: `countersign context show`",
    )
}

fn json(body: &impl Serialize) -> Result<Bytes, Failure> {
    serde_json::to_vec(body).map(Bytes::from).map_err(Failure::new)
}

fn problem(answer: &Answer, endpoint: &Endpoint) -> Failure {
    let status = answer.status;
    let Ok(problem) = serde_json::from_slice::<Problem>(&answer.body) else {
        return Failure::new(format!("{} answered with status {status}", endpoint.url().path()))
            .next("check that the context's server is a Countersign: `countersign context show`");
    };
    let mut what = clean(problem.detail.as_deref().unwrap_or(&problem.title));
    let mut about = Vec::new();
    about.extend(
        problem.field.filter(|field| !field.is_empty()).map(|field| format!("field {}", clean(&field))),
    );
    about.extend(problem.request_id.map(|id| format!("request {}", clean(&id))));
    if !about.is_empty() {
        what = format!("{what} ({})", about.join(", "));
    }
    let failure = Failure::new(what);
    match status {
        StatusCode::UNAUTHORIZED => failure.next("`countersign context show` says whose token it was"),
        StatusCode::FORBIDDEN => failure.next(
            "use a context whose client has that right, or let an administrator grant it on the API `admin`",
        ),
        StatusCode::NOT_FOUND => failure.next("the `list` command beside this one shows what there is"),
        StatusCode::PRECONDITION_FAILED => failure.next("look at it again, then repeat the change"),
        status if status.is_server_error() => {
            failure.next("the server's log has the cause under that request id")
        }
        _ => failure,
    }
}

fn no_token(error: &token::TokenError, context: &Context) -> Failure {
    let failure =
        Failure::new(format!("no token for '{}' of realm '{}': {error}", context.client_id, context.realm));
    match error {
        token::TokenError::Refused { error, .. } if error == "invalid_client" => failure.next(
            "its secret may have been replaced: add the context again with `countersign context add`, or, for root, \
             `countersign root reset --data DIR` while the server is stopped",
        ),
        token::TokenError::Http(_) => {
            failure.next(format!("is the server at {} running? `countersign serve` starts one", context.server))
        }
        _ => failure,
    }
}

/// The most that the admin API gives at a time.
const PAGE: usize = 1000;
