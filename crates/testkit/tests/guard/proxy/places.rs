//! How many requests an upstream gets at a time.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use countersign_guard::proxy::{Proxy, ProxyParts};
use http::{Request, Response};
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::{Frame, Incoming};
use tokio::sync::Notify;
use tower::service_fn;

use crate::harness::{Ask, Scene, Served, proxy_parts};

/// RFC 9110 §15.6.4: beyond the bound is 503 at once, until the last byte of an answer was handed on.
#[tokio::test]
async fn beyond_the_bound_is_503_at_once() {
    let scene = Scene::new().await;
    let (asked, gate) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let upstream = {
        let (asked, gate) = (Arc::clone(&asked), Arc::clone(&gate));
        Served::start(service_fn(move |_: Request<Incoming>| {
            let (asked, gate) = (Arc::clone(&asked), Arc::clone(&gate));
            async move {
                asked.notify_one();
                let body = futures_util::stream::once(async move {
                    gate.notified().await;
                    Ok::<_, std::convert::Infallible>(Frame::data(Bytes::from("late")))
                });
                Ok::<_, std::convert::Infallible>(Response::new(StreamBody::new(body).boxed_unsync()))
            }
        }))
    };
    let parts = proxy_parts(&scene.verifier, &format!("http://{}", upstream.address));
    let service = Proxy::new(ProxyParts { upstream_connections: NonZeroUsize::MIN, ..parts });
    let proxy = Served::start(service.clone());
    let ask = || Ask::get("/orders").bearer(&scene.issuer.mint().token());
    let first = {
        let (ask, address) = (ask(), proxy.address);
        tokio::spawn(async move { ask.at(address).await })
    };
    asked.notified().await;
    for _ in 0..3 {
        let answer = ask().at(proxy.address).await;
        assert_eq!(answer.refusal(), "503 temporarily_unavailable");
        assert_eq!(answer.header("retry-after"), Some("1"));
    }
    assert_eq!(Ask::get("/orders").at(proxy.address).await.status, 401, "who may not come in takes no place");
    gate.notify_one();
    assert_eq!(first.await.unwrap().text(), "late");
    gate.notify_one();
    let next = tokio::time::timeout(Duration::from_secs(20), async {
        loop {
            // the place is free a moment after the last byte was heard
            let answer = ask().at(proxy.address).await;
            if answer.status == 200 {
                return answer;
            }
        }
    });
    assert_eq!(next.await.unwrap().text(), "late");
    let counts: Vec<_> = service.upstream_failures().filter(|(_, count)| *count > 0).collect();
    assert!(matches!(counts[..], [("busy", 3..)]), "{counts:?}");
}
