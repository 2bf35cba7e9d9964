//! What to paste to take a token with the tools that people have.

use std::fmt::Write as _;
use std::path::Path;

use crate::output::shell;

/// What a client needs to take a token.
pub(crate) struct Snippet<'a> {
    pub(crate) token_endpoint: &'a str,
    pub(crate) client_id: &'a str,
    pub(crate) secret: &'a str,
    /// The scopes that it gets by default: named only where they can be seen not to be needed.
    pub(crate) scopes: &'a [String],
    /// The authority to trust, for a development certificate.
    pub(crate) ca_file: Option<&'a Path>,
}

/// curl, Python, Node and Go; the secret stands in one place, as a variable.
pub(crate) fn all(snippet: &Snippet<'_>) -> String {
    let Snippet { token_endpoint: url, client_id: id, secret, scopes, ca_file } = snippet;
    let mut text = format!("\n# its secret, for all that follows\nexport CLIENT_SECRET={}\n", shell(secret));
    let mut cacert = String::new();
    if let Some(ca) = ca_file {
        let ca = shell(&ca.display().to_string());
        let _ = writeln!(text, "export REQUESTS_CA_BUNDLE={ca} NODE_EXTRA_CA_CERTS={ca} SSL_CERT_FILE={ca}");
        cacert = format!(" --cacert {ca}");
    }
    if !scopes.is_empty() {
        let _ = writeln!(text, "# (without `scope` a token has: {})", scopes.join(" "));
    }
    let user = format!("{}:\"$CLIENT_SECRET\"", shell(id));
    let _ = write!(
        text,
        "
# curl
curl -sS{cacert} -u {user} -d grant_type=client_credentials {}

# Python (requests)
import os, requests
token = requests.post({url}, auth=({id}, os.environ[\"CLIENT_SECRET\"]),
                      data={{\"grant_type\": \"client_credentials\"}}).json()[\"access_token\"]

# Node.js (fetch)
const basic = Buffer.from({id} + \":\" + process.env.CLIENT_SECRET).toString(\"base64\");
const answer = await fetch({url}, {{
  method: \"POST\",
  headers: {{ authorization: \"Basic \" + basic }},
  body: new URLSearchParams({{ grant_type: \"client_credentials\" }}),
}});
const {{ access_token }} = await answer.json();

// Go (golang.org/x/oauth2/clientcredentials)
config := clientcredentials.Config{{
\tClientID: {id}, ClientSecret: os.Getenv(\"CLIENT_SECRET\"), TokenURL: {url},
}}
client := config.Client(context.Background()) // an http.Client that sends the token
",
        shell(url),
        url = quoted(url),
        id = quoted(id),
    );
    text
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
        let text = all(&Snippet {
            token_endpoint: "https://a.example/realms/x/oauth2/token",
            client_id: "it's;$(id)`x`",
            secret: "a'b",
            scopes: &[],
            ca_file: Some(Path::new("/a b/ca.pem")),
        });
        assert!(text.contains(r"export CLIENT_SECRET='a'\''b'"), "{text}");
        assert!(text.contains(r#"-u 'it'\''s;$(id)`x`':"$CLIENT_SECRET""#), "{text}");
        assert!(text.contains(r#"auth=("it's;$(id)`x`", "#), "{text}");
        assert!(text.contains("--cacert '/a b/ca.pem'"), "{text}");
    }
}
