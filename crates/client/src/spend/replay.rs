//! Requests that can be sent twice: those whose body lies in memory.

use std::any::Any;

use bytes::Bytes;
use http::Request;
use http_body_util::{Empty, Full};

/// A copy of a request, if its body is of a type that lies in memory; any other may be a stream, of which a part is gone.
pub(super) fn copy<B: 'static>(request: &Request<B>) -> Option<Request<B>> {
    let body = body(request.body())?;
    let mut copy = Request::new(body);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Some(copy)
}

fn body<B: 'static>(body: &B) -> Option<B> {
    same::<Full<Bytes>, B>(body)
        .or_else(|| same::<Empty<Bytes>, B>(body))
        .or_else(|| same::<(), B>(body))
        .or_else(|| same::<Bytes, B>(body))
        .or_else(|| same::<String, B>(body))
        .or_else(|| same::<Vec<u8>, B>(body))
}

/// A clone, if `B` is `T`.
fn same<T: Clone + 'static, B: 'static>(body: &B) -> Option<B> {
    let body: &dyn Any = body;
    let mut copy: Option<T> = Some(body.downcast_ref::<T>()?.clone());
    let copy: &mut dyn Any = &mut copy;
    copy.downcast_mut::<Option<B>>()?.take()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_memory_is_copied_and_nothing_else() {
        let request =
            Request::post("https://a.example/x?y").header("a", "b").body("text".to_owned()).unwrap();
        let same = copy(&request).unwrap();
        assert_eq!(
            (same.method(), same.uri(), same.headers()),
            (request.method(), request.uri(), request.headers())
        );
        assert_eq!(same.body(), "text");
        assert!(copy(&Request::new(Full::new(Bytes::from_static(b"x")))).is_some());
        assert!(copy(&Request::new(Empty::<Bytes>::new())).is_some());
        assert!(copy(&Request::new(())).is_some());
        assert!(
            copy(&Request::new(http_body_util::combinators::BoxBody::new(Full::new(Bytes::new())))).is_none()
        );
    }
}
