//! The web configuration file as it is written: the format of the Prometheus exporter toolkit.

use std::time::Duration;

use crate::base::shape::Entries;
use crate::base::span::Spanned;
use crate::base::{shape, words};

shape! {
    /// How the pages are protected.
    pub struct WebForm {
        /// Encryption of the connections; without it they are plain.
        tls_server_config: optional TlsForm,
        /// What is said over the connections.
        http_server_config: optional HttpForm,
        /// Users and the bcrypt hashes of their passwords; without one everybody is let in.
        basic_auth_users: optional Entries<Spanned<String>>,
        /// How many requests are answered, over all clients.
        rate_limit: optional RateForm,
    }
}

shape! {
    /// Certificates and versions.
    pub struct TlsForm {
        /// The certificate and those between it and its authority, as PEM.
        cert: optional Spanned<String>,
        /// The same in a file.
        cert_file: optional Spanned<String>,
        /// The private key, as PEM.
        key: optional Spanned<String>,
        /// The same in a file.
        key_file: optional Spanned<String>,
        /// Whether clients show certificates, and whether they are verified; default `NoClientCert`.
        client_auth_type: optional Spanned<ClientAuth>,
        /// The authorities of the clients, as PEM.
        client_ca: optional Spanned<String>,
        /// The same in a file.
        client_ca_file: optional Spanned<String>,
        /// Names of which a client's certificate must have one.
        client_allowed_sans: optional Spanned<Vec<String>>,
        /// The oldest version; default `TLS12`, which is also the oldest there is.
        min_version: optional Spanned<Version>,
        /// The newest version; default `TLS13`.
        max_version: optional Spanned<Version>,
        /// Ciphers of TLS 1.2, by their names in Go.
        cipher_suites: optional Spanned<Vec<Spanned<String>>>,
        /// Whether our order of ciphers counts; default true.
        prefer_server_cipher_suites: optional bool,
        /// Curves, in order, by their names in Go.
        curve_preferences: optional Spanned<Vec<Spanned<Curve>>>,
    }
}

shape! {
    /// Protocol and headers.
    pub struct HttpForm {
        /// Taken for the sake of the format; HTTP/1.1 is spoken in either case.
        http2: optional bool,
        /// Headers of every answer.
        headers: optional Entries<Spanned<String>>,
    }
}

shape! {
    /// A bucket of tokens.
    pub struct RateForm {
        /// A token comes back after this time; 0 means no limit.
        interval: required Spanned<Duration>,
        /// Tokens in a full bucket.
        burst: required Spanned<u32>,
    }
}

words! {
    /// What is demanded of clients.
    pub enum ClientAuth {
        /// Nothing.
        No = "NoClientCert",
        /// A certificate is asked for, none is needed, any will do.
        Request = "RequestClientCert",
        /// Any certificate, which nobody verifies.
        Any = "RequireAnyClientCert",
        /// The older name of the same.
        AnyByOldName = "RequireClientCert",
        /// None is needed; one that is shown must be good.
        VerifyIfGiven = "VerifyClientCertIfGiven",
        /// A good certificate.
        Verify = "RequireAndVerifyClientCert",
    }
}

words! {
    /// Versions of TLS.
    pub enum Version {
        /// No longer spoken.
        Tls10 = "TLS10",
        /// No longer spoken.
        Tls11 = "TLS11",
        /// Of 2008.
        Tls12 = "TLS12",
        /// Of 2018.
        Tls13 = "TLS13",
    }
}

words! {
    /// Curves of the key exchange.
    pub enum Curve {
        /// Of NIST, 256 bits.
        P256 = "CurveP256",
        /// Of NIST, 384 bits.
        P384 = "CurveP384",
        /// Of NIST, 521 bits; not available.
        P521 = "CurveP521",
        /// Curve25519.
        X25519 = "X25519",
    }
}
