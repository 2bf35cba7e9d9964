//! What a file of rules may say, and what its author is told otherwise.

use super::*;
use crate::path::RequestPath;
use crate::rules::Ruling;

fn error(text: &str) -> String {
    Rules::parse(text).unwrap_err().to_string()
}

/// Every member, and what each asks for.
#[test]
fn reads_every_member() {
    let rules = Rules::parse(
        r#"
        # who may do what
        [[rule]]
        path = "/health"
        open = true

        [[rule]]
        path = "/orders/{id}"
        methods = ["GET", "PURGE"]
        any = ["orders:read", "orders:admin"]

        [[rule]]
        path = "/orders/**"
        all = ["orders:write", "orders:read"]
        issuer = "https://auth.example.com/realms/shop"

        [[rule]]
        path = "/**"
    "#,
    )
    .unwrap();
    let decide = |method: &str, path| {
        rules.decide(&Method::from_bytes(method.as_bytes()).unwrap(), &RequestPath::parse(path).unwrap())
    };
    assert_eq!(decide("GET", "/health"), Ruling::Open);
    let any = Require::any(["orders:read", "orders:admin"]).unwrap();
    assert_eq!(decide("HEAD", "/orders/1"), Ruling::Needs { require: &any, issuer: None });
    assert_eq!(decide("PURGE", "/orders/1"), Ruling::Needs { require: &any, issuer: None });
    let all = Require::all(["orders:write", "orders:read"]).unwrap();
    let issuer = Some("https://auth.example.com/realms/shop");
    assert_eq!(decide("POST", "/orders/1"), Ruling::Needs { require: &all, issuer });
    assert_eq!(decide("GET", "/x"), Ruling::Needs { require: &Require::token(), issuer: None });
}

/// Each slip is told with its line, its member, and what to do.
#[test]
fn errors_name_line_and_member_and_say_what_to_do() {
    for (text, line, said) in [
        ("[[rule]]\npath = /a", 2, ""),
        ("[[rule]]\npath = '/a'\npath = '/b'", 3, ""),
        ("\n[[rules]]\npath = '/a'", 2, "no member `rules`; did you mean `rule`?"),
        ("[rule]\npath = '/a'", 1, "`[[rule]]` with two brackets"),
        ("rule = ['/a']", 1, "`[[rule]]` with two brackets"),
        ("[[rule]]\npath = '/a'\n\n[[rule]]\nopen = true", 4, "needs a `path`"),
        ("[[rule]]\npath = '/a'\nmethod = ['GET']", 3, "no member `method`; did you mean `methods`?"),
        ("[[rule]]\npath = '/a'\nscope = 'x'", 3, "no member `scope`; there is `path`, `methods`"),
        ("[[rule]]\npath = ['/a']", 2, "`path`: is a text"),
        (
            "[[rule]]\npath = 'a'",
            2,
            "`path`: no request can have this path: the path does not begin with a slash",
        ),
        ("[[rule]]\npath = '/a/../b'", 2, "`path`: no request can have this path: a segment of dots"),
        ("[[rule]]\npath = '/a/*'", 2, "`path`: `**` stands at the end alone"),
        ("[[rule]]\npath = '/a'\nmethods = 'GET'", 3, "`methods`: is a list of texts"),
        ("[[rule]]\npath = '/a'\nmethods = [1]", 3, "`methods`: is a list of texts"),
        ("[[rule]]\npath = '/a'\nmethods = []", 3, "`methods`: no method is named"),
        ("[[rule]]\npath = '/a'\nmethods = ['get']", 3, "in capitals: \"GET\""),
        ("[[rule]]\npath = '/a'\nmethods = ['GTE']", 3, "did you mean `GET`?"),
        ("[[rule]]\npath = '/a'\nmethods = ['*']", 3, "`*` is no method; without `methods`"),
        ("[[rule]]\npath = '/a'\nmethods = ['G T']", 3, "`G T` is no method"),
        ("[[rule]]\npath = '/a'\nopen = false", 3, "`open`: says nothing when it is false"),
        ("[[rule]]\npath = '/a'\nopen = 'true'", 3, "`open`: is `true`, or absent"),
        ("[[rule]]\npath = '/a'\nall = 'x'", 3, "`all`: is a list of texts"),
        ("[[rule]]\npath = '/a'\nall = []", 3, "`all`: no scope is named"),
        ("[[rule]]\npath = '/a'\nany = []", 3, "`any`: no scope is named"),
        ("[[rule]]\npath = '/a'\nany = ['a b']", 3, "`any`: `a b` is no scope"),
        ("[[rule]]\npath = '/a'\nall = ['a', 'a']", 3, "`all`: the scope `a` is named twice"),
        ("[[rule]]\npath = '/a'\nany = ['a']\nopen = true", 4, "`open` cannot stand beside `any`"),
        ("[[rule]]\npath = '/a'\nall = ['a']\nany = ['b']", 4, "`any` cannot stand beside `all`"),
        (
            "[[rule]]\npath = '/a'\nopen = true\nissuer = 'https://x'",
            4,
            "`issuer` cannot stand beside `open`",
        ),
        ("[[rule]]\npath = '/a'\nissuer = 'x'", 3, "`issuer`: is the issuer's URL"),
        (
            "[[rule]]\npath = '/**'\n\n[[rule]]\npath = '/a'",
            4,
            "because the rule of line 1 decides before it",
        ),
    ] {
        let error = error(text);
        assert!(error.starts_with(&format!("line {line}: ")) && error.contains(said), "{text}\n{error}");
    }
    for nothing in ["", "# nothing", "rule = []"] {
        assert!(error(nothing).contains("there is no `[[rule]]`"), "{nothing}");
    }
}

/// Everything read from outside has a cap.
#[test]
fn a_file_is_capped() {
    let rules = |count: usize| -> String { (0..count).map(|n| format!("[[rule]]\npath='/{n}'\n")).collect() };
    assert!(Rules::parse(&rules(1000)).is_ok());
    assert_eq!(Rules::parse(&rules(1001)).unwrap_err(), RulesError::TooMany);
    assert_eq!(Rules::parse(&"#".repeat(MAX_BYTES + 1)).unwrap_err(), RulesError::TooLarge);
}
