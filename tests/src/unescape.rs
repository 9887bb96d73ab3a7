//! Undoes the escapes in which a text may carry another, as far as they go: what is not an escape stays as it is.

/// The text itself (named by nothing) and what it becomes by undoing each escape that it has.
pub(crate) fn views(text: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let candidates = [
        ("percent-encoded", rewrite(text, percent)),
        ("form-encoded", rewrite(text, form)),
        ("backslash-escaped", rewrite(text, backslash)),
        ("HTML-escaped", rewrite(text, html)),
        ("quoted-printable", rewrite(text, quoted_printable)),
        ("over several lines", rewrite(text, line_end)),
    ];
    let mut views = vec![("", text.to_vec())];
    views.extend(candidates.into_iter().filter(|(_, view)| view != text));
    views
}

/// What an escape at the start of the rest means, and how many bytes it takes.
type Meaning = (Vec<u8>, usize);

fn rewrite(text: &[u8], escape: fn(&[u8]) -> Option<Meaning>) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.first() {
        let (meaning, taken) = escape(rest).unwrap_or_else(|| (vec![*first], 1));
        out.extend(meaning);
        rest = &rest[taken..];
    }
    out
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    let all = !digits.is_empty() && digits.iter().all(|digit| char::from(*digit).is_digit(radix));
    all.then(|| std::str::from_utf8(digits).ok())
        .flatten()
        .and_then(|digits| u32::from_str_radix(digits, radix).ok())
}

fn utf8(code: u32) -> Option<Vec<u8>> {
    char::from_u32(code).map(|c| c.to_string().into_bytes())
}

fn byte(digits: Option<&[u8]>) -> Option<Vec<u8>> {
    number(digits?, 16)
        .and_then(|value| u8::try_from(value).ok())
        .map(|value| vec![value])
}

/// RFC 3986, section 2.1.
fn percent(rest: &[u8]) -> Option<Meaning> {
    rest.starts_with(b"%")
        .then(|| byte(rest.get(1..3)))
        .flatten()
        .map(|meaning| (meaning, 3))
}

/// The same as browsers send forms: a space is a plus.
fn form(rest: &[u8]) -> Option<Meaning> {
    if rest.starts_with(b"+") {
        Some((b" ".to_vec(), 1))
    } else {
        percent(rest)
    }
}

/// JSON strings (RFC 8259, section 7), JavaScript's and Rust's.
fn backslash(rest: &[u8]) -> Option<Meaning> {
    let (b'\\', kind) = (*rest.first()?, *rest.get(1)?) else {
        return None;
    };
    let simple = |meaning: u8| Some((vec![meaning], 2));
    match kind {
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'b' => simple(8),
        b'f' => simple(12),
        b'0' => simple(0),
        b'\\' | b'/' | b'"' | b'\'' => simple(kind),
        b'x' => byte(rest.get(2..4)).map(|meaning| (meaning, 4)),
        b'u' if rest.get(2) == Some(&b'{') => {
            let length = rest.iter().take(12).position(|byte| *byte == b'}')?;
            Some((utf8(number(&rest[3..length], 16)?)?, length + 1))
        }
        b'u' => {
            let high = number(rest.get(2..6)?, 16)?;
            let low = rest
                .get(6..8)
                .filter(|next| *next == b"\\u")
                .and_then(|_| number(rest.get(8..12)?, 16));
            match (high, low) {
                (0xD800..0xDC00, Some(low @ 0xDC00..0xE000)) => {
                    Some((utf8(0x1_0000 + ((high - 0xD800) << 10) + (low - 0xDC00))?, 12))
                }
                _ => Some((utf8(high)?, 6)),
            }
        }
        _ => None,
    }
}

/// Character references of HTML: by number, and the five names that escapers use.
fn html(rest: &[u8]) -> Option<Meaning> {
    let inner = rest.strip_prefix(b"&")?;
    let length = inner.iter().take(10).position(|byte| *byte == b';')?;
    let meaning = match &inner[..length] {
        b"amp" => vec![b'&'],
        b"lt" => vec![b'<'],
        b"gt" => vec![b'>'],
        b"quot" => vec![b'"'],
        b"apos" => vec![b'\''],
        [b'#', b'x' | b'X', digits @ ..] => utf8(number(digits, 16)?)?,
        [b'#', digits @ ..] => utf8(number(digits, 10)?)?,
        _ => return None,
    };
    Some((meaning, length + 2))
}

/// RFC 2045, section 6.7: bytes by number, and lines that go on.
fn quoted_printable(rest: &[u8]) -> Option<Meaning> {
    if rest.starts_with(b"=\r\n") {
        Some((Vec::new(), 3))
    } else if rest.starts_with(b"=\n") {
        Some((Vec::new(), 2))
    } else {
        rest.starts_with(b"=")
            .then(|| byte(rest.get(1..3)))
            .flatten()
            .map(|meaning| (meaning, 3))
    }
}

/// Base64 in mails, certificates and LDIF goes over several lines, there with a space at the start of each.
fn line_end(rest: &[u8]) -> Option<Meaning> {
    let end = [b"\r\n".as_slice(), b"\n"]
        .into_iter()
        .find(|end| rest.starts_with(end))?;
    Some((
        Vec::new(),
        end.len() + usize::from(rest.get(end.len()) == Some(&b' ')),
    ))
}
