//! What a guard refuses to start with, and what it says to do.

use super::issued::{API, Issuer};
use crate::harness::User;

/// Nothing starts that could let nobody in, or that would do less than it was told to.
#[test]
fn what_cannot_be_meant_is_refused_with_what_to_do() {
    let user = User::new();
    let issuer = Issuer::new(&user, "a");
    for (name, text) in [
        ("rules.toml", "[[rule]]\npath = '/**'\n"),
        ("bad-rules.toml", "[[rule]]\npath = '/**'\nmethod = ['GET']\n"),
        ("foreign-rules.toml", "[[rule]]\npath = '/**'\nissuer = 'https://b.example'\n"),
        (
            "idle-ca.toml",
            "[[issuer]]\nurl = 'https://b.example'\naudiences = ['x']\njwks_file = 'b'\nca_file = 'ca.pem'\n",
        ),
        ("idle-upstream-ca.toml", "upstream = 'http://127.0.0.1:1'\nupstream_ca_file = 'ca.pem'\n"),
        ("shared.toml", "client_certs = 'ask'\nrequire_bound = 'mtls'\n"),
        ("bad.toml", "upstream = 'http://127.0.0.1:1'\naudience = 'x'\n"),
        ("loud.toml", "log_level = 'loud'\n"),
        ("xml.toml", "log_format = 'xml'\n"),
        ("no-proxy.toml", "trusted_proxies = []\n"),
        ("no-proof-alg.toml", "\nproof_algs = []\n"),
        ("no-alg.toml", "[[issuer]]\nurl = 'https://b.example'\naudiences = ['x']\nalgs = []\n"),
        ("no-audience.toml", "[[issuer]]\nurl = 'https://b.example'\naudiences = []\n"),
        (
            "twice.toml",
            "[[issuer]]\nurl = 'https://a.example'\naudiences = ['x']\njwks_uri = 'https://a.example/k'\n",
        ),
    ] {
        user.write(name, text);
    }
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let trust = issuer.flags();
    let upstream = ["--upstream", "http://127.0.0.1:1"];
    let free = ["--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0"];
    let proxy = [&["guard", "proxy"][..], &upstream, &trust, &free].concat();
    let auth = [&["guard", "forward-auth"][..], &trust, &free].concat();
    let trusting = [&["guard", "proxy"][..], &trust, &free].concat();
    let alone = [&["guard", "proxy"][..], &upstream, &free].concat();
    for (base, more, said) in [
        (&alone, &[][..], &["no issuer is trusted", "--issuer URL with --audience ID"][..]),
        (&alone, &["--issuer", "https://b.example"], &["no audience", "--audience ID"]),
        (
            &["guard", "proxy"][..].to_vec(),
            &[],
            &["no upstream", "no issuer", "--upstream URL, --issuer URL and --audience ID"],
        ),
        (
            &["guard", "proxy"][..].to_vec(),
            &["--issuer", "https://b.example"],
            &["no upstream", "no audience", "--audience ID"],
        ),
        (
            &alone,
            &["--issuer", "nonsense", "--audience", "x"],
            &["no absolute https URL", "such as https://id.example"],
        ),
        (&alone, &["--issuer", "https://b.example/#f", "--audience", "x"], &["query or a fragment"]),
        (&alone, &["--issuer", "https://b.example?a=b", "--audience", "x"], &["query or a fragment"]),
        (&alone, &["--config", "."], &["cannot read", "name a TOML file of settings"]),
        (&alone, &["--audience", API], &["--issuer <URL>"]),
        (&alone, &["--config", "no-audience.toml"], &["no audience"]),
        (&alone, &["--config", "bad.toml"], &["bad.toml:2: there is no setting `audience`"]),
        (&alone, &["--config", "nowhere.toml"], &["nowhere.toml", "name a TOML file of settings"]),
        (
            &alone,
            &["--issuer", "http://b.example", "--audience", "x"],
            &["plain http", "--danger-plain-http"],
        ),
        (&alone, &["--issuer", "http://localhost@b.example", "--audience", "x"], &["user or password"]),
        (&proxy, &["--config", "twice.toml"], &["given twice", "leave the flag out"]),
        (
            &proxy,
            &["--config", "no-proof-alg.toml"],
            &["no-proof-alg.toml:2", "no algorithm", "name at least one"],
        ),
        (&proxy, &["--config", "no-alg.toml"], &["no-alg.toml:4", "no algorithm", "name at least one"]),
        (
            &auth,
            &["--config", "no-proxy.toml", "--trust-forwarded", "original"],
            &["trusted_proxies is empty", "trusted_proxies = [\"127.0.0.1\"]"],
        ),
        (&proxy, &["--rules", "bad-rules.toml"], &["bad-rules.toml: line 3", "`method`", "`methods`"]),
        (&proxy, &["--rules", "foreign-rules.toml"], &["https://b.example", "[[issuer]]"]),
        (&proxy, &["--rules", "nowhere.toml"], &["nowhere.toml", "name a TOML file of [[rule]] tables"]),
        (&proxy, &["--alg", "none"], &["none is no algorithm", "ES256"]),
        (&proxy, &["--tls-cert", "x"], &["both --tls-cert and --tls-key"]),
        (&proxy, &["--client-certs", "ask"], &["--tls-cert and --tls-key"]),
        (&proxy, &["--require-bound", "mtls"], &["--client-certs ask", "--client-certs-from-header"]),
        (
            &proxy,
            &["--client-certs-from-header", "Client-Cert", "--trusted-proxy", "10.0.0.0/8"],
            &["on this machine alone", "--trusted-proxy 127.0.0.1"],
        ),
        (&proxy, &["--client-certs-from-header", "a b"], &["no name of a header"]),
        (&proxy, &["--client-certs-from-header", "Authorization"], &["means something else", "Client-Cert"]),
        (
            &proxy,
            &["--client-certs-from-header", "Client-Cert", "--trusted-proxy", "0.0.0.0/0"],
            &["names all addresses", "--trusted-proxy 127.0.0.1"],
        ),
        (&proxy, &["--trusted-proxy", "everybody"], &["--trusted-proxy is a network"]),
        (&proxy, &["--public-url", "http://orders.example"], &["plain http", "https"]),
        (&proxy, &["--log-level", "loud"], &["--log-level is off, error, warn"]),
        (&proxy, &["--config", "loud.toml"], &["log_level in the file of --config is off, error, warn"]),
        (&proxy, &["--config", "xml.toml"], &["log_format in the file of --config is pretty or json"]),
        (&proxy, &["--upstream-timeout", "0"], &["upstream-timeout", "a whole number, 1 or more"]),
        (&proxy, &["--upstream-ca-file", "ca.pem"], &["http://127.0.0.1:1 shows no certificate", "https://"]),
        (&proxy, &["--ca-file", "ca.pem"], &["keys are in a file", "leave one out", "--ca-file"]),
        (&proxy, &["--config", "idle-ca.toml"], &["the issuer https://b.example", "ca_file"]),
        (&trusting, &["--config", "idle-upstream-ca.toml"], &["shows no certificate", "upstream_ca_file"]),
        (&auth, &["--rules", "rules.toml"], &["--trust-forwarded original for nginx"]),
        (&auth, &["--allow-preflight"], &["--trust-forwarded original for nginx"]),
        (&auth, &["--trusted-proxy", "10.0.0.0/8"], &["none are", "--trust-forwarded original for nginx"]),
        (&auth, &["--trust-forwarded", "nginx"], &["original, forwarded"]),
        (&auth, &["--require-bound", "dpop"], &["--public-url URL", "--trust-forwarded"]),
        (&auth, &["--public-url", "https://orders.example", "--dpop-nonce"], &["--trust-forwarded"]),
        (&auth, &["--require-bound", "any"], &["--public-url URL", "--client-certs"]),
        (&auth, &["--client-certs", "ask"], &["not that of its callers", "--client-certs-from-header"]),
        (&auth, &["--config", "shared.toml"], &["certificates are not known", "--client-certs-from-header"]),
    ] {
        let words = [&base[..], more].concat();
        let text = user.fails(&words);
        for part in said {
            assert!(text.contains(part), "{more:?}: {part}: {text}");
        }
    }
    for (flag, other) in [("--listen", "--ops"), ("--ops", "--listen")] {
        let words = ["guard", "forward-auth", flag, &taken, other, "127.0.0.1:0"];
        let text = user.fails(&[&words[..], &trust].concat());
        assert!(text.contains(&format!("{flag}: {taken} is in use")), "{text}");
    }
    let text = user.fails(&[&["guard", "proxy", "--upstream", "127.0.0.1:3000"][..], &trust, &free].concat());
    assert!(text.contains("write http://127.0.0.1:3000"), "{text}");
    let foo = ["guard", "proxy", "--upstream", "http://127.0.0.1:1", "--public-url", "foo.example"];
    let text = user.fails(&[&foo[..], &trust, &free].concat());
    assert!(text.contains("write https://foo.example"), "{text}");
    for (upstream, said) in [
        ("unix:/tmp/x", "such as https://id.example or http://127.0.0.1:3000"),
        ("http://u:p@127.0.0.1:1", "leave user and password out"),
        ("http://127.0.0.1:1/path", "leave out what comes after the port"),
    ] {
        let text = user.fails(&[&["guard", "proxy", "--upstream", upstream][..], &trust, &free].concat());
        assert!(text.contains(said), "{text}");
    }
    for upstream in
        ["http://orders.example:3000", "http://127.0.0.1:1/path", "127.0.0.1:1", "http://u:p@127.0.0.1:1"]
    {
        let text = user.fails(&[&["guard", "proxy", "--upstream", upstream][..], &trust, &free].concat());
        assert!(text.contains("the upstream"), "{upstream}: {text}");
    }
}

/// Beyond loopback a guard needs TLS or the word danger; with it, service names inside a cluster are called.
#[test]
fn plain_http_beyond_loopback_needs_the_word() {
    let user = User::new();
    let issuer = Issuer::new(&user, "a");
    let words = ["--upstream", "http://orders.example:3000", "--listen", "0.0.0.0:0", "--danger-plain-http"];
    let guard = user.guard("proxy", &[&issuer.flags()[..], &words].concat());
    assert!(guard.address().starts_with("0.0.0.0:"));
    let (_, said) = guard.end();
    assert!(said.contains("--public-url"), "{said}");
    let without =
        [&["guard", "forward-auth", "--listen", "0.0.0.0:0", "--ops", "127.0.0.1:0"][..], &issuer.flags()];
    let text = user.fails(&without.concat());
    assert!(text.contains("--danger-plain-http"), "{text}");
}
