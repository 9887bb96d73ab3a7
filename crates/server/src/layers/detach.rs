//! Takes the headers of a request out of the buffer that they were read into.
//!
//! Actix keeps 128 heads a worker for later requests, and clears one when it is used again. Until then each header is a
//! slice of the connection's buffer, so that 8 KiB and more stay allocated for a few bytes, long after the connection is
//! gone.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::HeaderValue;

/// Copies what is kept.
pub(crate) fn detach(request: &mut ServiceRequest) {
    request.headers_mut().retain(|_, value| {
        if let Ok(own) = HeaderValue::from_bytes(value.as_bytes()) {
            *value = own;
        }
        true
    });
}

#[cfg(test)]
mod tests {
    use actix_web::http::header;
    use actix_web::test::TestRequest;
    use actix_web::web::Bytes;

    use super::*;

    const SENT: &[u8] = b"e.example gzip br";

    #[test]
    fn no_header_holds_the_buffer_that_it_was_read_into() {
        let read = Bytes::copy_from_slice(SENT);
        let value = |part| HeaderValue::from_maybe_shared(read.slice(part)).unwrap();
        let mut request = TestRequest::default()
            .insert_header((header::HOST, value(0..9)))
            .append_header((header::ACCEPT_ENCODING, value(10..14)))
            .append_header((header::ACCEPT_ENCODING, value(15..17)))
            .to_srv_request();
        assert!(!read.is_unique());

        detach(&mut request);
        assert!(read.is_unique());
        assert_eq!(request.headers().get(header::HOST).unwrap(), "e.example");
        let encodings: Vec<_> = request.headers().get_all(header::ACCEPT_ENCODING).collect();
        assert_eq!(encodings, ["gzip", "br"]);
    }
}
