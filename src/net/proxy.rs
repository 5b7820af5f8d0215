//! The way through an HTTP proxy: a tunnel by `CONNECT`, or absolute URLs for plain HTTP.

use std::net::Ipv6Addr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use url::Url;
use zeroize::Zeroizing;

use super::connect;
use super::network::NetworkError;
use crate::base::secret::Secret;
use crate::model::authority::WebOrigin;
use crate::model::failure::{Failure, FailureKind};

/// Where the proxy is and how it knows us. Its password is in [`Self::authorization`] alone.
pub struct Proxy {
    /// Lower case; IPv6 addresses without brackets.
    pub host: String,
    pub port: u16,
    /// `Basic …`, marked as sensitive.
    pub authorization: Option<HeaderValue>,
}

impl Proxy {
    /// Reads `http://[user:password@]host:port`.
    ///
    /// # Errors
    /// Something else. The message does not quote it, since it may hold a password.
    pub fn parse(url: &Secret) -> Result<Self, NetworkError> {
        let wrong =
            |what| NetworkError::new("proxy", format!("`proxy` {what}; write `http://[user:password@]host:port`"));
        let url = Url::parse(url.expose()).map_err(|_| wrong("is not a URL"))?;
        if url.scheme() != "http" {
            return Err(wrong("is reached by `http` only"));
        }
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("has no path, query or fragment"));
        }
        let origin =
            WebOrigin::of(&url).filter(|origin| !origin.host.is_empty()).ok_or_else(|| wrong("has no host"))?;
        let authorization = authorization(&url).map_err(|()| wrong("has a user or password that cannot be sent"))?;
        Ok(Self { host: origin.host, port: origin.port, authorization })
    }

    /// Asks for a tunnel to the origin over a connection to the proxy.
    ///
    /// # Errors
    /// `proxy-failed`, without a phase: it refuses, answers nonsense or closes.
    pub async fn tunnel(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        to: &WebOrigin,
    ) -> Result<(), Failure> {
        let broken = |error: std::io::Error| self.failure(&format!("broke off: {}", connect::words(&error)));
        stream.write_all(self.request(to).as_bytes()).await.map_err(broken)?;
        let mut head = Vec::new();
        let mut part = vec![0; 1024];
        while !is_complete(&head) {
            if head.len() >= HEAD_MAX {
                return Err(self.failure(&format!("answers with a head of more than {HEAD_MAX} bytes")));
            }
            let room = part.len().min(HEAD_MAX - head.len());
            let length = stream.read(&mut part[..room]).await.map_err(broken)?;
            if length == 0 {
                return Err(self.failure("closed the connection before it answered"));
            }
            head.extend_from_slice(&part[..length]);
        }
        match status(&head) {
            Some(200..=299) if head.ends_with(END) => Ok(()),
            // Whoever talks first in a tunnel to a TLS server is not that server.
            Some(200..=299) => Err(self.failure("sends data before the tunnel is used")),
            Some(407) if self.authorization.is_none() => Err(self.failure("answers 407: it wants a user and password")),
            Some(status) => Err(self.failure(&format!("answers {status} to CONNECT {}", authority(to)))),
            None => Err(self.failure("answers with something that is not HTTP")),
        }
    }

    /// A failure of the proxy itself, which is the operator's.
    #[must_use]
    pub fn failure(&self, what: &str) -> Failure {
        Failure::new(FailureKind::ProxyFailed, format!("proxy {}:{} {what}", bracketed(&self.host), self.port))
    }

    fn request(&self, to: &WebOrigin) -> Zeroizing<String> {
        let to = authority(to);
        let mut request = Zeroizing::new(format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n"));
        if let Some(value) = self.authorization.as_ref().and_then(|value| value.to_str().ok()) {
            request.push_str("Proxy-Authorization: ");
            request.push_str(value);
            request.push_str("\r\n");
        }
        request.push_str("\r\n");
        request
    }
}

// ---------------------------------------------------------------------------------------------

/// Larger heads than servers accept from clients; a proxy has no reason for more.
const HEAD_MAX: usize = 16 * 1024;

const END: &[u8] = b"\r\n\r\n";

fn is_complete(head: &[u8]) -> bool {
    head.windows(END.len()).any(|window| window == END)
}

fn status(head: &[u8]) -> Option<u16> {
    let line = head.strip_prefix(b"HTTP/1.")?;
    let digits = line.get(2..5).filter(|digits| digits.iter().all(u8::is_ascii_digit))?;
    let ends = matches!(line.get(5), Some(b' ' | b'\r'));
    (line.get(1) == Some(&b' ') && ends).then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}

fn authority(origin: &WebOrigin) -> String {
    format!("{}:{}", bracketed(&origin.host), origin.port)
}

fn bracketed(host: &str) -> String {
    if host.parse::<Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() }
}

/// RFC 7617, with the user and password as the URL means them; none if it has none.
///
/// # Errors
/// The user's name has a colon, which no such header can carry.
#[expect(clippy::result_unit_err, reason = "there is one way in which it cannot be written")]
pub fn authorization(url: &Url) -> Result<Option<HeaderValue>, ()> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let user = percent_decoded(url.username());
    // What follows the first colon would be taken for the password.
    if user.contains(&b':') {
        return Err(());
    }
    let password = percent_decoded(url.password().unwrap_or_default());
    let credentials = Zeroizing::new([user.as_slice(), b":", password.as_slice()].concat());
    let value = Zeroizing::new(format!("Basic {}", STANDARD.encode(&credentials)));
    let mut value = HeaderValue::from_str(&value).map_err(|_| ())?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn percent_decoded(text: &str) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        let encoded = code.and_then(|digits| u8::from_str_radix(digits, 16).ok()).filter(|_| *first == b'%');
        bytes.push(encoded.unwrap_or(*first));
        rest = if encoded.is_some() { &after[2..] } else { after };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_from_its_url() {
        for (url, expected) in [
            ("http://proxy.example:3128", Ok(("proxy.example", 3128, None))),
            ("http://Proxy.Example/", Ok(("proxy.example", 80, None))),
            ("http://[fd00::1]:3128", Ok(("fd00::1", 3128, None))),
            ("http://u:p%40ss%3A%2B@h:1", Ok(("h", 1, Some("Basic dTpwQHNzOis=")))),
            ("http://u@h:1", Ok(("h", 1, Some("Basic dTo=")))),
            ("https://u:hunter2@h:1", Err("`http` only")),
            ("http://u:hunter2@h:1/path", Err("no path")),
            ("socks5://u:hunter2@h:1", Err("`http` only")),
            ("u:hunter2@h:1", Err("`http` only")),
            ("http://u:hunter2@h:port", Err("not a URL")),
            ("http://u%3Av:hunter2@h:1", Err("cannot be sent")),
        ] {
            match (Proxy::parse(&Secret::new(url)), expected) {
                (Ok(proxy), Ok((host, port, authorization))) => {
                    let sent = proxy.authorization.as_ref().map(|value| value.to_str().expect("text"));
                    assert_eq!((proxy.host.as_str(), proxy.port, sent), (host, port, authorization), "{url}");
                    assert!(proxy.authorization.is_none_or(|value| value.is_sensitive()));
                }
                (Err(error), Err(part)) => {
                    assert_eq!(error.key, "proxy");
                    assert!(error.message.contains(part), "{url}: {}", error.message);
                    assert!(!error.message.contains("hunter2"), "{}", error.message);
                }
                (Ok(_), Err(_)) => panic!("{url} was accepted"),
                (Err(error), Ok(_)) => panic!("{url}: {}", error.message),
            }
        }
    }

    #[test]
    fn only_a_status_line_has_a_status() {
        for (head, expected) in [
            ("HTTP/1.1 200 OK\r\n", Some(200)),
            ("HTTP/1.0 407\r\n", Some(407)),
            ("HTTP/1.1 2000 OK\r\n", None),
            ("HTTP/1.1 20", None),
            ("HTTP/2 200\r\n", None),
            ("SSH-2.0-x\r\n", None),
            ("", None),
        ] {
            assert_eq!(status(head.as_bytes()), expected, "{head}");
        }
    }
}
