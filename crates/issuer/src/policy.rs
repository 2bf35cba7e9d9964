//! Step three, decide: which API, which scopes, for how long. Pure: no await, no clock, no store.

use std::collections::HashSet;
use std::sync::Arc;

use countersign_proto::audience::check_resource;
use countersign_proto::scope::ScopeParam;
use countersign_proto::token::TokenRequest;

use crate::api::BuiltIn;
use crate::authn::AuthenticatedClient;
use crate::realm::Profile;
use crate::refusal::Refusal;
use crate::registry::{ApiView, ClientEntry, GrantView, RealmView};

/// What is decided for one request; made here alone, and all that minting reads.
pub struct Decision {
    client: AuthenticatedClient,
    api: Arc<ApiView>,
    scope: Arc<str>,
    lifetime: i64,
}

/// How a door reads a request; the dialects differ here and nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What `scope` means.
    pub scope: ScopeRule,
    /// What `resource` and `audience` mean.
    pub targets: TargetRule,
}

/// What the `scope` parameter means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeRule {
    /// Exactly the scopes asked for, or the default ones where none are (RFC 6749 §3.3).
    Exact,
    /// The default scopes always, and the optional ones asked for; `openid` is allowed (Keycloak).
    DefaultsAlways,
    /// Nothing: the default scopes (fidesops).
    Ignored,
}

/// What the `resource` and `audience` parameters mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TargetRule {
    /// The API that the token is for (RFC 8707).
    Read,
    /// Nothing: the client's default API (Keycloak, fidesops).
    Ignored,
}

impl Rules {
    /// The native endpoints' rules.
    pub const NATIVE: Self = Self { scope: ScopeRule::Exact, targets: TargetRule::Read };
}

impl Decision {
    /// Whom the token is for.
    #[must_use]
    pub fn client(&self) -> &AuthenticatedClient {
        &self.client
    }

    /// The API that it opens.
    #[must_use]
    pub fn api(&self) -> &ApiView {
        &self.api
    }

    /// The granted scopes, joined by spaces; may be empty.
    #[must_use]
    pub fn scope(&self) -> &Arc<str> {
        &self.scope
    }

    /// Seconds that the token lives.
    #[must_use]
    pub fn lifetime(&self) -> i64 {
        self.lifetime
    }
}

/// Decides what an authenticated client gets.
///
/// Does not check: the grant type, whether the client is who it says (its type is the proof).
///
/// # Errors
/// [`Refusal`]: `invalid_target` before `invalid_scope`, since scopes mean something only at an API.
pub fn decide(
    client: AuthenticatedClient,
    request: &TokenRequest<'_>,
    rules: Rules,
) -> Result<Decision, Refusal> {
    let (realm, entry) = (Arc::clone(client.realm()), client.entry());
    let api = target(&realm, entry, request, rules.targets)?;
    let grant = entry.grant_on(api.id());
    // Keycloak's tokens need no grant; but who may not administer gets no token for the door of those who may.
    let needs_grant = realm.realm().profile != Profile::Keycloak || api.api().builtin == Some(BuiltIn::Admin);
    if grant.is_none() && needs_grant {
        return Err(Refusal::NoGrant {
            api: api.identifier().to_owned(),
            client_id: entry.id().to_owned(),
            allowed: own_apis(&realm, entry),
        });
    }
    let scope = scopes(grant, request.scope.as_deref(), rules.scope)?;
    let lifetime = entry.token_lifetime().unwrap_or(api.lifetime());
    Ok(Decision { api: Arc::clone(api), scope, lifetime, client })
}

/// Decides for fidesops' root: everything at the dialect's own URLs, and nothing elsewhere. No scope says so: the
/// registry of a realm may be longer than a token can be.
///
/// # Errors
/// [`Refusal::UnknownTarget`] where that dialect is not open.
pub(crate) fn decide_root(client: AuthenticatedClient, realm: &RealmView) -> Result<Decision, Refusal> {
    let unknown = || Refusal::UnknownTarget { asked: String::new(), allowed: Vec::new() };
    let api = Arc::clone(realm.root_door().ok_or_else(unknown)?);
    Ok(Decision { lifetime: api.lifetime(), api, scope: "".into(), client })
}

/// The API that a request means.
fn target<'r>(
    realm: &'r RealmView,
    entry: &ClientEntry,
    request: &TokenRequest<'_>,
    rule: TargetRule,
) -> Result<&'r Arc<ApiView>, Refusal> {
    let asked = match rule {
        TargetRule::Ignored => None,
        TargetRule::Read if request.many_targets => {
            return Err(Refusal::ManyTargets { allowed: own_apis(realm, entry) });
        }
        TargetRule::Read => {
            if let Some(resource) = &request.resource {
                check_resource(resource)
                    .map_err(|_| Refusal::TargetSyntax { allowed: own_apis(realm, entry) })?;
            }
            request.resource.as_ref().or(request.audience.as_ref())
        }
    };
    let unknown =
        |name: &str| Refusal::UnknownTarget { asked: name.to_owned(), allowed: own_apis(realm, entry) };
    let api = match asked {
        Some(name) => realm.api_by_identifier(name).ok_or_else(|| unknown(name))?,
        None => entry
            .default_api()
            .and_then(|id| realm.api_by_id(id))
            .or_else(|| realm.builtin(BuiltIn::Default))
            .ok_or_else(|| unknown(""))?,
    };
    if api.api().enabled { Ok(api) } else { Err(unknown(api.identifier())) }
}

/// The scopes of the token.
fn scopes(grant: Option<&GrantView>, asked: Option<&str>, rule: ScopeRule) -> Result<Arc<str>, Refusal> {
    let asked = match asked {
        Some(asked) if rule != ScopeRule::Ignored => {
            ScopeParam::parse(asked).map_err(Refusal::ScopeSyntax)?
        }
        _ => return Ok(grant.map_or_else(|| "".into(), |grant| Arc::clone(&grant.default))),
    };
    let keycloak = rule == ScopeRule::DefaultsAlways;
    let many = asked.names().nth(FEW).is_some();
    let all: Names<'_> =
        grant.filter(|_| many).into_iter().flat_map(|grant| grant.default.split(' ')).collect();
    let granted = |name: &str| {
        (keycloak && name == OPENID)
            || all.has(name)
            || grant.is_some_and(|grant| (!many && grant.has_default(name)) || grant.has_optional(name))
    };
    if asked.names().any(|name| !granted(name)) {
        return Err(Refusal::ScopeNotGranted {
            refused: asked.names().filter(|name| !granted(name)).map(str::to_owned).collect(),
            allowed: grant.map(GrantView::all).unwrap_or_default(),
            asked: asked.as_str().to_owned(),
        });
    }
    let default = grant.map(|grant| &grant.default);
    if let Some(default) = default
        && **default == *asked.as_str()
    {
        return Ok(Arc::clone(default));
    }
    let defaults = default.filter(|_| keycloak).into_iter().flat_map(|default| default.split(' '));
    let openid = asked.names().filter(|name| keycloak && *name == OPENID);
    let mut scope = String::with_capacity(asked.as_str().len() + 32);
    let mut seen = Names::default();
    for name in openid.chain(defaults).chain(asked.names()).filter(|name| !name.is_empty()) {
        if seen.insert(name) {
            if !scope.is_empty() {
                scope.push(' ');
            }
            scope.push_str(name);
        }
    }
    Ok(scope.into())
}

/// The identifiers of the APIs that the client has a grant on, the built-in `admin` left out.
fn own_apis(realm: &RealmView, entry: &ClientEntry) -> Vec<String> {
    let apis = entry.grants().iter().filter_map(|grant| realm.api_by_id(&grant.api_id));
    apis.filter(|api| api.api().enabled && api.api().builtin != Some(BuiltIn::Admin))
        .map(|api| api.identifier().to_owned())
        .collect()
}

/// Names, each once: looked through while they are few, hashed when a request could make it slow.
#[derive(Default)]
struct Names<'a> {
    few: Vec<&'a str>,
    many: HashSet<&'a str>,
}

impl<'a> Names<'a> {
    /// Whether it was not there yet.
    fn insert(&mut self, name: &'a str) -> bool {
        if self.has(name) {
            return false;
        }
        if self.few.len() < FEW {
            self.few.push(name);
        } else {
            self.many.insert(name);
        }
        true
    }

    fn has(&self, name: &str) -> bool {
        self.few.contains(&name) || self.many.contains(name)
    }
}

impl<'a> FromIterator<&'a str> for Names<'a> {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let mut all = Self::default();
        for name in names {
            all.insert(name);
        }
        all
    }
}

const FEW: usize = 16;

/// Keycloak's clients send it though nobody logs in; it grants nothing here.
const OPENID: &str = "openid";
