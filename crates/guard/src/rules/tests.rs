//! First match decides, what is hidden is refused, and no spelling of a path gets past a rule.

use proptest::prelude::*;

use super::*;

fn rule(path: &str, methods: &[Method], gate: Gate) -> Rule {
    let methods =
        if methods.is_empty() { Methods::all() } else { Methods::of(methods.iter().cloned()).unwrap() };
    Rule::new(Pattern::parse(path).unwrap(), methods, gate)
}

fn scope(scope: &str) -> Gate {
    Require::scope(scope).unwrap().into()
}

fn decide<'a>(rules: &'a Rules, method: Method, path: &str) -> Ruling<'a> {
    rules.decide(&method, &RequestPath::parse(path).unwrap())
}

/// The scope that is asked for; "open", "token" and "none" for the other rulings.
fn asks(rules: &Rules, method: Method, path: &str) -> String {
    match decide(rules, method, path) {
        Ruling::Open => "open".to_owned(),
        Ruling::NoRule => "none".to_owned(),
        Ruling::Needs { require, .. } => require.challenge_scope().unwrap_or("token").to_owned(),
    }
}

#[test]
fn the_first_match_decides_and_no_match_is_no_rule() {
    let rules = Rules::new([
        rule("/health", &[], Gate::Open),
        rule("/orders/{id}", &[Method::GET], scope("read")),
        rule("/orders/**", &[Method::GET, Method::POST], scope("write")),
        rule("/orders/**", &[], Gate::token()),
    ])
    .unwrap();
    for (method, path, asked) in [
        (Method::GET, "/health", "open"),
        (Method::DELETE, "/health", "open"),
        (Method::GET, "/health/", "open"),
        (Method::GET, "/Health", "none"),
        (Method::GET, "/orders/1?all=true", "read"),
        (Method::GET, "/orders", "write"),
        (Method::GET, "/orders/", "write"),
        (Method::GET, "/orders/1/", "read"),
        (Method::POST, "/orders/1", "write"),
        (Method::PUT, "/orders/1", "token"),
        (Method::OPTIONS, "/orders/1", "token"),
        (Method::GET, "/", "none"),
        (Method::GET, "/elsewhere", "none"),
    ] {
        assert_eq!(asks(&rules, method.clone(), path), asked, "{method} {path}");
    }
}

/// RFC 9110 §9.3.2: `HEAD` needs what `GET` needs, wherever the rules name `GET` alone.
#[test]
fn head_needs_what_get_needs() {
    let rules = Rules::new([
        rule("/a", &[Method::GET], scope("read")),
        rule("/b", &[Method::HEAD], Gate::Open),
        rule("/b", &[Method::GET], scope("read")),
        rule("/**", &[], Gate::Open),
    ])
    .unwrap();
    assert_eq!(asks(&rules, Method::HEAD, "/a"), "read");
    assert_eq!(asks(&rules, Method::HEAD, "/b"), "open");
    assert_eq!(asks(&rules, Method::GET, "/b"), "read");
}

#[test]
fn a_rule_may_take_the_tokens_of_one_issuer_alone() {
    let gate = Gate::Needs { require: Require::token(), issuer: Some("https://a.example".into()) };
    let rules = Rules::new([rule("/a", &[], gate), rule("/b", &[], Gate::token())]).unwrap();
    assert!(matches!(
        decide(&rules, Method::GET, "/a"),
        Ruling::Needs { issuer: Some("https://a.example"), .. }
    ));
    assert!(matches!(decide(&rules, Method::GET, "/b"), Ruling::Needs { issuer: None, .. }));
    assert_eq!(rules.issuers().collect::<Vec<_>>(), ["https://a.example"]);
}

#[test]
fn without_rules_everything_needs_a_token() {
    let rules = Rules::everything_needs_a_token();
    for path in ["/", "/a", "/a/", "/a/b?c"] {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS, Method::from_bytes(b"PURGE").unwrap()] {
            let token = Require::token();
            assert_eq!(decide(&rules, method, path), Ruling::Needs { require: &token, issuer: None });
        }
    }
}

/// It is on the way of every request: a normal one is neither copied nor allocated for, from its path to its ruling.
#[test]
fn a_normal_request_is_decided_without_an_allocation() {
    let rules = Rules::new([
        rule("/caf%C3%A9/{id}", &[Method::GET], Gate::token()),
        rule("/orders/{id}/**", &[Method::GET, Method::POST], scope("read")),
        rule("/**", &[], Gate::token()),
    ])
    .unwrap();
    for path in ["/orders/1/lines?from=1", "/", "/elsewhere/"] {
        let allocated = allocation_counter::measure(|| {
            let path = RequestPath::parse(path).unwrap();
            assert_ne!(rules.decide(&Method::POST, &path), Ruling::NoRule);
        });
        assert_eq!(allocated.count_total, 0, "{path}");
    }
    // With escapes, reading takes two and deciding none.
    let path = RequestPath::parse("/caf%C3%A9/%24").unwrap();
    let allocated = allocation_counter::measure(|| {
        assert_ne!(rules.decide(&Method::GET, &path), Ruling::NoRule);
    });
    assert_eq!(allocated.count_total, 0);
}

/// Walking around a guard: `/admin` in any spelling is refused by the normaliser, decided by the rule for
/// `/admin`, or another path for the upstream as well.
#[test]
fn no_spelling_gets_past_a_rule() {
    let rules = Rules::new([rule("/admin/**", &[], scope("admin")), rule("/**", &[], Gate::Open)]).unwrap();
    for same in [
        "/admin",
        "/admin/",
        "/admin?",
        "/admin?/../public",
        "/%61dmin",
        "/%61%64%6d%69%6e",
        "/%61%64%6D%69%6E/x",
        "/admin/..x",
    ] {
        assert_eq!(asks(&rules, Method::GET, same), "admin", "{same}");
    }
    for refused in [
        "/public/..;/admin",
        "/public/../admin",
        "/%2e%2e/admin",
        "//admin",
        "///admin",
        "/./admin",
        "/admin/.",
        "/admin%20",
        "/admin%09",
        "/admin%00",
        "/admin%0a",
        "/;/admin",
        "/admin;/",
        "/;x=y/admin",
        "http://x/admin",
        "/%c0%afadmin",
        "/%ef%bc%8fadmin",
        "/%u002fadmin",
        "/%2fadmin",
        "/%5cadmin",
        "/\\admin",
        "/%252fadmin",
        "/%2561dmin",
        "/admin%3f",
        "/admin#",
        "/admin%23",
    ] {
        assert!(RequestPath::parse(refused).is_err(), "{refused}");
    }
    // Paths of their own, for whoever compares letters as RFC 3986 §6.2.2.1 does.
    for other in ["/ADMIN", "/Admin", "/admin.", "/admins", "/adminx/", "/x/admin", "/admi"] {
        assert_eq!(asks(&rules, Method::GET, other), "open", "{other}");
    }
}

/// A rule that can never hold is an error, whoever hides it: one rule, several together, or `HEAD` with its `GET`.
#[test]
fn a_hidden_rule_is_refused() {
    type Written<'a> = (&'a str, &'a [Method]);
    let hidden = |rules: &[Written<'_>]| -> Option<(usize, Vec<usize>)> {
        let rules = rules.iter().map(|(path, methods)| rule(path, methods, Gate::Open));
        Rules::new(rules).err().map(|Shadowed { rule, before }| (rule, before))
    };
    const GET: &[Method] = &[Method::GET];
    const POST: &[Method] = &[Method::POST];
    const BOTH: &[Method] = &[Method::GET, Method::POST];
    for (rules, found) in [
        (&[("/**", &[][..]), ("/admin/**", &[])][..], Some((2, vec![1]))),
        (&[("/a", &[]), ("/b", &[]), ("/a", &[])], Some((3, vec![1]))),
        (&[("/a", GET), ("/a", GET)], Some((2, vec![1]))),
        (&[("/a", GET), ("/a", &[Method::HEAD])], Some((2, vec![1]))),
        (&[("/a", &[]), ("/a", POST)], Some((2, vec![1]))),
        (&[("/a", GET), ("/a", POST), ("/a", BOTH)], Some((3, vec![1, 2]))),
        (&[("/{x}", &[]), ("/a", &[])], Some((2, vec![1]))),
        (&[("/{x}", &[]), ("/{y}", &[])], Some((2, vec![1]))),
        (&[("/a/**", &[]), ("/a/{x}/b/**", &[])], Some((2, vec![1]))),
        (&[("/a/**", &[]), ("/a/", &[])], Some((2, vec![1]))),
        (&[("/a$", &[]), ("/a%24", &[])], Some((2, vec![1]))),
        // together
        (&[("/a", &[]), ("/a/{x}/**", &[]), ("/a/**", &[])], Some((3, vec![1, 2]))),
        (&[("/a/", &[]), ("/a", &[]), ("/a/{x}/**", &[]), ("/a/**", &[])], Some((4, vec![1, 2, 3]))),
        (&[("/", &[]), ("/{x}/**", &[]), ("/**", &[])], Some((3, vec![1, 2]))),
        (
            &[
                ("/a/", &[]),
                ("/a", &[]),
                ("/a/{x}/", &[]),
                ("/a/{x}", &[]),
                ("/a/{x}/{y}/**", &[]),
                ("/a/**", &[]),
            ],
            Some((6, vec![1, 2, 3, 4, 5])),
        ),
        // not hidden
        (&[("/admin/**", &[]), ("/**", &[])], None),
        (&[("/a", GET), ("/a", POST), ("/a", &[])], None),
        (&[("/a", &[Method::HEAD]), ("/a", GET)], None),
        (&[("/a", GET), ("/a", BOTH)], None),
        (&[("/a", &[]), ("/{x}/", &[]), ("/{x}", &[])], None),
        (&[("/a/", &[]), ("/a/{x}/**", &[]), ("/a/**", &[])], None),
        (&[("/a/{x}", &[]), ("/a/{x}/{y}", &[]), ("/a/{x}/{y}/{z}", &[]), ("/a/{x}/**", &[])], None),
        (&[("/x", &[]), ("/xx", &[]), ("/{x}", &[])], None),
        (&[("/a/", &[]), ("/a", &[])], None),
        (&[("/a", &[]), ("/a/", &[])], Some((2, vec![1]))),
        (&[("/A", &[]), ("/a", &[])], None),
    ] {
        assert_eq!(hidden(rules), found, "{rules:?}");
    }
}

proptest! {
    /// Hidden means that no request reaches the rule, and the other way round: against all paths of few texts.
    #[test]
    fn hidden_is_what_no_request_reaches(
        written in prop::collection::vec(("(/(a|b|\\{x\\})){0,3}(/|/\\*\\*)?", prop::sample::subsequence(vec![0, 1, 2], 0..=3)), 1..7),
    ) {
        let methods = [Method::GET, Method::HEAD, Method::POST];
        let mut rules = Vec::new();
        for (path, chosen) in &written {
            // Twice the same name is refused.
            let path = path.replacen("{x}", "{y}", 1).replacen("{x}", "{z}", 1);
            let Ok(pattern) = Pattern::parse(&path) else { continue };
            let named = Methods::of(chosen.iter().map(|at| methods[*at].clone())).unwrap_or_else(|_| Methods::all());
            rules.push(Rule::new(pattern, named, Gate::Open));
        }
        let reached = |number: usize| {
            let requests = methods.iter().cloned().chain([Method::from_bytes(b"PURGE").unwrap()]);
            requests.flat_map(|method| paths().into_iter().map(move |path| (method.clone(), path))).any(|(method, path)| {
                let path = RequestPath::parse(&path).unwrap();
                rules.iter().position(|rule| rule.matches(&method, &path)) == Some(number)
            })
        };
        let hidden = (0..rules.len()).find(|number| !reached(*number)).map(|number| number + 1);
        prop_assert_eq!(Rules::new(rules.clone()).err().map(|found| found.rule), hidden);
    }
}

/// All paths of up to four segments of three texts, with and without a slash at the end.
fn paths() -> Vec<String> {
    let mut all = vec!["/".to_owned()];
    let mut longest = vec![String::new()];
    for _ in 0..4 {
        longest =
            longest.iter().flat_map(|path| ["a", "b", "c"].map(|text| format!("{path}/{text}"))).collect();
        all.extend(longest.iter().flat_map(|path| [path.clone(), format!("{path}/")]));
    }
    all
}
