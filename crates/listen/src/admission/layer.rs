//! The gate as a tower layer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{Request, Response};
use tower::{Layer, Service};

use super::{Admission, Class, Overloaded};

/// Puts a service behind an [`Admission`]: `classify` tells a request's class, `refuse` renders a refusal.
#[derive(Debug)]
pub struct AdmissionLayer<C, R> {
    admission: Admission,
    classify: Arc<C>,
    refuse: Arc<R>,
}

/// A service behind an [`Admission`].
#[derive(Debug)]
pub struct Admitted<S, C, R> {
    service: S,
    admission: Admission,
    classify: Arc<C>,
    refuse: Arc<R>,
}

impl<C, R> AdmissionLayer<C, R> {
    /// A layer on this gate.
    pub fn new(admission: Admission, classify: C, refuse: R) -> Self {
        Self { admission, classify: Arc::new(classify), refuse: Arc::new(refuse) }
    }
}

impl<C, R> Clone for AdmissionLayer<C, R> {
    fn clone(&self) -> Self {
        Self {
            admission: self.admission.clone(),
            classify: Arc::clone(&self.classify),
            refuse: Arc::clone(&self.refuse),
        }
    }
}

impl<S, C, R> Layer<S> for AdmissionLayer<C, R> {
    type Service = Admitted<S, C, R>;

    fn layer(&self, service: S) -> Self::Service {
        let Self { admission, classify, refuse } = self.clone();
        Admitted { service, admission, classify, refuse }
    }
}

impl<S: Clone, C, R> Clone for Admitted<S, C, R> {
    fn clone(&self) -> Self {
        Self {
            service: self.service.clone(),
            admission: self.admission.clone(),
            classify: Arc::clone(&self.classify),
            refuse: Arc::clone(&self.refuse),
        }
    }
}

impl<S, C, R, In, Out> Service<Request<In>> for Admitted<S, C, R>
where
    S: Service<Request<In>, Response = Response<Out>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    C: Fn(&Request<In>) -> Class,
    R: Fn(Overloaded) -> Response<Out> + Send + Sync + 'static,
    In: Send + 'static,
    Out: Send,
{
    type Response = Response<Out>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.service.poll_ready(cx)
    }

    fn call(&mut self, request: Request<In>) -> Self::Future {
        let class = (self.classify)(&request);
        // the one that was found ready goes, a fresh one stays
        let fresh = self.service.clone();
        let mut service = std::mem::replace(&mut self.service, fresh);
        let (admission, refuse) = (self.admission.clone(), Arc::clone(&self.refuse));
        Box::pin(async move {
            // the call itself is work too, so it happens after admission
            let work = async move { service.call(request).await };
            admission.run(class, work).await.unwrap_or_else(|overloaded| Ok(refuse(overloaded)))
        })
    }
}
