//! What a form sent, read so that secrets in it are wiped: no framework type keeps a copy, nothing can be printed.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{Error, FromRequest, HttpRequest};
use server::{Reason, Refused};
use zeroize::{Zeroize as _, Zeroizing};

const MEDIA_TYPE: &str = "application/x-www-form-urlencoded";
/// Our largest form has six fields.
const MOST_FIELDS: usize = 16;

/// The fields of a form (`application/x-www-form-urlencoded`, WHATWG URL section 5.1), strictly UTF-8, each once.
/// No `Debug` on purpose.
pub(crate) struct Form {
    fields: Vec<(Zeroizing<String>, Zeroizing<String>)>,
}

impl Form {
    /// Reads a body; `None` if it is no form.
    fn parse(body: &[u8]) -> Option<Self> {
        let mut form = Self { fields: Vec::new() };
        for pair in body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            let equals = pair.iter().position(|byte| *byte == b'=');
            let (name, value) = equals.map_or((pair, &[][..]), |at| (&pair[..at], &pair[at + 1..]));
            let name = decode(name)?;
            if form.get(&name).is_some() || form.fields.len() == MOST_FIELDS {
                return None;
            }
            form.fields.push((name, decode(value)?));
        }
        Some(form)
    }

    /// The value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let field = self.fields.iter().find(|(own, _)| own.as_str() == name);
        field.map(|(_, value)| value.as_str())
    }

    /// The value of a field that somebody typed, without the spaces around it; empty if it is not there.
    pub(crate) fn typed(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default().trim()
    }

    /// The value of a hidden field that every page of ours has.
    ///
    /// # Errors
    /// `Malformed` if it is missing.
    pub(crate) fn hidden(&self, name: &str) -> Result<&str, Refused> {
        self.get(name).ok_or(Refused(Reason::Malformed))
    }
}

/// `+` is a space, `%xx` a byte; the rest stands for itself.
fn decode(text: &[u8]) -> Option<Zeroizing<String>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => hex(*rest.next()?)? << 4 | hex(*rest.next()?)?,
            byte => *byte,
        });
    }
    std::str::from_utf8(&bytes)
        .ok()
        .map(|text| Zeroizing::new(text.to_owned()))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

impl FromRequest for Form {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let essence = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim());
        let is_form = essence.is_some_and(|kind| kind.eq_ignore_ascii_case(MEDIA_TYPE));
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            if !is_form {
                return Err(Refused(Reason::WrongKind).into());
            }
            let body = body.await?;
            let form = Self::parse(&body);
            wipe(body);
            form.ok_or_else(|| Refused(Reason::Malformed).into())
        })
    }
}

/// The collected body is ours alone, so it can be wiped. The network's read buffer cannot; SECURITY.md says so.
fn wipe(body: Bytes) {
    if let Ok(mut body) = body.try_into_mut() {
        body.as_mut().zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_out_as_they_were_typed() {
        let form = Form::parse("new=p%C3%A4ss+w%2Brd%26&code=+12+&empty=&bare".as_bytes()).unwrap();
        assert_eq!(form.get("new"), Some("päss w+rd&"));
        assert_eq!(form.typed("code"), "12");
        assert_eq!(
            (form.get("empty"), form.get("bare"), form.get("none")),
            (Some(""), Some(""), None)
        );
        assert!(form.hidden("none").is_err());
    }

    #[test]
    fn what_is_no_form_is_refused() {
        for body in [&b"a=%ff"[..], b"a=%C3", b"a=%zz", b"a=%4", b"\xff=1", b"a=1&a=2"] {
            assert!(Form::parse(body).is_none(), "{body:?}");
        }
        let many: Vec<String> = (0..=MOST_FIELDS).map(|n| format!("f{n}=1")).collect();
        assert!(Form::parse(many.join("&").as_bytes()).is_none());
    }
}
