//! What a start tells a person: where the server is, and at the first one the root secret and what to do next.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use countersign_issuer::realm::SYSTEM;

use crate::context::{Context, Contexts};
use crate::failure::Failure;
use crate::output::{self, Output, program, shell};
use crate::private_file;
use crate::wire::{Place, Server};

/// Tells, saves the context, and returns the file of the secret where one was written.
///
/// `root_variable` is the environment variable that the root secret came from; it is then neither shown nor saved.
pub(crate) fn tell(server: &Server, root_variable: Option<&'static str>, output: Output) -> Option<PathBuf> {
    let mut text = places(&server.place);
    let mut secret_file = None;
    match (&server.root.secret, root_variable) {
        (Some(secret), _) => {
            let why = match server.is_first {
                true => "This is the first start.",
                false => "There was no root client any more; a new one was made.",
            };
            let _ = writeln!(text, "\n{why} The root client administers every realm:\n");
            let _ = writeln!(text, "  client id   {}", server.root.client_id);
            if output::is_terminal() && !output.is_json() {
                let _ = writeln!(text, "  secret      {}   {SHOWN_ONCE}", secret.expose());
            } else {
                match keep(&server.place.data, &server.root.client_id, secret.expose()) {
                    Ok(path) => {
                        text.push_str(&kept_in(&path));
                        secret_file = Some(path);
                    }
                    Err(error) => text.push_str(&not_kept(&server.place.data, &error)),
                }
            }
            let context = context(server, Some(secret.expose().to_owned()), None);
            text.push_str(&remember(context, server, output));
            if server.is_first {
                text.push_str(&next(&program()));
            }
        }
        (None, Some(variable)) => {
            let _ = writeln!(text, "  root        {} (secret from {variable})", server.root.client_id);
            let context = context(server, None, Some(variable.to_owned()));
            if is_new_to_us(&context) {
                text.push_str(&remember(context, server, output));
            }
        }
        (None, None) => {}
    }
    if let Some(dev) = server.place.dev.as_ref().filter(|dev| dev.made) {
        let _ = write!(text, "\n{}", dev.how_to_trust());
    }
    if !output.is_json() {
        output.text(&text);
    }
    secret_file
}

fn places(place: &Place) -> String {
    let listen: Vec<String> = place.listen.iter().map(ToString::to_string).collect();
    let mut text = format!("Countersign {} at {}\n\n", env!("CARGO_PKG_VERSION"), place.public_url);
    let _ = writeln!(text, "  listens on  {}", listen.join(", "));
    if let Some(admin) = &place.admin {
        let _ = writeln!(text, "  admin API   {} (and nowhere else)", admin.url);
    }
    let _ = writeln!(text, "  health      http://{}/readyz", place.ops);
    let _ = writeln!(text, "  data        {}", place.data.display());
    text
}

/// Where nobody looks at the output, it ends in files that others read: the secret gets one of its own, in `data`.
pub(crate) fn keep(data: &Path, client_id: &str, secret: &str) -> io::Result<PathBuf> {
    let path = secret_file(data);
    let text = zeroize::Zeroizing::new(format!(
        "COUNTERSIGN_ROOT_CLIENT_ID={client_id}\nCOUNTERSIGN_ROOT_CLIENT_SECRET={secret}\n"
    ));
    private_file::replace(&path, &text).map(|()| path)
}

/// The file of the root's secret in a data folder.
pub(crate) fn secret_file(data: &Path) -> PathBuf {
    data.join("root-client")
}

/// The line that says where the secret is.
pub(crate) fn kept_in(path: &Path) -> String {
    format!("  secret      in {} (0600): keep it elsewhere, then delete the file\n", path.display())
}

fn not_kept(data: &Path, error: &io::Error) -> String {
    format!(
        "  secret      could not be written to {}: {error}\n              `countersign root reset` makes another\n",
        secret_file(data).display()
    )
}

fn context(server: &Server, secret: Option<String>, variable: Option<String>) -> Context {
    let place = &server.place;
    // with an admin listener of its own, that is where commands must go
    let url = place.admin.as_ref().map_or(&place.public_url, |admin| &admin.url);
    Context {
        server: url.clone(),
        realm: SYSTEM.to_owned(),
        client_id: server.root.client_id.clone(),
        client_secret: secret,
        client_secret_env: variable,
        client_secret_file: None,
        default_realm: None,
        ca_file: place.dev.as_ref().map(|dev| dev.ca.clone()),
        in_body: false,
        danger_plain_http: is_plain_beyond_loopback(url),
        data: Some(place.data.clone()),
    }
}

/// What the operator allowed for the server must be allowed to the command line too.
fn is_plain_beyond_loopback(url: &str) -> bool {
    countersign_client::Endpoint::parse(url) == Err(countersign_client::EndpointError::PlainHttp)
}

/// Whether no saved context has these credentials: a restart must not change which one is current.
fn is_new_to_us(context: &Context) -> bool {
    let same = |known: &Context| {
        known.server == context.server
            && known.client_id == context.client_id
            && known.client_secret_env == context.client_secret_env
    };
    Contexts::load().is_ok_and(|contexts| !contexts.by_name.values().any(same))
}

fn remember(context: Context, server: &Server, output: Output) -> String {
    match save(context, server) {
        Ok(((name, before), path)) => {
            let back =
                before.map(|before| format!("; back with `countersign context use {}`", shell(&before)));
            let back = back.unwrap_or_default();
            // commands of this user go elsewhere now: a person must see it, wherever standard output goes
            if !back.is_empty() && (output.is_json() || !output::is_terminal()) {
                tracing::warn!("commands use the context '{name}' from now on{back}");
            }
            format!(
                "  context     '{name}' in {} (0600): commands use it from now on{back}\n",
                path.display()
            )
        }
        // a server needs no context; a container often has no home to keep one in
        Err(failure) => format!("  context     not saved: {failure}\n"),
    }
}

type Saved = ((String, Option<String>), PathBuf);

fn save(context: Context, server: &Server) -> Result<Saved, Failure> {
    let port = server.place.listen.first().map_or(0, std::net::SocketAddr::port);
    Contexts::change(|contexts| Ok(contexts.add_local(context, port, server.is_first)))
}

/// Commands that can be pasted as they are, into any terminal.
fn next(program: &str) -> String {
    format!(
        "
To make a realm with an API and a client, and take its first token, paste into another terminal:

  {program} realm create myorg
  {program} api create https://orders.example --realm myorg --scope orders:read --scope orders:write
  {program} client create svc --realm myorg --api https://orders.example --scope orders:read \
--optional orders:write --save-context svc
  {program} token --context svc
"
    )
}

/// Beside a secret that was made: whoever loses it cannot have it again.
pub(crate) const SHOWN_ONCE: &str = "(shown once: the server keeps a hash of it)";
