//! What the layer adds to a call.
//!
//! `cargo bench -p countersign-client --bench spend` first prints how much longer a call through the layer takes than one
//! of the bare service behind it, with a token that is there; with a proof also less the bare signature. Each figure is
//! the median of many differences of short runs, one right after the other, so that a busy machine slows both alike. Then
//! come criterion's absolute times. Targets: under 2 µs without a proof, under 3 µs beside the signature with one.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark may panic and has to print")]

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::hint::black_box;
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign_client::token::Secret;
use countersign_client::{Builder, TokenSource};
use countersign_proto::jose::{Algorithm, SigningKey};
use countersign_testkit::TestIssuer;
use criterion::Criterion;
use http::{Request, Response};
use http_body_util::Full;
use tokio::runtime::Runtime;
use tower::{Layer as _, Service, ServiceExt as _};

const ORIGIN: &str = "https://orders.example";

type Operation<'a> = Box<dyn FnMut() + 'a>;

/// An API that answers at once.
#[derive(Clone)]
struct Api;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let issuer = runtime.block_on(TestIssuer::start());
    issuer.client("svc").secret("secret");
    issuer.gives_for(24 * 60 * 60);
    let source = |set: fn(Builder) -> Builder| {
        let builder = TokenSource::discover(issuer.issuer()).only_to(ORIGIN);
        // the issuer's clock stands still, and its proofs are judged by it
        let builder = builder.client_secret("svc", Secret::new("secret".to_owned())).clock(clock());
        set(builder).build_unasked().unwrap()
    };
    let bearer = source(|builder| builder);
    println!("{:8} {:>14} {:>26}", "added", "to the call", "beside the signature, ns");
    let added = difference(called(&runtime, bearer.layer().layer(Api)), called(&runtime, Api));
    println!("{:8} {added:14.0}", "Bearer");
    let proven = [
        (Algorithm::ES256, source(|builder| builder.dpop(Algorithm::ES256))),
        (Algorithm::EdDSA, source(|builder| builder.dpop(Algorithm::EdDSA))),
    ];
    for (algorithm, tokens) in &proven {
        let bare = || both(called(&runtime, Api), signed(*algorithm));
        let added = difference(called(&runtime, tokens.layer().layer(Api)), called(&runtime, Api));
        let beside = difference(called(&runtime, tokens.layer().layer(Api)), bare());
        println!("{:8} {added:14.0} {beside:26.0}", algorithm.as_str());
    }
    let mut criterion = Criterion::default().configure_from_args();
    criterion.bench_function("bare", |bencher| bencher.iter(called(&runtime, Api)));
    criterion.bench_function("Bearer", |bencher| bencher.iter(called(&runtime, bearer.layer().layer(Api))));
    for (algorithm, tokens) in &proven {
        let mut group = criterion.benchmark_group(algorithm.as_str());
        group.bench_function("bare sign", |bencher| bencher.iter(signed(*algorithm)));
        group.bench_function("DPoP", |bencher| bencher.iter(called(&runtime, tokens.layer().layer(Api))));
        group.finish();
    }
    criterion.final_summary();
}

/// A call of a service, for a request with a body and some headers.
fn called<S>(runtime: &Runtime, service: S) -> Operation<'_>
where
    S: Service<Request<Full<Bytes>>> + Clone + 'static,
    S::Error: std::fmt::Debug,
{
    Box::new(move || {
        let request = Request::post("https://orders.example/orders/1?expand=lines")
            .header("content-type", "application/json")
            .header("accept", "application/json")
            .body(Full::new(Bytes::from_static(b"{}")))
            .unwrap();
        black_box(runtime.block_on(service.clone().oneshot(request)).unwrap());
    })
}

/// The bare signature of as much as a proof is; `countersign-proto`'s benchmark holds it to 1.02 of aws-lc-rs alone.
fn signed(algorithm: Algorithm) -> Operation<'static> {
    let key = SigningKey::generate(algorithm, "dpop").unwrap();
    let mut out = Vec::with_capacity(512);
    Box::new(move || {
        out.clear();
        key.sign(black_box(&[b'x'; 520]), &mut out).unwrap();
        black_box(&out);
    })
}

fn both<'a>(mut one: Operation<'a>, mut other: Operation<'a>) -> Operation<'a> {
    Box::new(move || {
        one();
        other();
    })
}

/// By how many nanoseconds ours is longer.
fn difference(mut ours: Operation<'_>, mut bare: Operation<'_>) -> f64 {
    // so few that most of the runs are not interrupted
    const CALLS: u32 = 20;
    let mut differences: Vec<f64> = (0..2001)
        .map(|_| {
            let bare = time(&mut bare, CALLS).as_secs_f64();
            (time(&mut ours, CALLS).as_secs_f64() - bare) * 1e9 / f64::from(CALLS)
        })
        .collect();
    differences.sort_by(f64::total_cmp);
    differences.get(differences.len() / 2).copied().unwrap_or(f64::NAN)
}

fn time(operation: &mut Operation<'_>, calls: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..calls {
        operation();
    }
    start.elapsed()
}

fn clock() -> std::sync::Arc<dyn countersign_proto::time::Clock> {
    std::sync::Arc::<countersign_testkit::TestClock>::default()
}

impl Service<Request<Full<Bytes>>> for Api {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<Result<(), Infallible>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        black_box(request);
        ready(Ok(Response::new(())))
    }
}
