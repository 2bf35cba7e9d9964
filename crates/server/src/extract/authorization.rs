//! Where a client's credentials stand, and what it means when they stand in two places (RFC 6749 §2.3).

use std::borrow::Cow;

use countersign_issuer::refusal::{AuthnFailure, Refusal};
use countersign_proto::credential::{
    Basic, BasicError, Presented, PresentedSecret, SecretReading, Transport,
};
use countersign_proto::form::Form;
use http::HeaderMap;
use http::header::AUTHORIZATION;

use super::form::{Both, FormRules};

/// What the `Authorization` header holds.
pub(crate) enum Authorization {
    /// There is none.
    Absent,
    /// Basic credentials.
    Basic(Basic),
    /// Basic, and not readable.
    Unreadable,
    /// Another scheme.
    Other,
}

impl Authorization {
    /// Reads the header.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when there are two: no product means anything by that.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let Some(value) = values.next() else { return Ok(Self::Absent) };
        if values.next().is_some() {
            return Err(Refusal::Malformed(TWO_HEADERS.into()));
        }
        Ok(match Basic::parse(value.as_bytes()) {
            Ok(basic) => Self::Basic(basic),
            Err(BasicError::Malformed) => Self::Unreadable,
            Err(BasicError::OtherScheme) => Self::Other,
        })
    }

    /// Whether these are Basic credentials whose halves are not properly form-encoded.
    pub(crate) fn is_badly_encoded(&self) -> bool {
        matches!(self, Self::Basic(basic) if !basic.well_encoded)
    }

    /// The one set of credentials of a request, of header and form.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when they stand in two places and the rules refuse that; [`Refusal::Unauthenticated`]
    /// when the header cannot be read and there is nothing else.
    pub(crate) fn and_form<'a>(
        self,
        form: &'a Form<'_>,
        rules: &FormRules,
    ) -> Result<Presented<'a>, Refusal> {
        match rules.both {
            Both::Refused => self.or_form(form),
            Both::BodyOverHeader => Ok(self.under_form(form)),
            Both::WholeBodyOverHeader => Ok(self.unless_form(form)),
        }
    }

    fn or_form<'a>(self, form: &'a Form<'_>) -> Result<Presented<'a>, Refusal> {
        let secret = form.get("client_secret").is_some();
        let assertion = form.get("client_assertion").is_some();
        let several = match self {
            Self::Absent => secret && assertion,
            _ => secret || assertion,
        };
        if several {
            return Err(Refusal::Malformed(TWO_METHODS.into()));
        }
        match self {
            Self::Absent => Ok(Presented::from_form(form)),
            Self::Basic(basic) => match form.get("client_id") {
                Some(id) if *id != basic.client_id => Err(Refusal::Malformed(TWO_CLIENTS.into())),
                _ => Ok(Presented::Secret(basic.into())),
            },
            Self::Unreadable => Err(AuthnFailure::Unreadable.into()),
            Self::Other => Err(AuthnFailure::NoCredentials.into()),
        }
    }

    /// Keycloak: what the form has overrides the header's half; an unreadable or foreign header counts only alone.
    fn under_form<'a>(self, form: &'a Form<'_>) -> Presented<'a> {
        let Self::Basic(basic) = self else { return Presented::from_form(form) };
        let basic = PresentedSecret::from(basic);
        let client_id = match form.get("client_id") {
            Some(id) => Cow::Borrowed(id.as_ref()),
            None => basic.client_id,
        };
        Presented::Secret(match form.get("client_secret") {
            Some(secret) => PresentedSecret {
                client_id,
                secret: SecretReading::Borrowed(secret.as_bytes()),
                raw: None,
                transport: Transport::Body,
            },
            None => PresentedSecret { client_id, ..basic },
        })
    }

    /// fidesops: id and secret of the form when both are there, else the header's.
    fn unless_form<'a>(self, form: &'a Form<'_>) -> Presented<'a> {
        match (Presented::from_form(form), self) {
            (whole @ Presented::Secret(_), _) => whole,
            (_, Self::Basic(basic)) => Presented::Secret(basic.into()),
            (part, _) => part,
        }
    }
}

const TWO_HEADERS: &str = "The request has more than one Authorization header.";
const TWO_METHODS: &str = "The request authenticates the client in more than one way.";
const TWO_CLIENTS: &str = "The Authorization header and the body name different clients.";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::form::OtherMediaType;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use http::HeaderValue;

    fn rules(both: Both) -> FormRules {
        FormRules {
            json: false,
            other_media_type: OtherMediaType::Refused,
            query_refused: true,
            repetition_refused: true,
            both,
        }
    }

    /// `id:secret` as it would be tried, or what went wrong.
    fn read(both: Both, header: Option<&str>, body: &'static str) -> String {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(AUTHORIZATION, HeaderValue::from_str(header).unwrap());
        }
        let form = Form::parse(body.as_bytes()).unwrap();
        let authorization = Authorization::of(&headers).unwrap();
        match authorization.and_form(&form, &rules(both)) {
            Ok(Presented::Secret(secret)) => {
                format!("{}:{}", secret.client_id, String::from_utf8_lossy(secret.secret.as_bytes()))
            }
            Ok(Presented::Unproven(id)) => format!("{id} unproven"),
            Ok(Presented::Nothing) => "nothing".to_owned(),
            Err(refusal) => refusal.reason().to_owned(),
        }
    }

    fn basic(pair: &str) -> String {
        format!("Basic {}", STANDARD.encode(pair))
    }

    /// T-6749-08: one method, one client.
    #[test]
    fn strict_endpoints_refuse_two_places() {
        let header = basic("a:s");
        for (header, body, expected) in [
            (Some(header.as_str()), "", "a:s"),
            (Some(&header), "client_id=a", "a:s"),
            (Some(&header), "client_id=b", "malformed"),
            (Some(&header), "client_secret=s", "malformed"),
            (Some(&header), "client_id=a&client_secret=s", "malformed"),
            (Some(&header), "client_assertion=x", "malformed"),
            (None, "client_id=a&client_secret=s", "a:s"),
            (None, "client_id=a&client_secret=s&client_assertion=x", "malformed"),
            (None, "client_id=a", "a unproven"),
            (None, "client_secret=s", "nothing"),
            (Some("Basic ???"), "", "unreadable_credentials"),
            (Some("Basic ???"), "client_id=a&client_secret=s", "malformed"),
            (Some("Bearer x"), "", "no_credentials"),
            (Some("Bearer x"), "client_id=a&client_secret=s", "malformed"),
        ] {
            assert_eq!(read(Both::Refused, header, body), expected, "{header:?} {body}");
        }
    }

    /// dialects a.3: body over Basic, each half by itself; other headers are ignored beside a client_id.
    #[test]
    fn the_body_overrides_the_header_half_by_half() {
        let header = basic("a:s");
        for (header, body, expected) in [
            (Some(header.as_str()), "", "a:s"),
            (Some(&header), "client_id=b", "b:s"),
            (Some(&header), "client_secret=t", "a:t"),
            (Some(&header), "client_id=b&client_secret=t", "b:t"),
            (Some("Bearer x"), "client_id=b&client_secret=t", "b:t"),
            (Some("Bearer x"), "", "nothing"),
            (Some("Basic ???"), "client_id=b&client_secret=t", "b:t"),
            (Some("Basic ???"), "", "nothing"),
        ] {
            assert_eq!(read(Both::BodyOverHeader, header, body), expected, "{header:?} {body}");
        }
    }

    /// dialects c.1: the body wins when it is whole, else Basic.
    #[test]
    fn a_whole_body_overrides_the_header() {
        let header = basic("a:s");
        for (header, body, expected) in [
            (Some(header.as_str()), "", "a:s"),
            (Some(&header), "client_id=b", "a:s"),
            (Some(&header), "client_id=b&client_secret=", "a:s"),
            (Some(&header), "client_id=b&client_secret=t", "b:t"),
            (None, "client_id=b", "b unproven"),
        ] {
            assert_eq!(read(Both::WholeBodyOverHeader, header, body), expected, "{header:?} {body}");
        }
    }

    /// threats 3, "malformed Authorization header: multiple": refused, whatever they hold.
    #[test]
    fn two_headers_are_refused() {
        let mut headers = HeaderMap::new();
        headers.append(AUTHORIZATION, HeaderValue::from_static("Basic YTpi"));
        headers.append(AUTHORIZATION, HeaderValue::from_static("Basic YTpi"));
        assert!(matches!(Authorization::of(&headers), Err(Refusal::Malformed(_))));
    }
}
