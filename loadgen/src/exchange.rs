//! An exchange: the request and its reply where the server's protocol is not ours to shape. Every request is the same,
//! and so must every reply be.

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::http::Request;

/// Bytes, in JSON as base64.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes(pub Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(Self).map_err(serde::de::Error::custom)
    }
}

/// A request, and what must come of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// What is sent.
    pub request: Bytes,
    /// What is sent instead where a request is to ask for none of the server's work.
    pub without_work: Bytes,
    /// What must come back.
    pub expected: Expected,
}

impl Exchange {
    /// That of `request` to `target`.
    #[must_use]
    pub fn http(request: &Request, target: SocketAddr, expected: ExpectedHttp) -> Self {
        Self {
            request: Bytes(request.bytes(target)),
            without_work: Bytes(request.without_work().bytes(target)),
            expected: Expected::Http(expected),
        }
    }
}

/// What every reply must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// These bytes.
    Bytes(Bytes),
    /// A reply of HTTP/1.1.
    Http(ExpectedHttp),
}

/// What a reply of HTTP/1.1 must be. Header lines may differ: one has the date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectedHttp {
    /// Its status.
    pub status: u16,
    /// The length of its body, where that matters.
    pub length: Option<u64>,
    /// Its body, where that matters.
    pub body: Option<Bytes>,
    /// Whether it has no body whatever its head says: the request is a HEAD.
    pub bare: bool,
}

impl ExpectedHttp {
    /// Whether a body may go on with `part` behind `at` bytes.
    pub(crate) fn goes_on(&self, at: u64, part: &[u8]) -> bool {
        match &self.body {
            Some(Bytes(body)) => body.get(at as usize..).is_some_and(|rest| rest.starts_with(part)),
            None => self.length.is_none_or(|length| at + part.len() as u64 <= length),
        }
    }

    /// Whether a body of `length` bytes is all that it must be.
    pub(crate) fn ends_at(&self, length: u64) -> bool {
        self.length.is_none_or(|expected| expected == length)
    }

    /// What is held against the first reply, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let status = format!("status {}", self.status);
        match (&self.body, self.length) {
            (_, Some(0)) => format!("{status}, no body"),
            (Some(_), Some(length)) => format!("{status}, {length} bytes of body, byte for byte"),
            (_, Some(length)) => format!("{status}, {length} bytes of body"),
            (_, None) => format!("{status}, any body"),
        }
    }
}
