use std::path::Path;

use super::*;

fn read(toml: &str, env: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let mut layers = Layers::default();
    layers.file(Path::new("c.toml"), toml)?;
    layers.environment(
        env.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())),
        &["COUNTERSIGN_CONTEXTS"],
    )?;
    for (key, value) in flags {
        let setting = settings().find(|s| s.key == *key).unwrap();
        layers.flag(setting, vec![(*value).to_owned()]);
    }
    Config::read(&layers)
}

fn error(toml: &str, env: &[(&str, &str)]) -> String {
    read(toml, env, &[]).unwrap_err().to_string()
}

#[test]
fn the_defaults_are_those_of_the_contract() {
    let config = read("", &[], &[]).unwrap();
    assert_eq!(config.network.listen.len(), 2);
    assert!(config.network.both_loopbacks);
    assert_eq!(config.network.ops, "127.0.0.1:9090".parse().unwrap());
    assert_eq!(config.storage.data, Path::new("./countersign-data"));
    assert_eq!(config.public_url(8080), "http://localhost:8080");
    assert_eq!(config.realms.max_clients, 1_000_000);
    assert_eq!(config.tls, Tls::Off);
    assert_eq!(read("tls.dev = true", &[], &[]).unwrap().public_url(8443), "https://localhost:8443");
}

#[test]
fn each_layer_is_over_the_one_before() {
    let toml = "ops = \"127.0.0.1:1\"\n[limits]\nconnections = 1_1";
    let env = [("COUNTERSIGN_OPS", "127.0.0.1:2"), ("PATH", "/bin")];
    let port = |toml, env: &[_], flags: &[_]| read(toml, env, flags).unwrap().network.ops.port();
    assert_eq!(port("", &[], &[]), 9090);
    assert_eq!(port(toml, &[], &[]), 1);
    assert_eq!(port(toml, &env, &[]), 2);
    assert_eq!(port(toml, &env, &[("ops", "127.0.0.1:3")]), 3);
    assert_eq!(read(toml, &env, &[]).unwrap().limits.connections, 11);
}

/// Design rule 14: unknown keys are errors with the nearest known one, and say where they stand.
#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    assert_eq!(
        error("\n\nlissten = \"x\"", &[]),
        "c.toml:3: there is no setting `lissten`; did you mean `listen`?"
    );
    assert_eq!(
        error("[tls]\ncrt = \"x\"", &[]),
        "c.toml:2: there is no setting `tls.crt`; did you mean `tls.cert`?"
    );
    let strange = error("colour = \"blue\"", &[]);
    assert!(strange.contains("config reference"), "{strange}");
    let env = error("", &[("COUNTERSIGN_LISTN", "127.0.0.1:1")]);
    assert!(env.contains("COUNTERSIGN_LISTN") && env.contains("did you mean `COUNTERSIGN_LISTEN`?"), "{env}");
    assert!(error("[listen]\nport = 1", &[]).contains("listen.port"));
}

#[test]
fn variables_of_others_are_passed_over_and_strange_ones_told() {
    let mut layers = Layers::default();
    let names = [
        "COUNTERSIGN_PORT",
        "COUNTERSIGN_SERVICE_HOST",
        "COUNTERSIGN_SERVICE_PORT_HTTP",
        "COUNTERSIGN_PORT_8080_TCP_ADDR",
        "COUNTERSIGN_CONTEXTS",
        "COUNTERSIGN_BIN",
        "HOME",
    ];
    let strange = layers
        .environment(names.map(|n| (n.to_owned(), "tcp://10.0.0.1:80".to_owned())), &["COUNTERSIGN_CONTEXTS"])
        .unwrap();
    assert_eq!(strange, ["COUNTERSIGN_BIN"]);
}

#[test]
fn values_are_judged_where_they_stand() {
    for (toml, part) in [
        ("listen = \"nonsense\"", "HOST:PORT"),
        ("listen = []", "at least one"),
        ("ops = [\"127.0.0.1:1\"]", "not a list"),
        ("ops = 1.5", "text"),
        ("[limits]\nin_work = 3", "from 64"),
        ("[limits]\nhead_timeout = 30", "30s"),
        ("[log]\nformat = \"xml\"", "pretty or json"),
        ("[log]\nlevel = \"loud\"", "trace"),
        ("[tls]\ncert = \"a\"", "--tls-key"),
        ("[tls]\nkey = \"a\"", "--tls-cert"),
        ("[tls]\nkey = \"a\"\ncert = \"b\"\ndev = true", "--tls-dev"),
        ("trusted_proxy = [\"10.0.0.0/33\"]", "10.0.0.0/33"),
        ("database = \"mysql://x\"", "postgres://"),
        ("data = \"\"", "folder"),
        ("danger_plain_http = \"yes\"", "true or false"),
        ("a = ", "c.toml:1"),
    ] {
        let text = error(toml, &[]);
        assert!(text.contains(part), "{toml}: {text}");
    }
}

#[test]
fn a_public_url_is_an_origin_and_https_beyond_loopback() {
    let url = |url: &str| read(&format!("public_url = {url:?}"), &[], &[]).map(|c| c.public_url(1));
    for (given, kept) in [
        ("https://auth.example.com", "https://auth.example.com"),
        ("https://auth.example.com/", "https://auth.example.com"),
        ("https://auth.example.com:443", "https://auth.example.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://LOCALHOST:8080", "http://localhost:8080"),
        ("http://127.0.0.1", "http://127.0.0.1"),
        ("http://127.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://auth.localhost", "https://auth.localhost"),
    ] {
        assert_eq!(url(given).unwrap(), kept);
    }
    for wrong in [
        "auth.example.com",
        "http://auth.example.com",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://auth.localhost:8080",
        "http://notlocalhost",
        "http://0.0.0.0:8080",
        "http://[::2]",
        "http://[::ffff:10.0.0.1]",
        "https://auth.example.com/path",
        "https://auth.example.com?x",
        "https://auth.example.com#x",
        "https://user@auth.example.com",
        "ftp://localhost",
        "https:",
    ] {
        assert!(url(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn beyond_loopback_a_public_url_and_tls_are_needed() {
    let open = "listen = [\"0.0.0.0:8080\"]\n";
    assert!(error(open, &[]).contains("--public-url"));
    let known = format!("{open}public_url = \"https://a.example\"\n");
    assert!(error(&known, &[]).contains("--danger-plain-http"));
    assert!(read(&format!("{known}danger_plain_http = true"), &[], &[]).is_ok());
    assert!(read(&format!("{known}tls = {{ cert = \"a\", key = \"b\" }}"), &[], &[]).is_ok());
    assert!(error("admin_listen = \"0.0.0.0:1\"", &[]).contains("--danger-plain-http"));
    assert!(read("ops = \"0.0.0.0:9090\"", &[], &[]).is_ok(), "ops is plain HTTP wherever it is");
}

#[test]
fn what_is_in_effect_can_be_read_back_and_holds_no_password() {
    let mut layers = Layers::default();
    let env =
        [("COUNTERSIGN_DATABASE", "postgres://me:hush@db/x"), ("COUNTERSIGN_TRUSTED_PROXY", "10.0.0.1,::1")];
    layers.environment(env.map(|(n, v)| (n.to_owned(), v.to_owned())), &[]).unwrap();
    let text = reference::effective(&layers);
    assert!(!text.contains("hush"), "{text}");
    assert!(text.contains("trusted_proxy = [\"10.0.0.1\", \"::1\"] # environment variable"), "{text}");
    let mut again = Layers::default();
    again.file(Path::new("x"), &text).unwrap();
    let (first, second) = (Config::read(&layers).unwrap(), Config::read(&again).unwrap());
    assert_eq!(first.network, second.network);
    assert_eq!(first.limits, second.limits);
}

/// Peers are compared as IPv4 where they are, so a mapped network must be too, or it would match nobody.
#[test]
fn a_mapped_network_is_the_one_that_it_maps() {
    let trusted =
        |net: &str| read(&format!("trusted_proxy = [{net:?}]"), &[], &[]).unwrap().network.trusted_proxies;
    for (given, kept) in [
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:192.0.2.1", "192.0.2.1/32"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("10.0.0.0/8", "10.0.0.0/8"),
        ("::/0", "::/0"),
    ] {
        assert_eq!(trusted(given), [kept.parse().unwrap()], "{given}");
    }
}

/// A slip is told even where it ends as a container platform's variables do.
#[test]
fn a_port_that_no_platform_set_is_strange() {
    let left = |value: &str| {
        let variable = ("COUNTERSIGN_ZZZZZZZZZZ_PORT".to_owned(), value.to_owned());
        Layers::default().environment([variable], &[]).unwrap().len()
    };
    assert_eq!((left("8080"), left("tcp://10.0.0.1:8080")), (1, 0));
}

#[test]
fn the_table_is_in_order() {
    let mut keys: Vec<&str> = settings().map(|s| s.key).collect();
    let count = keys.len();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), count, "each key once");
    for setting in settings() {
        assert!(setting.doc.ends_with('.'), "{}", setting.key);
        assert_eq!(setting.key.matches('.').count() + 1, setting.key.split('.').count());
        assert!(!setting.env().ends_with("_PORT"), "that name belongs to container platforms");
        assert!(reference::markdown().contains(&setting.env()));
    }
}
