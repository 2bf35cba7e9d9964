//! The admin API as a caller: one method for one request, problems turned into what a person can do about them.

use bytes::Bytes;
use clap::Args;
use countersign_client::{Answer, Endpoint, HttpClient, TokenError};
use countersign_proto::admin::{Page, Problem};
use countersign_proto::metadata::ServerMetadata;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::context::{Choice, Context};
use crate::failure::Failure;
use crate::output::{clean, shell};

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
        let tokens = context.tokens()?.build_unasked().map_err(Failure::new)?;
        let token = tokens.token().await.map_err(|error| no_token(error, &context))?;
        let authorization = token.authorization();
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
        let metadata: ServerMetadata = read(&answer?.body)?;
        Ok(metadata.token_endpoint)
    }

    /// Reads one thing.
    pub(crate) async fn get(&self, path: &[&str]) -> Result<Reply, Failure> {
        self.send(Method::GET, path, &[], Bytes::new(), "").await
    }

    /// Makes or does something.
    pub(crate) async fn post(&self, path: &[&str], body: &impl Serialize) -> Result<Reply, Failure> {
        self.send(Method::POST, path, &[], json(body)?, "application/json").await
    }

    /// Sets something.
    pub(crate) async fn put(&self, path: &[&str], body: &impl Serialize) -> Result<Reply, Failure> {
        self.send(Method::PUT, path, &[], json(body)?, "application/json").await
    }

    /// Changes something by a merge patch.
    pub(crate) async fn patch(&self, path: &[&str], body: &impl Serialize) -> Result<Reply, Failure> {
        let body = json(body)?;
        if body == "{}" {
            return Err(Failure::new("nothing is to be changed").next("--help shows what can be"));
        }
        self.send(Method::PATCH, path, &[], body, "application/merge-patch+json").await
    }

    /// Takes something away.
    pub(crate) async fn delete(&self, path: &[&str]) -> Result<(), Failure> {
        self.send(Method::DELETE, path, &[], Bytes::new(), "").await.map(drop)
    }

    /// Reads a list, page by page: all of it, or its first `most` items.
    pub(crate) async fn list(&self, path: &[&str], most: Option<usize>) -> Result<Page<Value>, Failure> {
        let mut all = Page { items: Vec::new(), next: None };
        loop {
            let rest = most.map_or(PAGE, |most| most.saturating_sub(all.items.len()).min(PAGE));
            let limit = rest.max(1).to_string();
            let mut query = vec![("limit", limit.as_str())];
            query.extend(all.next.as_deref().map(|cursor| ("cursor", cursor)));
            let page: Page<Value> = self.send(Method::GET, path, &query, Bytes::new(), "").await?.read()?;
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
        path: &[&str],
        query: &[(&str, &str)],
        body: Bytes,
        content_type: &'static str,
    ) -> Result<Reply, Failure> {
        let endpoint = self.endpoint(path, query)?;
        let mut request = Request::new(body);
        *request.method_mut() = method;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.authorization.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if !content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        let answer = self.http.send(&endpoint, request).await?;
        if answer.status.is_success() {
            return Ok(Reply { body: answer.body });
        }
        Err(problem(&answer, path))
    }
}

impl Reply {
    /// The body as the admin API has it.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        read(&self.body)
    }
}

/// Reads how many items are wanted: none is no list.
pub(crate) fn count(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|count| *count > 0).ok_or_else(|| "a whole number from 1".to_owned())
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

fn problem(answer: &Answer, path: &[&str]) -> Failure {
    let status = answer.status;
    let Ok(problem) = serde_json::from_slice::<Problem>(&answer.body) else {
        return Failure::new(format!("/admin/v1/{} answered with status {status}", path.join("/")))
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
        StatusCode::NOT_FOUND => match listing(path, problem.detail.as_deref().unwrap_or_default()) {
            Some(command) => failure.next(format!("`{command}` shows what there is")),
            None => {
                failure.next("check that the context's server is a Countersign: `countersign context show`")
            }
        },
        StatusCode::PRECONDITION_FAILED => failure.next("look at it again, then repeat the change"),
        status if status.is_server_error() => {
            failure.next("the server's log has the cause under that request id")
        }
        _ => failure,
    }
}

/// The command that lists what the server says there is none of. Only its own words count, before the name that was asked
/// for.
fn listing(path: &[&str], detail: &str) -> Option<String> {
    let said = detail.split('"').next().unwrap_or_default();
    let at = |collection: &str| {
        let place = path.iter().position(|segment| *segment == collection)?;
        path.get(place + 1).map(|name| shell(name))
    };
    let realm = at("realms")?;
    let (noun, owner) = [
        ("secret", "secret", at("clients")),
        ("grant", "grant", at("clients")),
        ("scope", "api scope", at("apis")),
        ("key", "key", None),
        ("API", "api", None),
        ("client", "client", None),
        ("realm", "realm", None),
    ]
    .into_iter()
    .find_map(|(word, noun, owner)| said.contains(&format!(" no {word} ")).then_some((noun, owner)))?;
    Some(match (noun, owner) {
        ("realm", _) => "countersign realm list".to_owned(),
        (_, Some(owner)) => format!("countersign {noun} list {owner} --realm {realm}"),
        (_, None) => format!("countersign {noun} list --realm {realm}"),
    })
}

fn no_token(error: TokenError, context: &Context) -> Failure {
    let whole = format!("no token for '{}' of realm '{}'", context.client_id, context.realm);
    let failure = Failure::new(format!("{whole}: {error}"));
    match error {
        TokenError::Refused(refused) if refused.error == "invalid_client" => failure.next(
            "its secret may have been replaced: add the context again with `countersign context add`, or, for root, \
             `countersign root reset --data DIR` while the server is stopped",
        ),
        TokenError::Unreachable(error) => match error.http() {
            Some(error) => Failure::from(error).prefix(&whole),
            None => failure,
        },
        TokenError::Misconfigured(wrong) if wrong.setting() == "issuer" => failure.next(format!(
            "is {} the public URL of a Countersign, and not its ops listener? `countersign context show` says whence \
             it is; `countersign context add` saves another",
            context.server
        )),
        _ => failure,
    }
}

/// The most that the admin API gives at a time.
const PAGE: usize = 1000;

#[cfg(test)]
mod tests {
    use countersign_client::TokenSource;

    use super::*;

    /// Advice is for what is wrong: a setting of this side is none of the server's URL.
    #[test]
    fn the_servers_url_is_blamed_for_its_own_faults() {
        let context = toml::from_str("server = 'https://id.example'\nrealm = 'r'\nclient_id = 'c'").unwrap();
        let wrong = TokenSource::at("https://id.example").build_unasked().err().unwrap();
        assert_eq!(wrong.setting(), "client_secret");
        assert!(!no_token(wrong.into(), &context).to_string().contains("ops listener"));
        let wrong = TokenSource::discover("none").build_unasked().err().unwrap();
        assert_eq!(wrong.setting(), "issuer");
        assert!(no_token(wrong.into(), &context).to_string().contains("ops listener"));
    }
}
