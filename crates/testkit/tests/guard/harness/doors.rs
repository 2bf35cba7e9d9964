//! The doors: what each of them guards is alike. `/orders` needs a token, `/orders/write` the scope `orders:write`,
//! `/orders/either` one of two; `/maybe` takes a token and `/open` none, where the door can say so.

use std::sync::Arc;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::response::IntoResponse;
use axum::routing::{any, get};
use axum::{Extension, Router};
use bytes::Bytes;
use countersign_guard::axum::{Allowed, Rule as Needs};
use countersign_guard::certificates::Certificates;
use countersign_guard::forward_auth::ForwardAuth;
use countersign_guard::forwarded::Family;
use countersign_guard::proxied::TrustedProxies;
use countersign_guard::proxy::{Proxy, ProxyParts};
use countersign_guard::{
    Access, Gate, GuardLayer, Methods, Pattern, PeerCertificate, Require, Rule, Rules, Verifier,
};
use countersign_testkit::Answer;
use http::StatusCode;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::{Ask, Heard, Served, Upstream, exchange};

/// A way into an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// A tower layer on an axum router.
    Layer,
    /// Extractors of an axum router.
    Extractor,
    /// Forward-auth, asked as nginx asks.
    Original,
    /// Forward-auth, asked as Caddy and Traefik ask.
    Forwarded,
    /// The reverse proxy.
    Proxy,
}

pub(crate) const DOORS: [Door; 5] =
    [Door::Layer, Door::Extractor, Door::Original, Door::Forwarded, Door::Proxy];

pub(crate) struct Doors {
    layer: Router,
    extractor: Router,
    original: Served,
    forwarded: Served,
    proxy: Served,
    pub(crate) upstream: Upstream,
    reached: Arc<AtomicU64>,
}

impl Doors {
    pub(crate) fn of(verifier: &Verifier) -> Self {
        let reached = Arc::new(AtomicU64::new(0));
        let upstream = Upstream::start();
        let told = |family| {
            let told = (family, TrustedProxies::default());
            ForwardAuth::of_requests(verifier.clone(), Certificates::default(), told, rules())
        };
        Self {
            layer: layer(verifier, &reached),
            extractor: extractor(verifier, &reached),
            original: Served::start(told(Family::Original)),
            forwarded: Served::start(told(Family::Forwarded)),
            proxy: Served::start(Proxy::new(proxy_parts(verifier, &upstream.url()))),
            upstream,
            reached,
        }
    }

    /// Makes a request at a door.
    pub(crate) async fn ask(&self, door: Door, ask: &Ask) -> Heard {
        self.ask_with(door, ask, None).await
    }

    /// Makes a request at a door; the certificate is one that TLS has seen, where the door is not behind our own.
    pub(crate) async fn ask_with(
        &self,
        door: Door,
        ask: &Ask,
        certificate: Option<PeerCertificate>,
    ) -> Heard {
        let before = self.count();
        let answer = match door {
            Door::Layer => oneshot(&self.layer, ask, certificate).await,
            Door::Extractor => oneshot(&self.extractor, ask, certificate).await,
            Door::Original => self.asked_by_proxy(&self.original, ask, Family::Original).await,
            Door::Forwarded => self.asked_by_proxy(&self.forwarded, ask, Family::Forwarded).await,
            Door::Proxy => ask.at(self.proxy.address).await,
        };
        Heard { door, answer, reached: self.count() > before }
    }

    /// Makes a request again until it is answered so; what was asked for may take its time to arrive.
    pub(crate) async fn ask_until(&self, door: Door, ask: &Ask, is_so: impl Fn(&Heard) -> bool) -> Heard {
        for _ in 0..1000 {
            let heard = self.ask(door, ask).await;
            if is_so(&heard) {
                return heard;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("{door:?} never answered so");
    }

    pub(crate) fn address(&self, door: Door) -> std::net::SocketAddr {
        match door {
            Door::Original => self.original.address,
            Door::Forwarded => self.forwarded.address,
            Door::Proxy => self.proxy.address,
            Door::Layer | Door::Extractor => panic!("{door:?} has no address of its own"),
        }
    }

    /// As a proxy does it: asks about a request, and lets it through on 200 alone.
    async fn asked_by_proxy(&self, auth: &Served, ask: &Ask, family: Family) -> Answer {
        let ask = ask.clone();
        let (method, target) = (ask.method.to_string(), ask.target.clone());
        let ask = match family {
            Family::Original => ask.header("x-original-method", &method).header("x-original-uri", &target),
            Family::Forwarded => ask
                .header("x-forwarded-method", &method)
                .header("x-forwarded-uri", &target)
                .header("x-forwarded-host", "orders.example")
                .header("x-forwarded-proto", "https"),
        };
        // no proxy shows it a body
        let ask = Ask { method: http::Method::GET, body: Bytes::new(), ..ask };
        let answer = exchange(ask.request(&format!("http://{}/auth", auth.address))).await;
        if answer.status == StatusCode::OK {
            self.reached.fetch_add(1, Ordering::Relaxed);
        }
        answer
    }

    fn count(&self) -> u64 {
        self.reached.load(Ordering::Relaxed) + self.upstream.count() as u64
    }
}

/// A proxy to this upstream, for callers in the clear.
pub(crate) fn proxy_parts(verifier: &Verifier, upstream: &str) -> ProxyParts {
    ProxyParts {
        verifier: verifier.clone(),
        rules: rules(),
        upstream: countersign_guard::proxy::Upstream::new(upstream, None, Duration::from_secs(5)).unwrap(),
        upstream_connections: countersign_guard::proxy::UPSTREAM_CONNECTIONS,
        certificates: Certificates::default(),
        trusted_proxies: TrustedProxies::default(),
        is_tls: false,
        pass_authorization: false,
        allow_preflight: false,
    }
}

/// The rules of forward-auth and proxy, as the routers have them.
pub(crate) fn rules() -> Rules {
    let rule = |pattern: &str, gate| Rule::new(Pattern::parse(pattern).unwrap(), Methods::all(), gate);
    let post = Methods::of([http::Method::POST]).unwrap();
    Rules::new([
        rule("/open", Gate::Open),
        rule("/open/**", Gate::Open),
        rule("/orders/write", Write::require().clone().into()),
        rule("/orders/either", Either::require().clone().into()),
        Rule::new(Pattern::parse("/posts").unwrap(), post, Write::require().clone().into()),
        rule("/posts", Gate::token()),
        rule("/orders", Gate::token()),
        rule("/orders/**", Gate::token()),
        rule("/maybe", Gate::token()),
    ])
    .unwrap()
}

struct Write;

impl Needs for Write {
    fn require() -> &'static Require {
        static NEEDED: LazyLock<Require> = LazyLock::new(|| Require::scope("orders:write").unwrap());
        &NEEDED
    }
}

struct Either;

impl Needs for Either {
    fn require() -> &'static Require {
        static NEEDED: LazyLock<Require> =
            LazyLock::new(|| Require::any(["orders:write", "orders:admin"]).unwrap());
        &NEEDED
    }
}

fn layer(verifier: &Verifier, reached: &Arc<AtomicU64>) -> Router {
    let reached = Arc::clone(reached);
    let handler = move |access: Option<Extension<Access>>, body: Bytes| {
        let reached = Arc::clone(&reached);
        async move {
            reached.fetch_add(1, Ordering::Relaxed);
            told(access.as_deref(), body)
        }
    };
    let layer = GuardLayer::new(verifier.clone());
    let behind = |layer: GuardLayer| any(handler.clone()).layer(layer);
    Router::new()
        .route("/open", get(handler.clone()))
        .route("/orders/write", behind(layer.clone().require(Write::require().clone())))
        .route("/orders/either", behind(layer.clone().require(Either::require().clone())))
        .fallback_service(behind(layer))
}

fn extractor(verifier: &Verifier, reached: &Arc<AtomicU64>) -> Router {
    let reached = Arc::clone(reached);
    let count = move || reached.fetch_add(1, Ordering::Relaxed);
    let (one, two, three, four) = (count.clone(), count.clone(), count.clone(), count);
    let with_token = any(move |access: Access, body: Bytes| async move {
        one();
        told(Some(&access), body)
    });
    let with_write = any(move |access: Allowed<Write>, body: Bytes| async move {
        two();
        told(Some(&access), body)
    });
    let with_either = any(move |access: Allowed<Either>, body: Bytes| async move {
        three();
        told(Some(&access.into_access()), body)
    });
    let maybe = any(move |access: Option<Access>, body: Bytes| async move {
        four();
        told(access.as_ref(), body)
    });
    Router::new()
        .route("/maybe", maybe)
        .route("/orders/write", with_write)
        .route("/orders/either", with_either)
        .fallback(with_token)
        .with_state(verifier.clone())
}

/// Who calls, as a handler sees it, in headers, as the upstream tells it; and the body that came.
fn told(access: Option<&Access>, body: Bytes) -> impl IntoResponse + use<> {
    let text = |of: Option<&str>| of.unwrap_or_default().to_owned();
    let who = [
        ("x-auth-client", text(access.and_then(Access::client_id))),
        ("x-auth-subject", text(access.map(Access::subject))),
        ("x-auth-issuer", text(access.map(Access::issuer))),
        ("x-auth-scope", text(access.map(Access::scope))),
    ];
    (who, body)
}

async fn oneshot(router: &Router, ask: &Ask, certificate: Option<PeerCertificate>) -> Answer {
    let mut request = ask.request(&ask.target);
    if let Some(certificate) = certificate {
        request.extensions_mut().insert(certificate);
    }
    let answer = router.clone().oneshot(request.map(Body::new)).await.unwrap();
    let (head, body) = answer.into_parts();
    Answer { status: head.status, headers: head.headers, body: body.collect().await.unwrap().to_bytes() }
}
