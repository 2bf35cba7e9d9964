//! What is refused and why, what is accepted and how it is spelled, and that nothing accepted has a second reading.

use proptest::prelude::*;

use super::*;

/// Walking around a guard: what the field is attacked with, each refused by its name.
#[test]
fn refuses_what_can_be_read_in_two_ways() {
    use Ambiguous::*;
    for (raw, why) in [
        // forms
        ("*", Asterisk),
        ("", NotOriginForm),
        ("admin", NotOriginForm),
        ("http://x/admin", NotOriginForm),
        ("HTTP://x/admin", NotOriginForm),
        ("x:443", NotOriginForm),
        ("?/admin", NotOriginForm),
        ("%2Fadmin", NotOriginForm),
        ("\\admin", NotOriginForm),
        (" /admin", NotOriginForm),
        // dot segments
        ("/.", DotSegment),
        ("/..", DotSegment),
        ("/admin/.", DotSegment),
        ("/./admin", DotSegment),
        ("/public/../admin", DotSegment),
        ("/public/../admin?x", DotSegment),
        ("/public/.../admin", DotSegment),
        ("/%2e%2e/admin", EncodedDotSegment),
        ("/%2E/admin", EncodedDotSegment),
        ("/.%2e/admin", EncodedDotSegment),
        ("/%2e./admin", EncodedDotSegment),
        ("/public/%2e%2E", EncodedDotSegment),
        ("/.%20./admin", EncodedDotSegment),
        // empty segments
        ("//admin", EmptySegment),
        ("//", EmptySegment),
        ("//x/admin", EmptySegment),
        ("/admin//", EmptySegment),
        ("/public//admin", EmptySegment),
        ("/http://x/admin", EmptySegment),
        ("/%41//admin", EmptySegment),
        // path parameters
        ("/public/..;/admin", Semicolon),
        ("/;/admin", Semicolon),
        ("/admin;", Semicolon),
        ("/admin;x=y", Semicolon),
        ("/admin;.css", Semicolon),
        ("/admin%3b", Semicolon),
        ("/admin%3B/x", Semicolon),
        // slashes that are none
        ("/public%2fadmin", EncodedSlash),
        ("/public/..%2Fadmin", EncodedSlash),
        ("/%2F/admin", EncodedSlash),
        ("/public/..\\admin", Backslash),
        ("/\\admin", Backslash),
        ("/public/..%5cadmin", EncodedBackslash),
        ("/%5Cadmin", EncodedBackslash),
        // what ends a path, or is trimmed
        ("/admin%00", EncodedControl),
        ("/admin%00.png", EncodedControl),
        ("/admin%09", EncodedControl),
        ("/admin%0a", EncodedControl),
        ("/admin%0D%0AX-Auth-Client:%20root", EncodedControl),
        ("/admin%7f", EncodedControl),
        ("/admin%C2%85", EncodedControl),
        ("/admin%20", EdgeSpace),
        ("/%20admin", EdgeSpace),
        ("/admin%20/x", EdgeSpace),
        ("/..%20/admin", EdgeSpace),
        ("/admin%C2%A0", EdgeSpace),
        ("/admin%E3%80%80", EdgeSpace),
        ("/%20", EdgeSpace),
        ("/admin%3F", EncodedDelimiter),
        ("/admin%3f.png", EncodedDelimiter),
        ("/admin%23", EncodedDelimiter),
        ("/admin#", Fragment),
        ("/admin#/../x", Fragment),
        ("/admin?x#y", Fragment),
        // raw bytes
        ("/admin\0", Control),
        ("/admin\t", Control),
        ("/admin HTTP/1.1", Control),
        ("/admin\r\nX-Auth-Client: root", Control),
        ("/admin\u{7f}", Control),
        ("/admin?x=\u{1}", Control),
        ("/admin?x y", Control),
        ("/caf\u{e9}", NonAscii),
        ("/?caf\u{e9}", NonAscii),
        ("/\u{ff0e}\u{ff0e}/admin", NonAscii),
        // escapes that are none, or are two
        ("/admin%", BadEscape),
        ("/admin%2", BadEscape),
        ("/admin%2/", BadEscape),
        ("/admin%zz", BadEscape),
        ("/admin%+1", BadEscape),
        ("/public%u002fadmin", BadEscape),
        ("/%252e%252e/admin", DoubleEncoding),
        ("/public%252fadmin", DoubleEncoding),
        ("/public%25%32%66admin", DoubleEncoding),
        ("/public%252%66admin", DoubleEncoding),
        ("/public%25252fadmin", DoubleEncoding),
        ("/public%25u002fadmin", DoubleEncoding),
        ("/public%25U002Fadmin", DoubleEncoding),
        ("/%61dmin%2541", DoubleEncoding),
        // overlong, surrogates, Latin-1
        ("/%c0%af/admin", NotUtf8),
        ("/%c0%ae%c0%ae/admin", NotUtf8),
        ("/%e0%80%af", NotUtf8),
        ("/%ed%a0%80", NotUtf8),
        ("/caf%e9", NotUtf8),
        // full-width and other forms of the same characters
        ("/%ef%bc%8e%ef%bc%8e/admin", Lookalike),
        ("/%ef%bc%8e./admin", Lookalike),
        ("/%E2%80%A5/admin", Lookalike),
        ("/%E2%80%A4/admin", Lookalike),
        ("/public%ef%bc%8fadmin", Lookalike),
        ("/public%e2%88%95admin", Lookalike),
        ("/public%e2%81%84admin", Lookalike),
        ("/public%ef%bc%bcadmin", Lookalike),
        ("/publi%e2%84%80", Lookalike),
        ("/publi%e2%84%81", Lookalike),
        ("/publi%e2%84%85", Lookalike),
        ("/publi%e2%84%86", Lookalike),
        ("/public%EF%BC%852fadmin", Lookalike),
        ("/public%EF%BC%85%EF%BC%92%EF%BD%86admin", Lookalike),
        ("/public%25%EF%BC%92%EF%BD%86admin", DoubleEncoding),
        ("/100%EF%BC%85", Lookalike),
        ("/100%EF%B9%AA", Lookalike),
        ("/admin%EF%BC%9Bx", Lookalike),
        ("/admin%CD%BEx", Lookalike),
        ("/admin%EF%B8%94x", Lookalike),
        ("/admin%EF%B9%94x", Lookalike),
        ("/admin%EF%BC%9Fx", Lookalike),
        ("/admin%E2%81%87x", Lookalike),
        ("/admin%E2%81%89x", Lookalike),
        ("/admin%EF%B8%96x", Lookalike),
        ("/admin%EF%B9%96x", Lookalike),
        ("/admin%EF%BC%83x", Lookalike),
        ("/admin%EF%B9%9Fx", Lookalike),
    ] {
        assert_eq!(RequestPath::parse(raw), Err(why), "{raw:?}");
    }
}

/// One spelling for one path, whatever the spelling it came in; what is normal is not copied.
#[test]
fn what_is_accepted_has_one_spelling() {
    for (raw, spelled) in [
        ("/%61dmin", "/admin"),
        ("/%7euser/%2d%5F%2E5", "/~user/-_.5"),
        ("/a%c3%a9b", "/a%C3%A9b"),
        ("/file%2etxt", "/file.txt"),
        ("/..%61", "/..a"),
        ("/a%2b+%24$", "/a%2B+%24$"),
        ("/a[0]|{x}\"<>^`", "/a%5B0%5D%7C%7Bx%7D%22%3C%3E%5E%60"),
        ("/%61?%61=%2e%2E/;\\x//..", "/a?%61=%2e%2E/;\\x//.."),
        ("/%61?", "/a?"),
        ("/%61?a?b", "/a?a?b"),
    ] {
        let path = RequestPath::parse(raw).unwrap();
        assert_eq!(path.path_and_query(), spelled, "{raw}");
        assert_eq!(path.rewritten(), Some(spelled), "{raw}");
    }
    for same in [
        "/",
        "/?",
        "/a",
        "/a/",
        "/A",
        "/ADMIN",
        "/admin?",
        "/a?x=1&y=%zz",
        "/a/b.c/~d/-_",
        "/a!$&'()*+,=:@b",
        "/.well-known/x",
        "/..a",
        "/a..",
        "/...a",
        "/a%20b",
        "/caf%C3%A9",
        "/100%25",
        "/50%25off",
        "/a%25ug",
        "/%E4%BD%95%E3%80%82",
        "/wait%E2%80%A6",
        "/a?//../%2f;",
    ] {
        let path = RequestPath::parse(same).unwrap();
        assert_eq!((path.path_and_query(), path.rewritten()), (same, None));
    }
}

#[test]
fn path_and_query_are_told_apart() {
    for (raw, path, whole) in
        [("/%61/b?c?d", "/a/b", "/a/b?c?d"), ("/a?", "/a", "/a?"), ("/%61?", "/a", "/a?"), ("/a", "/a", "/a")]
    {
        let parsed = RequestPath::parse(raw).unwrap();
        assert_eq!((parsed.path(), parsed.path_and_query()), (path, whole));
    }
}

/// Everything read from outside has a cap, refused rather than cut.
#[test]
fn path_and_query_are_capped() {
    let path = format!("/{}", "a".repeat(8191));
    let query = "q".repeat(16 * 1024);
    assert!(RequestPath::parse(&format!("{path}?{query}")).is_ok());
    assert_eq!(RequestPath::parse(&format!("{path}a")), Err(Ambiguous::TooLong));
    assert_eq!(RequestPath::parse(&format!("/?{query}q")), Err(Ambiguous::TooLong));
    // So is what becomes of it.
    assert!(RequestPath::parse(&format!("/{}", "|".repeat(2730))).is_ok());
    assert_eq!(RequestPath::parse(&format!("/{}", "|".repeat(2731))), Err(Ambiguous::TooLong));
}

#[test]
fn segments_are_compared_decoded() {
    let segments = |raw: &'static str| -> Vec<String> {
        RequestPath::parse(raw).unwrap().segments().map(|s| s.decoded().into_owned()).collect()
    };
    assert_eq!(segments("/"), [""]);
    assert_eq!(segments("/a"), ["a"]);
    assert_eq!(segments("/a/"), ["a", ""]);
    assert_eq!(segments("/caf%c3%a9/a%20b/%24+%2B/100%25"), ["café", "a b", "$++", "100%"]);

    let path = RequestPath::parse("/100%25").unwrap();
    let segment = path.segments().next().unwrap();
    assert!(segment.is("100%") && !segment.is("100%25") && !segment.is("100") && !segment.is_empty());
    assert_eq!(segment.as_str(), "100%25");
}

proptest! {
    /// What is accepted reads the same again, and once decoded nothing is left to decode or to resolve.
    #[test]
    fn nothing_accepted_has_a_second_reading(raw in "/([a-cA-F0-9./;%+ ?]|%2[0-9a-fEF]|%[0-7][0-9A-F]|%25|\\PC){0,24}") {
        let Ok(path) = RequestPath::parse(&raw) else { return Ok(()) };
        let again = RequestPath::parse(path.path_and_query()).unwrap();
        prop_assert_eq!(again.path_and_query(), path.path_and_query());
        prop_assert_eq!(again.rewritten(), None);
        let upper = path.path().to_ascii_uppercase();
        for never in ["//", ";", "\\", "%2F", "%5C", "%3B", "%00", "#", "/./", "/../"] {
            prop_assert!(!upper.contains(never), "{never} in {upper}");
        }
        for segment in path.segments() {
            let decoded = segment.decoded();
            prop_assert!(segment.is(&decoded));
            prop_assert!(decoded != "." && decoded != ".." && !decoded.contains(['/', '\\', ';', '?', '#']));
        }
    }
}
