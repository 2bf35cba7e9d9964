//! `countersign audit`: what happened in a realm.

use clap::Args;
use countersign_proto::admin::AuditBody;

use crate::admin::{InRealm, count, item};
use crate::failure::Failure;
use crate::moment::rfc3339;
use crate::output::{Output, Table};

/// List what was changed in a realm, newest first: when, what, by whom
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Audit {
    /// At most so many
    #[arg(long, value_name = "COUNT", value_parser = count, default_value = "50")]
    limit: usize,
    #[command(flatten)]
    place: InRealm,
}

impl Audit {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        let (admin, realm) = self.place.connect().await?;
        let page = admin.list(&["realms", &realm, "audit"], Some(self.limit)).await?;
        if output.is_json() {
            return output.page(&page);
        }
        let mut table = Table::new(["WHEN", "WHAT", "TO", "BY", "REQUEST"]);
        for value in &page.items {
            let one: AuditBody = item(value)?;
            table.row([&rfc3339(one.at), &one.event, &one.subject, &one.actor, &one.request_id]);
        }
        output.table(&table);
        Ok(())
    }
}

const EXAMPLES: &str = "\
Examples:
  countersign audit --realm myorg
  countersign audit --realm myorg --limit 500 --output json";
