//! The methods of a rule.

use http::Method;

/// All methods, or some.
///
/// `HEAD` goes with `GET` (RFC 9110 §9.3.2): what may be read may be asked about, and what must not be read must not
/// be learned from its headers. A rule that names `HEAD` alone speaks of `HEAD` alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Methods(Option<Box<[Method]>>);

impl Methods {
    /// Every method, unknown ones too.
    #[must_use]
    pub fn all() -> Self {
        Self(None)
    }

    /// These methods and, with `GET`, `HEAD`.
    ///
    /// # Errors
    /// [`NoMethod`] when there is none.
    pub fn of(methods: impl IntoIterator<Item = Method>) -> Result<Self, NoMethod> {
        let methods: Box<[Method]> = methods.into_iter().collect();
        if methods.is_empty() { Err(NoMethod) } else { Ok(Self(Some(methods))) }
    }

    /// Whether this method is among them.
    #[must_use]
    pub fn contains(&self, method: &Method) -> bool {
        self.0.as_ref().is_none_or(|named| {
            named.iter().any(|name| name == method || (method == Method::HEAD && name == Method::GET))
        })
    }

    /// Those that are named; nothing stands for all of them.
    pub(super) fn named(&self) -> Option<&[Method]> {
        self.0.as_deref()
    }
}

/// A rule without methods would match nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no method is named; without `methods` a rule speaks of all of them")]
pub struct NoMethod;

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9110 §9.3.2: who may not GET may not HEAD, and the other way round.
    #[test]
    fn head_goes_with_get() {
        let get = Methods::of([Method::GET]).unwrap();
        assert!(get.contains(&Method::GET) && get.contains(&Method::HEAD));
        assert!(!get.contains(&Method::POST) && !get.contains(&Method::OPTIONS));
        let head = Methods::of([Method::HEAD]).unwrap();
        assert!(head.contains(&Method::HEAD) && !head.contains(&Method::GET));
        let post = Methods::of([Method::POST]).unwrap();
        assert!(!post.contains(&Method::HEAD));
    }

    #[test]
    fn all_are_all_and_none_is_an_error() {
        assert!(Methods::all().contains(&Method::from_bytes(b"PURGE").unwrap()));
        assert_eq!(Methods::of([]), Err(NoMethod));
        // Methods are case-sensitive (RFC 9110 §9.1).
        assert!(!Methods::of([Method::GET]).unwrap().contains(&Method::from_bytes(b"get").unwrap()));
    }
}
