//! The one spelling of a resource (RFC 8707 §2).

use countersign_proto::audience::check_resource;

use super::Misconfigured;
use crate::http::shown;

/// A resource's canonical form: scheme and host in lower case, and of a bare origin no slash at the end. All else stays
/// as it was written, because the server compares it so.
///
/// # Errors
/// [`Misconfigured`], when it is no absolute URI or has a fragment.
pub(super) fn canonical(uri: &str) -> Result<String, Misconfigured> {
    check_resource(uri).map_err(|error| {
        let hint = "; a name that is no URI is asked for as an audience";
        Misconfigured::new("resource", format!("{}: {error}{hint}", shown(uri)))
    })?;
    let (scheme, rest) = uri.split_once(':').unwrap_or((uri, ""));
    let scheme = scheme.to_ascii_lowercase();
    let Some(rest) = rest.strip_prefix("//") else { return Ok(format!("{scheme}:{rest}")) };
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let (user, host) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
    let path = if path == "/" { "" } else { path };
    Ok(format!("{scheme}://{user}{}{path}", host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// T-8707-04: canonical where that is safe, and as it was written where a server may tell the two apart.
    #[test]
    fn scheme_and_host_are_lower_case_and_an_origin_has_no_slash() {
        for (written, sent) in [
            ("https://orders.example", "https://orders.example"),
            ("https://orders.example/", "https://orders.example"),
            ("HTTPS://Orders.Example:8443/", "https://orders.example:8443"),
            ("https://Orders.Example/V1/", "https://orders.example/V1/"),
            ("https://Orders.Example?A=/", "https://orders.example?A=/"),
            ("https://User@Orders.Example/A", "https://User@orders.example/A"),
            ("https://[2001:DB8::1]/", "https://[2001:db8::1]"),
            ("API://8F", "api://8f"),
            ("Urn:Example:Orders", "urn:Example:Orders"),
        ] {
            assert_eq!(canonical(written).as_deref(), Ok(sent), "{written}");
        }
        for bad in ["https://orders.example/#a", "orders", "", "//orders.example", "https//x"] {
            assert_eq!(canonical(bad).unwrap_err().setting(), "resource", "{bad}");
        }
    }
}
