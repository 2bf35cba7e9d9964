//! Where HTTP/1.1 messages begin and end, judged strictly on the raw bytes before the parser sees them.
//!
//! Request smuggling needs two readers that disagree about a boundary. The parser behind us is lenient where the RFC
//! lets it be (bare LF, `Transfer-Encoding` beside `Content-Length`, repeated `Content-Length`); a proxy before us
//! may read the same bytes otherwise. So what could be read in two ways is refused here (RFC 9112 sections 2.2, 5.2,
//! 6.1, 6.3 and 11.2). It also tells exactly when a head begins and ends, which the head timeout needs.
//!
//! Does not check what the parser checks anyway: methods, targets, header names and values, sizes.

/// Follows one connection's incoming bytes.
#[derive(Debug)]
pub(crate) struct Framing {
    state: State,
    line: Line,
    length: Option<u64>,
    chunked: bool,
}

/// What a stretch of bytes did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    HeadBegan,
    HeadEnded,
}

/// The bytes can be read in more than one way; everything from `at` on must not be read at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ambiguous {
    pub(crate) at: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The first bytes of the connection, as long as they spell HTTP/2's preface.
    Preface(usize),
    /// Between messages.
    Between,
    RequestLine,
    Header,
    Body(u64),
    ChunkSize,
    ChunkData(u64),
    ChunkEnd,
    Trailer,
    /// HTTP/2: framed by its own layer.
    Http2,
}

/// The beginning of the line that is being read, and its last byte.
#[derive(Debug)]
struct Line {
    bytes: [u8; LINE],
    kept: usize,
    total: usize,
    last: u8,
}

impl Framing {
    pub(crate) fn new() -> Self {
        Self { state: State::Preface(0), line: Line::new(), length: None, chunked: false }
    }

    /// Reads the next bytes of the connection and reports where heads begin and end.
    pub(crate) fn read(&mut self, bytes: &[u8], mark: &mut dyn FnMut(Mark)) -> Result<(), Ambiguous> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let at = bytes.len() - rest.len();
            rest = match self.state {
                State::Http2 => return Ok(()),
                State::Preface(matched) => self.preface(rest, matched, mark),
                State::Between => self.between(rest, mark),
                State::Body(left) => self.skip(rest, left, State::Between, State::Body),
                State::ChunkData(left) => self.skip(rest, left, State::ChunkEnd, State::ChunkData),
                State::RequestLine | State::Header | State::ChunkSize | State::ChunkEnd | State::Trailer => {
                    self.line(rest, at, mark)?
                }
            };
        }
        Ok(())
    }

    /// Whether a message has begun and not ended.
    pub(crate) fn is_inside(&self) -> bool {
        !matches!(self.state, State::Preface(0) | State::Between | State::Http2)
    }

    fn preface<'a>(&mut self, rest: &'a [u8], matched: usize, mark: &mut dyn FnMut(Mark)) -> &'a [u8] {
        let wanted = PREFACE.get(matched..).unwrap_or_default();
        let same = rest.iter().zip(wanted).take_while(|(a, b)| a == b).count();
        let (taken, after) = rest.split_at_checked(same).unwrap_or((rest, &[]));
        if matched == 0 {
            mark(Mark::HeadBegan);
        }
        let matched = matched + taken.len();
        if matched == PREFACE.len() {
            mark(Mark::HeadEnded);
            self.state = State::Http2;
        } else if after.is_empty() {
            self.state = State::Preface(matched);
        } else {
            // an ordinary request after all; what matched so far is the beginning of its first line, if anything
            self.state = State::Between;
            let so_far = PREFACE.get(..matched).unwrap_or_default();
            // the preface's own first lines are well-formed, so re-reading them finds nothing ambiguous
            let _ = self.read(so_far, &mut |_| {});
        }
        after
    }

    fn between<'a>(&mut self, rest: &'a [u8], mark: &mut dyn FnMut(Mark)) -> &'a [u8] {
        mark(Mark::HeadBegan);
        self.length = None;
        self.chunked = false;
        self.line.clear();
        self.state = State::RequestLine;
        rest
    }

    fn skip<'a>(&mut self, rest: &'a [u8], left: u64, then: State, again: fn(u64) -> State) -> &'a [u8] {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
        let left = left.saturating_sub(here as u64);
        self.state = if left == 0 { then } else { again(left) };
        if left == 0 {
            self.line.clear();
        }
        rest.get(here..).unwrap_or_default()
    }

    fn line<'a>(
        &mut self,
        rest: &'a [u8],
        at: usize,
        mark: &mut dyn FnMut(Mark),
    ) -> Result<&'a [u8], Ambiguous> {
        let Some(end) = rest.iter().position(|b| *b == b'\n') else {
            self.line.push(rest);
            return Ok(&[]);
        };
        let (line, after) = rest.split_at_checked(end).unwrap_or((rest, &[]));
        self.line.push(line);
        let ambiguous = Ambiguous { at: at + end };
        if self.line.last != b'\r' {
            return Err(ambiguous); // a bare LF (RFC 9112 section 2.2)
        }
        self.state = self.line_ended(mark).ok_or(ambiguous)?;
        self.line.clear();
        Ok(after.get(1..).unwrap_or_default())
    }

    /// The state after this line, or nothing when it is ambiguous.
    fn line_ended(&mut self, mark: &mut dyn FnMut(Mark)) -> Option<State> {
        let is_empty = self.line.total == 1;
        match self.state {
            // an empty line before a request is tolerated (RFC 9112 section 2.2)
            State::RequestLine if is_empty => Some(State::RequestLine),
            State::RequestLine => Some(State::Header),
            State::Header if is_empty => {
                mark(Mark::HeadEnded);
                Some(match (self.chunked, self.length) {
                    (true, _) => State::ChunkSize,
                    (false, None | Some(0)) => State::Between,
                    (false, Some(length)) => State::Body(length),
                })
            }
            State::Header => self.header().then_some(State::Header),
            State::ChunkSize => match chunk_size(self.line.text()?)? {
                0 => Some(State::Trailer),
                size => Some(State::ChunkData(size)),
            },
            State::ChunkEnd => is_empty.then_some(State::ChunkSize),
            State::Trailer if is_empty => Some(State::Between),
            State::Trailer => (!self.line.is_folded()).then_some(State::Trailer),
            other => Some(other),
        }
    }

    /// Takes in a header line; false when it makes the message's length ambiguous.
    fn header(&mut self) -> bool {
        if self.line.is_folded() {
            return false; // obs-fold (RFC 9112 section 5.2)
        }
        if let Some(value) = self.line.value_of("content-length") {
            let Some(length) = value.and_then(decimal) else { return false };
            if self.chunked || self.length.is_some() {
                return false;
            }
            self.length = Some(length);
        } else if let Some(value) = self.line.value_of("transfer-encoding") {
            let chunked = value.is_some_and(|v| v.eq_ignore_ascii_case(b"chunked"));
            if !chunked || self.chunked || self.length.is_some() {
                return false;
            }
            self.chunked = true;
        }
        true
    }
}

impl Line {
    fn new() -> Self {
        Self { bytes: [0; LINE], kept: 0, total: 0, last: 0 }
    }

    fn clear(&mut self) {
        (self.kept, self.total, self.last) = (0, 0, 0);
    }

    fn push(&mut self, bytes: &[u8]) {
        if let Some(room) = self.bytes.get_mut(self.kept..) {
            let taken = room.len().min(bytes.len());
            for (to, from) in room.iter_mut().zip(bytes) {
                *to = *from;
            }
            self.kept += taken;
        }
        self.total = self.total.saturating_add(bytes.len());
        self.last = bytes.last().copied().unwrap_or(self.last);
    }

    /// The whole line without its CR, if it was short enough to keep.
    fn text(&self) -> Option<&[u8]> {
        if self.total > self.kept { None } else { self.bytes.get(..self.kept.checked_sub(1)?) }
    }

    fn is_folded(&self) -> bool {
        matches!(self.bytes.first(), Some(b' ' | b'\t')) && self.kept > 0
    }

    /// The value if the line has this name: `Some(None)` when it is too long to keep or not separated by `:`.
    fn value_of(&self, name: &str) -> Option<Option<&[u8]>> {
        let kept = self.bytes.get(..self.kept)?;
        let (start, after) = kept.split_at_checked(name.len())?;
        if !start.eq_ignore_ascii_case(name.as_bytes()) {
            return None;
        }
        match after.first() {
            Some(b':') => Some(self.text().and_then(|t| t.get(name.len() + 1..)).map(<[u8]>::trim_ascii)),
            Some(b' ' | b'\t' | b'\r') => Some(None),
            _ => None,
        }
    }
}

/// A length as RFC 9110 section 8.6 writes it: digits and nothing else, within 18 of them.
fn decimal(text: &[u8]) -> Option<u64> {
    let all_digits = !text.is_empty() && text.len() <= 18 && text.iter().all(u8::is_ascii_digit);
    all_digits.then(|| text.iter().fold(0, |n, b| n * 10 + u64::from(b - b'0')))
}

/// A chunk's size as RFC 9112 section 7.1 writes it. Extensions are refused: nobody uses them but attackers.
fn chunk_size(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 15 {
        return None;
    }
    text.iter().try_fold(0u64, |n, b| Some((n << 4) | u64::from(char::from(*b).to_digit(16)?)))
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes kept of a line: enough for the two headers that say how long a message is, and for a chunk's size.
const LINE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the text whole and byte by byte, which must agree, and tells how many heads ended before which offset
    /// was found ambiguous.
    fn read(text: &[u8]) -> (usize, Option<usize>) {
        let mut whole = Framing::new();
        let mut heads = 0;
        let outcome = whole.read(text, &mut |m| heads += usize::from(m == Mark::HeadEnded));

        let mut dripped = Framing::new();
        let mut dripped_heads = 0;
        let mut dripped_at = None;
        for (i, byte) in text.iter().enumerate() {
            let mut mark = |m| dripped_heads += usize::from(m == Mark::HeadEnded);
            if dripped.read(&[*byte], &mut mark).is_err() {
                dripped_at = Some(i);
                break;
            }
        }
        let at = outcome.err().map(|a| a.at);
        assert_eq!((heads, at), (dripped_heads, dripped_at), "{}", text.escape_ascii());
        (heads, at)
    }

    fn refused(text: &[u8]) -> bool {
        read(text).1.is_some()
    }

    #[test]
    fn plain_messages_pass_and_their_boundaries_are_found() {
        assert_eq!(read(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"), (1, None));
        assert_eq!(read(b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\n\r\n"), (2, None));
        assert_eq!(
            read(b"POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\n\n\n\n\nGET / HTTP/1.1\r\n\r\n"),
            (2, None)
        );
        assert_eq!(
            read(b"POST / HTTP/1.1\r\ntransfer-encoding:chunked\r\n\r\n3\r\n\n\n\n\r\n0\r\nA: b\r\n\r\nGET / HTTP/1.1\r\n\r\n"),
            (2, None)
        );
        assert_eq!(read(b"PUT / HTTP/1.1\r\n\r\n"), (1, None));
        assert_eq!(read(b"PRI * HTTP/1.1\r\n\r\n"), (1, None));
    }

    #[test]
    fn http_2_is_left_alone() {
        let mut framing = Framing::new();
        framing.read(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\n\n\n", &mut |_| {}).unwrap();
        framing.read(b"\n\n bare", &mut |_| {}).unwrap();
        assert!(!framing.is_inside());
    }

    /// Threats section 5: what two readers could read differently.
    #[test]
    fn ambiguous_framing_is_refused() {
        let cases: &[&[u8]] = &[
            b"GET / HTTP/1.1\nHost: a\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\n\r\n",
            b"GET / HTTP/1.1\r\nHost: a\r\n\n",
            b"\nGET / HTTP/1.1\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length : 1\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
            b"POST / HTTP/1.1\r\nContent-Length:                                                            1\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding\t: chunked\r\n\r\n",
            b"GET / HTTP/1.1\r\nA: b\r\n c: d\r\n\r\n",
            b"GET / HTTP/1.1\r\n A: b\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxx\r\n0\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;a=\"b\r\n\"\r\nx\r\n0\r\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\nx\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0x1\r\nx\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\n\r\n",
            b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n A: b\r\n\r\n",
        ];
        for case in cases {
            assert!(refused(case), "{}", case.escape_ascii());
        }
    }

    #[test]
    fn names_that_only_look_alike_are_no_lengths() {
        assert_eq!(read(b"GET / HTTP/1.1\r\nContent-Length-X: 9\r\nX-Content-Length: 9\r\n\r\n"), (1, None));
    }

    #[test]
    fn being_inside_a_message_is_known() {
        let mut framing = Framing::new();
        assert!(!framing.is_inside());
        framing.read(b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\na", &mut |_| {}).unwrap();
        assert!(framing.is_inside());
        framing.read(b"b", &mut |_| {}).unwrap();
        assert!(!framing.is_inside());
    }
}
