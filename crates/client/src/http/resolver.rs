//! Names to addresses, where a document named the host: the addresses that are connected to are the ones that were
//! looked at, so that a name with changing answers (DNS rebinding) is no way around.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use crate::address;

/// Resolves by `R`, and fails, where only public addresses may be called, when one of them is not.
#[derive(Clone, Debug)]
pub(super) struct Names<R> {
    resolver: R,
    public_only: bool,
}

impl Names<GaiResolver> {
    /// As the operating system says.
    pub(super) fn any() -> Self {
        Self { resolver: GaiResolver::new(), public_only: false }
    }

    /// As the operating system says, to public addresses.
    pub(super) fn public() -> Self {
        Self { resolver: GaiResolver::new(), public_only: true }
    }
}

impl<R> Service<Name> for Names<R>
where
    R: Service<Name, Error = io::Error>,
    R::Response: Iterator<Item = SocketAddr>,
    R::Future: Send + 'static,
{
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.resolver.poll_ready(context)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (resolved, public_only) = (self.resolver.call(name), self.public_only);
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = resolved.await?.collect();
            for at in addresses.iter().filter(|_| public_only) {
                // one such address among good ones is no accident either
                address::check(at.ip()).map_err(io::Error::other)?;
            }
            Ok(addresses.into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Ready, ready};

    use http::Uri;
    use hyper_util::client::legacy::connect::HttpConnector;

    use super::*;

    /// A name server whose answers change from one question to the next.
    #[derive(Clone)]
    struct Changing(Vec<Vec<SocketAddr>>);

    impl Service<Name> for Changing {
        type Response = std::vec::IntoIter<SocketAddr>;
        type Error = io::Error;
        type Future = Ready<io::Result<Self::Response>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Name) -> Self::Future {
            ready(Ok(self.0.remove(0).into_iter()))
        }
    }

    fn addresses(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect()
    }

    /// Threats 2 "DNS rebinding": each look-up is judged, not the first alone, and one bad address spoils all.
    #[tokio::test]
    async fn each_look_up_is_judged() {
        let answers =
            [&["8.8.8.8"][..], &["127.0.0.1"], &["8.8.8.8", "10.0.0.1"], &["::ffff:169.254.169.254"]];
        let mut resolver = Names {
            resolver: Changing(answers.iter().map(|list| addresses(list)).collect()),
            public_only: true,
        };
        let name: Name = "rebind.example".parse().unwrap();
        assert_eq!(resolver.call(name.clone()).await.unwrap().count(), 1);
        for forbidden in ["127.0.0.1", "10.0.0.1", "::ffff:169.254.169.254"] {
            let error = resolver.call(name.clone()).await.unwrap_err().to_string();
            assert!(error.contains(&format!("led to {forbidden},")), "{error}");
        }
    }

    /// The same through the connector: nobody is called at the forbidden address.
    #[tokio::test]
    async fn a_forbidden_address_is_not_connected_to() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let uri: Uri = format!("http://rebind.example:{port}/").parse().unwrap();
        let bare = Changing(vec![addresses(&["127.0.0.1"])]);
        assert!(HttpConnector::new_with_resolver(bare.clone()).call(uri.clone()).await.is_ok());
        listener.accept().await.unwrap();
        assert!(
            HttpConnector::new_with_resolver(Names { resolver: bare, public_only: true })
                .call(uri)
                .await
                .is_err()
        );
        let again =
            std::future::poll_fn(|context| Poll::Ready(listener.poll_accept(context).is_ready())).await;
        assert!(!again);
    }
}
