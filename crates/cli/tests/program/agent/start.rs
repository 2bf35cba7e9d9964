//! What keeps an agent from starting, and what does not.

use super::asked::file;
use crate::harness::User;

const CONTEXT: &str = "issuer = 'https://id.example'\nclient_id = 'svc'\nclient_secret_file = 'svc.secret'\n";

/// Issue 5, item 6: a wrong file or flag is told with what to do, and no secret in it is repeated.
#[test]
fn what_is_wrong_is_said() {
    let user = User::new();
    let with = |more: &str| file(&user, &[("orders", &format!("{CONTEXT}{more}"))]);
    for (more, said) in [
        ("scop = ['x']", &["agent.toml:5: there is no setting `scop`; did you mean `scope`?"][..]),
        (
            "client_secret = 'hunter2'",
            &["agent.toml:5: no secret stands in this file", "client_secret_command"],
        ),
        ("dpop = 'ES256'", &["agent.toml:5: a token that is bound to a key", "call --dpop"]),
        ("private_key = 'k'", &["[context.orders]", "both client_secret_file and private_key"]),
        ("uids = ['hunter2']", &["agent.toml:5: "]),
        ("ca_file = 7", &["agent.toml:5: "]),
        ("signing_alg = 'HS256'", &["agent.toml:5: "]),
    ] {
        let config = with(more);
        let text = user.fails(&["agent", "--socket", "s", "--config", &config]);
        for part in said {
            assert!(text.contains(part), "{more}: {part}: {text}");
        }
        assert!(!text.contains("hunter2"), "{text}");
    }
    let plain = file(&user, &[("orders", &CONTEXT.replace("https://", "http://"))]);
    let text = user.fails(&["agent", "--socket", "s", "--config", &plain]);
    assert!(text.contains("[context.orders]: issuer"), "{text}");
    let text = user.fails(&["agent", "--socket", "s", "--config", "nowhere.toml"]);
    assert!(text.contains("nowhere.toml"), "{text}");
    let none = file(&user, &[]);
    let text = user.fails(&["agent", "--socket", "s", "--config", &none]);
    assert!(text.contains("there is no [context.NAME]"), "{text}");

    let config = with("");
    for (words, said) in [
        (&[][..], "--socket"),
        (&["--listen", "127.0.0.1:0"], "--key-file"),
        (&["--socket", "s", "--listen", "127.0.0.1:0", "--key-file", "k"], "cannot be used with"),
        (&["--socket", "s", "--key-file", "k"], "cannot be used with"),
        (&["--listen", "0.0.0.0:0", "--key-file", "k"], "is not loopback"),
        (&["--listen", "[::]:0", "--key-file", "k"], "is not loopback"),
        (&["--listen", "192.0.2.1:0", "--key-file", "k"], "is not loopback"),
        (&["--listen", "8085", "--key-file", "k"], "127.0.0.1:PORT"),
        (&["--listen", "127.0.0.1:0", "--key-file", "agent.toml"], "no agent's key"),
        (&["--socket", "s", "--log-level", "loud"], "off, error, warn"),
    ] {
        let text = user.fails(&[&["agent", "--config", &config][..], words].concat());
        assert!(text.contains(said), "{words:?}: {said}: {text}");
    }
    let config = with("uids = [1000]");
    let text = user.fails(&["agent", "--listen", "127.0.0.1:0", "--key-file", "k", "--config", &config]);
    assert!(text.contains("a port does not know who asks"), "{text}");
    assert!(!user.home().join("k").exists() && !user.home().join("s").exists());
}
