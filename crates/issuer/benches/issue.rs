//! What a token costs besides its signature: from a parsed request to a response body.
//!
//! `cargo bench -p countersign-issuer --features measure`; figures of one run are to be compared with each other.

#![expect(clippy::expect_used, reason = "a benchmark that cannot be set up measures nothing")]

#[path = "../tests/harness/mod.rs"]
mod harness;

use criterion::{Criterion, criterion_group, criterion_main};
use harness::{Harness, NullSigner, ROOT_SECRET, ask};

fn issue(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let null = runtime.block_on(Harness::start(1000));
    runtime.block_on(null.issuer.load_clients()).expect("clients");
    let system = null.system();
    system.danger_replace_signers(|algorithm| Box::new(NullSigner(algorithm)));
    let mut group = criterion.benchmark_group("issue");
    group.bench_function("without the signature", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { null.issuer.issue(&system, ask("root", ROOT_SECRET, None)).await.ok() });
    });
    group.bench_function("a wrong secret", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            null.issuer.issue(&system, ask("root", "not-the-secret", None)).await.is_err()
        });
    });
    let signing = runtime.block_on(Harness::start(1000));
    runtime.block_on(signing.issuer.load_clients()).expect("clients");
    let system = signing.system();
    group.bench_function("with the signature, ES256", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { signing.issuer.issue(&system, ask("root", ROOT_SECRET, None)).await.ok() });
    });
    group.finish();
}

criterion_group!(benches, issue);
criterion_main!(benches);
