//! The listener's admission as the server's gate, wired as the binary wires it.

use std::pin::Pin;

use axum::response::Response;
use countersign_listen::admission::Admission;
use countersign_server::{Admit, Overloaded, Work};

pub(crate) struct Gate(pub(crate) Admission);

impl Admit for Gate {
    fn admit<'a>(
        &'a self,
        work: Work<'a>,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Overloaded>> + Send + 'a>> {
        Box::pin(async move {
            let done = self.0.run(work).await;
            done.map_err(|full| Overloaded { retry_after: full.retry_after })
        })
    }
}
