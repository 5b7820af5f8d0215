//! `network`: how hosts are reached from this installation, as written and as the dialler wants it.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

use super::rules;
use super::secret::{SecretText, held_at};
use crate::base::secret::Secret;
use crate::base::shape;
use crate::base::shape::{Entries, Reader, Schemas, Shape};
use crate::base::span::Spanned;
use crate::base::yaml::{Node, Tree};
use crate::net::network::{ClientIdentity, IpChoice, Resolver, Settings, TlsVersion};

shape! {
    /// How hosts are reached from here.
    pub struct NetworkForm {
        /// A file with certificate authorities in PEM; they replace the system's.
        ca: optional Spanned<String>,
        /// Our certificate: `file:PATH` or `env:NAME`, PEM.
        client_cert: optional Spanned<SecretText> as "client-cert",
        /// Its key: `file:PATH` or `env:NAME`, PEM.
        client_key: optional Spanned<SecretText> as "client-key",
        /// `http://host:port` of a proxy, or where a URL with user and password is held: `env:NAME`, `file:PATH`.
        proxy: optional Spanned<String>,
        /// `system`, or the address of a name server.
        resolver: optional ResolverChoice,
        /// Addresses of `host:port`, before any look-up.
        resolve: optional Entries<Spanned<String>>,
        /// A Unix socket to connect to instead.
        socket: optional Spanned<String>,
        /// Lowest TLS version: 1.2 or 1.3.
        tls_min: optional TlsChoice as "tls-min",
        /// Highest TLS version: 1.2 or 1.3.
        tls_max: optional TlsChoice as "tls-max",
        /// Public keys that are accepted: SHA-256 of the SPKI, base64 or hexadecimal.
        pin: optional Vec<Spanned<String>>,
        /// 4 or 6: only such addresses.
        ip: optional IpVersion,
        /// Certificates are not verified; every report says so.
        insecure: optional bool,
    }
}

#[derive(Clone, Copy, Debug)]
pub struct ResolverChoice(pub Resolver);

impl Shape for ResolverChoice {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        let text = node.as_text().map_or("", |text| text.text.as_str());
        let address = || {
            let with_port = text.parse::<SocketAddr>();
            with_port.or_else(|_| text.parse::<IpAddr>().map(|address| SocketAddr::new(address, 53))).ok()
        };
        let choice = if text == "system" { Some(Resolver::System) } else { address().map(Resolver::Server) };
        if choice.is_none() {
            reader.wrong_kind(node, "`system` or the address of a name server, such as `192.0.2.53`");
        }
        choice.map(Self)
    }

    fn schema(_: &mut Schemas) -> Json {
        serde_json::json!({ "type": "string" })
    }
}

#[derive(Clone, Copy, Debug)]
pub struct TlsChoice(pub TlsVersion);

impl Shape for TlsChoice {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match scalar(node).as_str() {
            "1.2" => Some(Self(TlsVersion::Tls12)),
            "1.3" => Some(Self(TlsVersion::Tls13)),
            _ => {
                reader.wrong_kind(node, "a TLS version: `1.2` or `1.3`");
                None
            }
        }
    }

    fn schema(_: &mut Schemas) -> Json {
        serde_json::json!({ "enum": [1.2, 1.3, "1.2", "1.3"] })
    }
}

#[derive(Clone, Copy, Debug)]
pub struct IpVersion(pub IpChoice);

impl Shape for IpVersion {
    fn read(node: &Node, reader: &mut Reader) -> Option<Self> {
        match scalar(node).as_str() {
            "4" => Some(Self(IpChoice::V4)),
            "6" => Some(Self(IpChoice::V6)),
            _ => {
                reader.wrong_kind(node, "4 or 6");
                None
            }
        }
    }

    fn schema(_: &mut Schemas) -> Json {
        serde_json::json!({ "enum": [4, 6, "4", "6"] })
    }
}

fn scalar(node: &Node) -> String {
    match &node.tree {
        Tree::Text(text) => text.text.clone(),
        Tree::Number(number) => number.to_string(),
        _ => String::new(),
    }
}

impl NetworkForm {
    /// Lays these settings over others, reading the files they name; relative paths are read from `directory`.
    /// What cannot be used is reported and left out.
    pub fn lay_over(&self, settings: &mut Settings, directory: &Path, reader: &mut Reader) {
        if let Some(ca) = &self.ca {
            let read = std::fs::read(directory.join(&ca.value));
            settings.ca = read.map_err(|error| unusable(reader, "ca", ca, &error.to_string())).ok();
        }
        self.client_identity(settings, directory, reader);
        if let Some(proxy) = &self.proxy {
            settings.proxy = match SecretText::parse(&proxy.value) {
                Some(held) => held_at(&held.source(directory))
                    .map(Secret::new)
                    .map_err(|why| unusable(reader, "proxy", proxy, &why))
                    .ok(),
                None => Some(Secret::new(proxy.value.clone())),
            };
        }
        if let Some(resolver) = self.resolver {
            settings.resolver = resolver.0;
        }
        for (place, address) in self.resolve.iter().flat_map(|resolve| &resolve.0) {
            let port = place.value.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
            match (port, address.value.parse::<IpAddr>()) {
                (Some((host, port)), Ok(address)) => {
                    let host = host.trim_matches(['[', ']']).to_ascii_lowercase();
                    settings.resolve.retain(|(known, at, _)| *known != host || *at != port);
                    settings.resolve.push((host, port, address));
                }
                (None, _) => {
                    let message = format!("`{}` is not `host:port`", place.value);
                    reader.report(&rules::NETWORK, place.span, message);
                }
                (_, Err(_)) => {
                    let message = format!("`{}` is not an address", address.value);
                    reader.report(&rules::NETWORK, address.span, message);
                }
            }
        }
        if let Some(socket) = &self.socket {
            settings.socket = Some(directory.join(&socket.value));
        }
        settings.tls_min = self.tls_min.map(|version| version.0).or(settings.tls_min);
        settings.tls_max = self.tls_max.map(|version| version.0).or(settings.tls_max);
        if self.pin.is_some() {
            // Pins of one host are not widened by those of the rest.
            settings.pin.clear();
        }
        for pin in self.pin.iter().flatten() {
            if let Some(digest) = spki_digest(&pin.value) {
                settings.pin.push(digest);
            } else {
                let message = format!("`{}` is not the SHA-256 of a public key", pin.value);
                reader.report(&rules::NETWORK, pin.span, message).help =
                    Some("write 64 hexadecimal digits, or base64 as in `sha256/…=`".to_owned());
            }
        }
        if let Some(ip) = self.ip {
            settings.ip = ip.0;
        }
        settings.insecure = self.insecure.unwrap_or(settings.insecure);
    }

    fn client_identity(&self, settings: &mut Settings, directory: &Path, reader: &mut Reader) {
        let (certificate, key) = match (&self.client_cert, &self.client_key) {
            (None, None) => return,
            (Some(certificate), Some(key)) => (certificate, key),
            (Some(one), None) | (None, Some(one)) => {
                reader.report(&rules::NETWORK, one.span, "`client-cert` and `client-key` go together");
                return;
            }
        };
        let read = |held: &Spanned<SecretText>, name: &str, reader: &mut Reader| {
            held_at(&held.value.source(directory))
                .map_err(|why| {
                    reader.report(&rules::NETWORK, held.span, format!("`{name}` cannot be read: {why}"));
                })
                .ok()
        };
        let (certificate, key) = (read(certificate, "client-cert", reader), read(key, "client-key", reader));
        if let (Some(certificate), Some(key)) = (certificate, key) {
            settings.client = Some(ClientIdentity { certificates: certificate.into_bytes(), key: Secret::new(key) });
        }
    }
}

fn unusable(reader: &mut Reader, key: &str, written: &Spanned<String>, why: &str) {
    reader.report(&rules::NETWORK, written.span, format!("`{key}` cannot be read: {why}"));
}

fn spki_digest(text: &str) -> Option<[u8; 32]> {
    let text = text.strip_prefix("sha256/").or_else(|| text.strip_prefix("sha256:")).unwrap_or(text);
    if text.len() == 64 && text.is_ascii() {
        let bytes = (0..64).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).ok());
        return bytes.collect::<Option<Vec<_>>>()?.try_into().ok();
    }
    STANDARD.decode(text).ok()?.try_into().ok()
}
