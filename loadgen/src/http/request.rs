//! The request, whose bytes are made before anything is measured.

use std::net::SocketAddr;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// `GET`, or any other but `CONNECT`.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// More header lines, names and values.
    pub headers: Vec<(String, String)>,
    /// What is sent behind the head; its `Content-Length` is stated where there is one.
    pub body: Option<Vec<u8>>,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            headers: Vec::new(),
            body: None,
        }
    }
}

impl Request {
    /// Adds a header line that was written as `K: V`.
    ///
    /// # Errors
    /// A message that quotes the line and names the accepted form.
    pub fn parse_header(text: &str) -> Result<(String, String), String> {
        let bad = || format!("'{text}' is no header line; write it as 'K: V'");
        let (name, value) = text.split_once(':').ok_or_else(bad)?;
        if !is_token(name) || !value.bytes().all(|byte| byte == b'\t' || byte >= b' ' && byte != 0x7f) {
            return Err(bad());
        }
        Ok((name.to_owned(), value.trim().to_owned()))
    }

    /// Takes a path that can stand in a request line.
    ///
    /// # Errors
    /// A message that quotes the path and names the accepted form.
    pub fn parse_path(text: &str) -> Result<String, String> {
        if text.starts_with('/') && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(text.to_owned());
        }
        Err(format!(
            "'{text}' is no path; write it as /index.html?key=value, with anything but plain ASCII as %XX"
        ))
    }

    /// Takes a method, of which all are possible whose replies have a body or none.
    ///
    /// # Errors
    /// A message that quotes the method and names the accepted form.
    pub fn parse_method(text: &str) -> Result<String, String> {
        if is_token(text) && text != "CONNECT" {
            return Ok(text.to_owned());
        }
        Err(format!("'{text}' is no method; write it as GET, HEAD or POST"))
    }

    /// Whether its reply has a head and nothing else, whatever length that states.
    #[must_use]
    pub fn is_head(&self) -> bool {
        self.method == "HEAD"
    }

    /// Its bytes, for the server at `target`.
    #[must_use]
    pub fn bytes(&self, target: SocketAddr) -> Vec<u8> {
        let has = |name: &str| self.headers.iter().any(|(given, _)| given.eq_ignore_ascii_case(name));
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.path);
        if !has("host") {
            head += &format!("Host: {target}\r\n");
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = &self.body
            && !has("content-length")
        {
            head += &format!("Content-Length: {}\r\n", body.len());
        }
        let mut bytes = (head + "\r\n").into_bytes();
        bytes.extend_from_slice(self.body.as_deref().unwrap_or_default());
        bytes
    }

    /// The same request, that asks a server of the contract for none of its work.
    #[must_use]
    pub fn without_work(&self) -> Self {
        let mut headers = self.headers.clone();
        headers.push(("X-Work".to_owned(), "0".to_owned()));
        Self {
            headers,
            ..self.clone()
        }
    }
}

/// What RFC 9110 §5.6.2 calls so: methods and names of header lines are such.
fn is_token(text: &str) -> bool {
    let stands = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(stands)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(request: &Request) -> String {
        String::from_utf8(request.bytes("127.0.0.1:80".parse().unwrap())).unwrap()
    }

    #[test]
    fn a_request_says_where_it_goes_and_how_long_it_is() {
        assert_eq!(
            text(&Request::default()),
            "GET / HTTP/1.1\r\nHost: 127.0.0.1:80\r\n\r\n"
        );
        let post = Request {
            method: "POST".to_owned(),
            path: "/a?b".to_owned(),
            headers: vec![
                Request::parse_header("HOST: example.org").unwrap(),
                Request::parse_header("accept:*/*").unwrap(),
            ],
            body: Some(b"abc".to_vec()),
        };
        assert_eq!(
            text(&post),
            "POST /a?b HTTP/1.1\r\nHOST: example.org\r\naccept: */*\r\nContent-Length: 3\r\n\r\nabc"
        );
        assert!(text(&post.without_work()).contains("\r\nX-Work: 0\r\n"));
    }

    #[test]
    fn what_would_be_another_request_is_refused() {
        for header in ["", "a", ": b", "a b: c", "a: b\r\nc: d", "a: b\nc: d"] {
            assert!(Request::parse_header(header).is_err(), "{header:?}");
        }
        for path in ["", "index.html", "/a b", "/a\r\n", "/ä", "*"] {
            assert!(Request::parse_path(path).is_err(), "{path:?}");
        }
        for method in ["", "GE T", "GET\r\n", "CONNECT"] {
            assert!(Request::parse_method(method).is_err(), "{method:?}");
        }
        assert_eq!(Request::parse_method("BREW"), Ok("BREW".to_owned()));
    }
}
