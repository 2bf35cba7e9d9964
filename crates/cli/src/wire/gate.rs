//! The listener's gate in the server's words.

use std::pin::Pin;

use axum::response::Response;
use countersign_listen::admission::Admission;
use countersign_server::{Admit, Overloaded, Work};

/// Lets token requests in as the listener's [`Admission`] says.
pub(super) struct Gate(pub(super) Admission);

impl Admit for Gate {
    fn admit<'a>(
        &'a self,
        work: Work<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Overloaded>> + Send + 'a>> {
        Box::pin(async move {
            let admitted = self.0.run(work).await;
            admitted.map_err(|refused| Overloaded { retry_after: refused.retry_after })
        })
    }
}
