//! The grammar of RFC 9110 §11.6.1, byte by byte: a comma may part parameters as well as challenges, so that each step
//! looks ahead.

use super::Challenge;
use super::parse::ParseError;
use crate::authorization::Scheme;

/// What is left of a header value.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

pub(super) struct Parameter {
    /// In lower case.
    pub(super) name: String,
    pub(super) value: Vec<u8>,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(value: &'a [u8]) -> Self {
        Self { rest: value }
    }

    /// One challenge; `None` when it is of a scheme that is not ours.
    pub(super) fn challenge(&mut self) -> Result<Option<Challenge>, ParseError> {
        let scheme = Scheme::parse(self.token().ok_or(ParseError::Syntax)?);
        let spaces = self.take_while(|byte| byte == b' ');
        if spaces.is_empty() && !self.at_end_of_element() {
            return Err(ParseError::Syntax);
        }
        if self.skip_token68() {
            // Ours have parameters alone.
            return if scheme.is_some() { Err(ParseError::Syntax) } else { Ok(None) };
        }
        let parameters = self.parameters()?;
        scheme.map(|scheme| Challenge::bare(scheme).with_all(parameters)).transpose()
    }

    /// The parameters up to the end, or to the next challenge.
    fn parameters(&mut self) -> Result<Vec<Parameter>, ParseError> {
        let mut parameters: Vec<Parameter> = Vec::new();
        loop {
            let before = self.rest;
            if !self.skip_commas() {
                return Ok(parameters);
            }
            let Some(name) = self.parameter_name() else {
                self.rest = before;
                return if self.at_end_of_element() { Ok(parameters) } else { Err(ParseError::Syntax) };
            };
            let name = name.to_ascii_lowercase();
            if parameters.iter().any(|earlier| earlier.name == name) {
                return Err(ParseError::Repeated);
            }
            if parameters.len() == MAX_PARAMETERS {
                return Err(ParseError::TooMany);
            }
            let value = self.value().ok_or(ParseError::Syntax)?;
            self.skip_blanks();
            if !self.at_end_of_element() {
                return Err(ParseError::Syntax);
            }
            parameters.push(Parameter { name, value });
        }
    }

    /// A token with the equals sign behind it; without one, it is the scheme of the next challenge.
    fn parameter_name(&mut self) -> Option<&'a str> {
        let name = self.token()?;
        self.skip_blanks();
        self.rest = self.rest.strip_prefix(b"=")?;
        self.skip_blanks();
        Some(name)
    }

    fn value(&mut self) -> Option<Vec<u8>> {
        let Some(mut rest) = self.rest.strip_prefix(b"\"") else {
            return self.token().map(|token| token.as_bytes().to_vec());
        };
        let mut value = Vec::new();
        loop {
            let (&byte, after) = rest.split_first()?;
            rest = after;
            let byte = match byte {
                b'"' => {
                    self.rest = rest;
                    return Some(value);
                }
                b'\\' => {
                    let (&escaped, after) = rest.split_first()?;
                    rest = after;
                    escaped
                }
                byte => byte,
            };
            if !matches!(byte, b'\t' | 0x20..=0x7e | 0x80..) {
                return None;
            }
            value.push(byte);
        }
    }

    fn token(&mut self) -> Option<&'a str> {
        let token = self.take_while(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        str::from_utf8(token).ok().filter(|token| !token.is_empty())
    }

    /// Skips a `token68` if one is there: nothing but the end or a comma may follow it.
    fn skip_token68(&mut self) -> bool {
        let before = self.rest;
        let token = self.take_while(|b| b.is_ascii_alphanumeric() || b"-._~+/".contains(&b));
        self.take_while(|byte| byte == b'=');
        self.skip_blanks();
        let is_token68 = !token.is_empty() && self.at_end_of_element();
        if !is_token68 {
            self.rest = before;
        }
        is_token68
    }

    /// Skips commas and blanks; `false` at the end. A list may have empty elements (RFC 9110 §5.6.1).
    pub(super) fn skip_commas(&mut self) -> bool {
        self.take_while(|byte| matches!(byte, b',' | b' ' | b'\t'));
        !self.rest.is_empty()
    }

    fn skip_blanks(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t'));
    }

    fn at_end_of_element(&self) -> bool {
        self.rest.first().is_none_or(|byte| *byte == b',')
    }

    fn take_while(&mut self, fits: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| !fits(*byte)).unwrap_or(self.rest.len());
        let (taken, rest) = self.rest.split_at(end);
        self.rest = rest;
        taken
    }
}

const MAX_PARAMETERS: usize = 32;
