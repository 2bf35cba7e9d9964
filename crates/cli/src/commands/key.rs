//! `countersign key`: signing keys, by hand.

use clap::{Args, Subcommand};
use countersign_proto::admin::{KeyBody, NewKey, RetireKey, RotateKeys};
use countersign_proto::time::UnixTime;

use crate::admin::{InRealm, Reply, item};
use crate::failure::Failure;
use crate::moment::rfc3339;
use crate::output::{Output, Table};

/// Signing keys: announce one, let it sign, retire the one before
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Key {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand, Debug)]
enum Verb {
    /// List the keys of a realm, retired ones included
    #[command(visible_alias = "ls", after_help = "Examples:\n  countersign key list --realm myorg")]
    List(InRealm),
    Add(Add),
    Rotate(Rotate),
    Retire(Retire),
}

/// Make a key and announce it in the JWKS; it does not sign before `key rotate`
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  countersign key add --realm myorg
  countersign key add --realm myorg --algorithm RS256 --bits 3072")]
struct Add {
    /// Its algorithm; unless given, the realm's
    #[arg(long)]
    algorithm: Option<String>,
    /// The size of an RSA key: 2048, 3072 or 4096
    #[arg(long)]
    bits: Option<u32>,
    #[command(flatten)]
    place: InRealm,
}

/// Let the announced key sign, and retire the one that signed
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  countersign key rotate --realm myorg
  countersign key rotate --realm myorg --algorithm RS256
  countersign key rotate --realm myorg --force")]
struct Rotate {
    /// Which algorithm's; unless given, the realm's
    #[arg(long)]
    algorithm: Option<String>,
    /// Also with a key that verifiers' caches cannot know yet; one is made if none is announced
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    place: InRealm,
}

/// Retire a key: it never signs again, and leaves the JWKS when the last token that it signed has expired
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  countersign key retire 6f1d2c --realm myorg
  countersign key retire 6f1d2c --realm myorg --immediately")]
struct Retire {
    /// The key's id
    kid: String,
    /// Take it from the JWKS at once: its tokens die with it. For a key that leaked
    #[arg(long)]
    immediately: bool,
    #[command(flatten)]
    place: InRealm,
}

impl Key {
    pub(crate) async fn run(self, output: Output) -> Result<(), Failure> {
        match self.verb {
            Verb::List(place) => list(&place, output).await,
            Verb::Add(add) => {
                let (admin, realm) = add.place.connect().await?;
                let new = NewKey { algorithm: add.algorithm, bits: add.bits };
                show(output, &admin.post(&["realms", &realm, "keys"], &new).await?)
            }
            Verb::Rotate(rotate) => {
                let (admin, realm) = rotate.place.connect().await?;
                let ask = RotateKeys { algorithm: rotate.algorithm, force: rotate.force };
                let rotated = admin.post(&["realms", &realm, "keys", "rotate"], &ask).await;
                show(output, &rotated.map_err(|failure| failure.reworded(as_a_command))?)
            }
            Verb::Retire(retire) => {
                let (admin, realm) = retire.place.connect().await?;
                let ask = RetireKey { immediately: retire.immediately };
                show(output, &admin.post(&["realms", &realm, "keys", &retire.kid, "retire"], &ask).await?)
            }
        }
    }
}

/// The admin API's words for a person at a command line: the flag in place of the member, the moment in place of a count.
fn as_a_command(text: &str) -> String {
    let text = text.replace("send \"force\": true", "give --force");
    let moment = text.split_once(" before ").and_then(|(_, rest)| rest.split(' ').next());
    match moment.and_then(|moment| Some((moment, UnixTime(moment.parse().ok()?)))) {
        Some((moment, at)) => {
            text.replace(&format!(" before {moment} "), &format!(" before {} ", rfc3339(at)))
        }
        None => text,
    }
}

async fn list(place: &InRealm, output: Output) -> Result<(), Failure> {
    let (admin, realm) = place.connect().await?;
    let page = admin.list(&["realms", &realm, "keys"], None).await?;
    if output.is_json() {
        return output.page(&page);
    }
    let keys: Result<Vec<KeyBody>, Failure> = page.items.iter().map(item).collect();
    output.table(&table(&keys?));
    Ok(())
}

fn show(output: Output, reply: &Reply) -> Result<(), Failure> {
    if output.is_json() {
        output.body(&reply.body);
        return Ok(());
    }
    output.table(&table(&[reply.read()?]));
    Ok(())
}

fn table(keys: &[KeyBody]) -> Table {
    let mut table = Table::new(["KEY", "ALGORITHM", "STATE", "CREATED", "SINCE", "PUBLISHED UNTIL"]);
    for key in keys {
        table.row([
            &key.kid,
            &key.algorithm,
            &key.state,
            &rfc3339(key.created_at),
            &rfc3339(key.changed_at),
            &key.published_until.map(rfc3339).unwrap_or_default(),
        ]);
    }
    table
}

const EXAMPLES: &str = "\
Examples:
  countersign key list --realm myorg
  countersign key add --realm myorg
  countersign key rotate --realm myorg";
