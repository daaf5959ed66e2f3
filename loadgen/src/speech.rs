//! The flags that say what is sent and what must come back.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use loadgen::ask::{self, Check, End, Patience};
use loadgen::http::Request;
use loadgen::units::{grouped, parse_bytes};
use loadgen::{Bytes, Ending, Exchange, Expected, LARGEST_MESSAGE, Protocol, SMALLEST_REPLY, SMALLEST_REQUEST};

/// What is said.
#[derive(Args, Debug)]
pub(crate) struct Speech {
    /// What the server speaks [default: echo, or what --path or --request-file imply]
    #[arg(long, value_enum)]
    protocol: Option<Protocol>,
    /// Size of a request under `echo` and `reply` (at least 16) [default: 64]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    request_bytes: Option<u64>,
    /// Size of a reply under `reply` (at least 8), or to --request-file [default: 16 under `reply`]
    #[arg(long, value_name = "BYTES", value_parser = parse_bytes)]
    reply_bytes: Option<u64>,
    /// What is asked for, path and query; implies --protocol http [default: /]
    #[arg(long, value_name = "PATH", value_parser = Request::parse_path, help_heading = "HTTP")]
    path: Option<String>,
    /// The request's method [default: GET, with --body-file POST]
    #[arg(long, value_name = "NAME", value_parser = Request::parse_method, help_heading = "HTTP")]
    method: Option<String>,
    /// A header line, as 'K: V' (repeatable); Host is the target without one
    #[arg(long, value_name = "'K: V'", value_parser = Request::parse_header, help_heading = "HTTP")]
    header: Vec<(String, String)>,
    /// What is sent behind the head
    #[arg(long, value_name = "FILE", help_heading = "HTTP")]
    body_file: Option<PathBuf>,
    /// The status that replies must have [default: that of the first reply, if it is below 400]
    #[arg(long, value_name = "CODE", value_parser = clap::value_parser!(u16).range(200..=999), help_heading = "HTTP")]
    expect_status: Option<u16>,
    /// What of a reply must be as in the first one [default: body where two replies before the load were alike, else
    /// length]
    #[arg(long, value_enum, help_heading = "HTTP")]
    check: Option<Check>,
    /// Send the bytes of this file as the request, in whatever protocol they are; needs --reply-bytes or --reply-until
    #[arg(long, value_name = "FILE", help_heading = "Any other protocol")]
    request_file: Option<PathBuf>,
    /// Bytes with which a reply ends; \r \n \t \0 \\ and \xNN stand for those that are hard to type
    #[arg(long, value_name = "BYTES", value_parser = Ending::parse, help_heading = "Any other protocol")]
    reply_until: Option<Ending>,
}

impl Speech {
    /// What is spoken.
    pub(crate) fn protocol(&self) -> Protocol {
        match self.protocol {
            _ if self.request_file.is_some() => Protocol::Raw,
            Some(protocol) => protocol,
            None if self.http_flag().is_some() => Protocol::Http,
            None => Protocol::Echo,
        }
    }

    /// Size of a request that has a tag.
    pub(crate) fn request_bytes(&self) -> u64 {
        self.request_bytes.unwrap_or(64)
    }

    /// Size of a reply under [`Protocol::Reply`].
    pub(crate) fn reply_bytes(&self) -> u64 {
        self.reply_bytes.unwrap_or(16)
    }

    /// A flag of HTTP that was given.
    fn http_flag(&self) -> Option<&'static str> {
        let given = [
            ("--path", self.path.is_some()),
            ("--method", self.method.is_some()),
            ("--header", !self.header.is_empty()),
            ("--body-file", self.body_file.is_some()),
            ("--expect-status", self.expect_status.is_some()),
            ("--check", self.check.is_some()),
        ];
        given.into_iter().find(|&(_, given)| given).map(|(flag, _)| flag)
    }

    /// What is wrong with these flags, if anything is; `slow_every` is another one.
    pub(crate) fn mistake(&self, slow_every: u64) -> Option<String> {
        let protocol = self.protocol();
        if let (Some(given), true) = (self.protocol, protocol == Protocol::Raw) {
            let given = given.name();
            return Some(format!(
                "--request-file says what is sent, and so does --protocol {given}; give one of them"
            ));
        }
        if let (Some(flag), true) = (self.http_flag(), protocol != Protocol::Http) {
            return Some(format!("{flag} belongs to --protocol http, not to {}", protocol.name()));
        }
        if self.request_bytes.is_some() && matches!(protocol, Protocol::Http | Protocol::Raw) {
            return Some(format!(
                "--request-bytes belongs to echo and reply, not to {}",
                protocol.name()
            ));
        }
        if self.reply_bytes.is_some() && protocol == Protocol::Http {
            return Some(
                "--reply-bytes belongs to reply and --request-file; a reply of HTTP says its length".to_owned(),
            );
        }
        if self.reply_until.is_some() && protocol != Protocol::Raw {
            return Some("--reply-until belongs to --request-file".to_owned());
        }
        if protocol == Protocol::Raw {
            if self.reply_bytes.is_some() == self.reply_until.is_some() {
                return Some(
                    "--request-file needs either --reply-bytes N or --reply-until BYTES, to know where a reply ends"
                        .to_owned(),
                );
            }
            if slow_every > 1 {
                return Some(
                    "--slow-every belongs to echo, reply and http; every request of a file is the same".to_owned(),
                );
            }
        }
        let least = if protocol == Protocol::Raw { 1 } else { SMALLEST_REPLY };
        let bounds = [
            ("--request-bytes", self.request_bytes(), SMALLEST_REQUEST),
            ("--reply-bytes", self.reply_bytes(), least),
        ];
        let (flag, given, least) = bounds
            .into_iter()
            .find(|&(_, given, least)| !(least..=LARGEST_MESSAGE).contains(&given))?;
        let most = grouped(LARGEST_MESSAGE);
        Some(format!("{flag} {given}: from {least} to {most} are possible"))
    }

    /// Asks the server once, where what a reply must be is not known beforehand.
    ///
    /// # Errors
    /// When a file cannot be read, or no reply comes that others can be held against.
    pub(crate) fn exchange(&self, target: SocketAddr, patience: Patience) -> Result<Option<Exchange>> {
        match self.protocol() {
            Protocol::Echo | Protocol::Reply => Ok(None),
            Protocol::Http => {
                let request = self.request()?;
                let expected = ask::http(target, &request, self.expect_status, self.check, patience)?;
                Ok(Some(Exchange::http(&request, target, expected)))
            }
            Protocol::Raw => {
                let file = self.request_file.as_deref().context("no --request-file")?;
                let request = read(file, "--request-file")?;
                let end = match &self.reply_until {
                    Some(Ending(bytes)) => End::With(bytes.clone()),
                    None => End::After(self.reply_bytes()),
                };
                let reply = ask::raw(target, &request, &end, patience)?;
                Ok(Some(Exchange {
                    without_work: Bytes::default(),
                    request: Bytes(request),
                    expected: Expected::Bytes(reply),
                }))
            }
        }
    }

    fn request(&self) -> Result<Request> {
        let body = self.body_file.as_deref();
        let body = body.map(|file| read(file, "--body-file")).transpose()?;
        let method = if body.is_some() { "POST" } else { "GET" };
        Ok(Request {
            method: self.method.as_deref().unwrap_or(method).to_owned(),
            path: self.path.as_deref().unwrap_or("/").to_owned(),
            headers: self.header.clone(),
            body,
        })
    }

    /// What is sent, in words.
    pub(crate) fn sent(&self, exchange: Option<&Exchange>) -> String {
        let bytes = exchange.map_or(self.request_bytes(), |exchange| exchange.request.0.len() as u64);
        format!("{} requests of {bytes} B", self.protocol().name())
    }

    /// What must come back, in words, where the first reply has told.
    pub(crate) fn expected(exchange: &Exchange) -> String {
        match &exchange.expected {
            Expected::Bytes(reply) => format!("{} bytes, as in the first reply", reply.0.len()),
            Expected::Http(reply) => format!("{}, as in the first reply", reply.words()),
        }
    }
}

fn read(file: &Path, flag: &str) -> Result<Vec<u8>> {
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {flag} '{}'", file.display()))?;
    let most = LARGEST_MESSAGE as usize;
    anyhow::ensure!(bytes.len() <= most, "{flag} '{}' has more than 16 MiB", file.display());
    anyhow::ensure!(
        flag == "--body-file" || !bytes.is_empty(),
        "{flag} '{}' is empty",
        file.display()
    );
    Ok(bytes)
}
