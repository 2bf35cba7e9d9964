//! What to paste to take a token with the tools that people have.

use std::fmt::Write as _;
use std::path::Path;

use crate::output::shell;

/// What a client needs to take a token.
pub(crate) struct Snippet<'a> {
    pub(crate) token_endpoint: &'a str,
    pub(crate) client_id: &'a str,
    /// Its secret, as a shell reads it.
    pub(crate) secret: &'a str,
    /// Whether the client is held to `client_secret_post`.
    pub(crate) in_body: bool,
    /// The scopes that it gets without asking.
    pub(crate) scopes: &'a [String],
    /// The authority to trust, for a development certificate.
    pub(crate) ca_file: Option<&'a Path>,
}

/// curl, Python, Node and Go; the secret stands in one place, as a variable.
pub(crate) fn all(snippet: &Snippet<'_>) -> String {
    let mut text = format!(
        "\n# its secret, for all that follows\nexport COUNTERSIGN_CLIENT_SECRET={}\n",
        snippet.secret
    );
    if let Some(ca) = snippet.ca_file {
        let ca = shell(&ca.display().to_string());
        let _ = writeln!(text, "export REQUESTS_CA_BUNDLE={ca} NODE_EXTRA_CA_CERTS={ca} SSL_CERT_FILE={ca}");
    }
    if !snippet.scopes.is_empty() {
        let _ = writeln!(text, "# (a request without `scope` gets: {})", snippet.scopes.join(" "));
    }
    let (url, id) = (quoted(snippet.token_endpoint), quoted(snippet.client_id));
    text.push_str(&curl(snippet));
    text.push_str(&python(&url, &id, snippet.in_body));
    text.push_str(&node(&url, &id, snippet.in_body));
    text.push_str(&go(&url, &id, snippet.in_body));
    text
}

fn curl(snippet: &Snippet<'_>) -> String {
    let (url, id) = (shell(snippet.token_endpoint), shell(snippet.client_id));
    let trust = match snippet.ca_file {
        Some(ca) => format!(" --cacert {}", shell(&ca.display().to_string())),
        None => String::new(),
    };
    let credentials = if snippet.in_body {
        format!(
            "--data-urlencode client_id={id} --data-urlencode client_secret=\"$COUNTERSIGN_CLIENT_SECRET\""
        )
    } else {
        format!("-u {id}:\"$COUNTERSIGN_CLIENT_SECRET\"")
    };
    format!("\n# curl\ncurl -sS{trust} {credentials} -d grant_type=client_credentials {url}\n")
}

fn python(url: &str, id: &str, in_body: bool) -> String {
    let (auth, body) = if in_body {
        (
            String::new(),
            format!(", \"client_id\": {id}, \"client_secret\": os.environ[\"COUNTERSIGN_CLIENT_SECRET\"]"),
        )
    } else {
        (format!(" auth=({id}, os.environ[\"COUNTERSIGN_CLIENT_SECRET\"]),"), String::new())
    };
    format!(
        "
# Python (requests)
import os, requests
answer = requests.post({url},{auth}
                       data={{\"grant_type\": \"client_credentials\"{body}}})
token = answer.json()[\"access_token\"]
"
    )
}

fn node(url: &str, id: &str, in_body: bool) -> String {
    let (headers, body) = if in_body {
        (String::new(), format!(", client_id: {id}, client_secret: process.env.COUNTERSIGN_CLIENT_SECRET"))
    } else {
        let basic =
            format!("Buffer.from({id} + \":\" + process.env.COUNTERSIGN_CLIENT_SECRET).toString(\"base64\")");
        (format!("  headers: {{ authorization: \"Basic \" + {basic} }},\n"), String::new())
    };
    format!(
        "
// Node.js (fetch)
const answer = await fetch({url}, {{
  method: \"POST\",
{headers}  body: new URLSearchParams({{ grant_type: \"client_credentials\"{body} }}),
}});
const {{ access_token }} = await answer.json();
"
    )
}

fn go(url: &str, id: &str, in_body: bool) -> String {
    let style = if in_body { "oauth2.AuthStyleInParams" } else { "oauth2.AuthStyleInHeader" };
    format!(
        "
// Go (golang.org/x/oauth2/clientcredentials)
config := clientcredentials.Config{{
\tClientID: {id}, ClientSecret: os.Getenv(\"COUNTERSIGN_CLIENT_SECRET\"), TokenURL: {url}, AuthStyle: {style},
}}
client := config.Client(context.Background()) // an http.Client that sends the token
"
    )
}

/// A string literal of all three languages.
fn quoted(text: &str) -> String {
    serde_json::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out_of_its_quotes() {
        let mut snippet = Snippet {
            token_endpoint: "https://a.example/realms/x/oauth2/token",
            client_id: "it's;$(id)`x`",
            secret: &shell("a'b"),
            in_body: false,
            scopes: &[],
            ca_file: Some(Path::new("/a b/ca.pem")),
        };
        let text = all(&snippet);
        assert!(text.contains(r"export COUNTERSIGN_CLIENT_SECRET='a'\''b'"), "{text}");
        assert!(text.contains(r#"-u 'it'\''s;$(id)`x`':"$COUNTERSIGN_CLIENT_SECRET""#), "{text}");
        assert!(text.contains(r#"auth=("it's;$(id)`x`", "#), "{text}");
        assert!(text.contains("--cacert '/a b/ca.pem'"), "{text}");
        snippet.in_body = true;
        let text = all(&snippet);
        assert!(text.contains(r#"client_id='it'\''s;$(id)`x`' --data-urlencode"#), "{text}");
        assert!(
            !text.contains("-u ") && !text.contains("Basic") && text.contains("AuthStyleInParams"),
            "{text}"
        );
    }
}
