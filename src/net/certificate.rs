//! The facts of a certificate that people and expectations ask for, read from its DER form.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer as _;
use x509_parser::time::ASN1Time;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::base::time::Timestamp;
use crate::model::observation::Certificate;
use crate::model::value::hexadecimal;

/// Reads a certificate; none if it does not parse. What a peer sends here is hostile until verified.
#[must_use]
pub fn read(der: &[u8]) -> Option<Certificate> {
    let certificate = parse(der)?;
    Some(Certificate {
        subject: name_text(certificate.subject()),
        issuer: name_text(certificate.issuer()),
        serial: serial_text(certificate.raw_serial()),
        not_before: timestamp(certificate.validity().not_before),
        not_after: timestamp(certificate.validity().not_after),
        names: alternative_names(&certificate),
        sha256: hexadecimal(&Sha256::digest(der)),
        pem: pem_text(der),
    })
}

/// SHA-256 of the public key with its algorithm (SPKI), as pins are written; none if it does not parse.
#[must_use]
pub fn public_key_sha256(der: &[u8]) -> Option<[u8; 32]> {
    Some(Sha256::digest(parse(der)?.public_key().raw).into())
}

/// Whether a certificate names itself as its issuer.
#[must_use]
pub fn is_self_issued(der: &[u8]) -> bool {
    parse(der).is_some_and(|certificate| certificate.subject().as_raw() == certificate.issuer().as_raw())
}

// ---------------------------------------------------------------------------------------------

fn parse(der: &[u8]) -> Option<X509Certificate<'_>> {
    X509Certificate::from_der(der).ok().map(|(_, certificate)| certificate)
}

/// The text form of RFC 4514: the last part first, special characters escaped.
fn name_text(name: &X509Name<'_>) -> String {
    let mut parts: Vec<String> =
        name.iter_rdn().map(|part| part.iter().map(attribute_text).collect::<Vec<_>>().join("+")).collect();
    parts.reverse();
    parts.join(",")
}

fn attribute_text(attribute: &AttributeTypeAndValue<'_>) -> String {
    let kind = attribute.attr_type().to_id_string();
    let kind = SHORT_NAMES.iter().find(|(id, _)| *id == kind).map_or(kind.as_str(), |(_, name)| name);
    match attribute.as_str() {
        Ok(value) => format!("{kind}={}", escaped(value)),
        Err(_) => format!("{kind}=#{}", hexadecimal(attribute.as_slice())),
    }
}

/// RFC 4514, section 3, and two that certificates of the web use.
const SHORT_NAMES: [(&str, &str); 11] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.6", "C"),
    ("2.5.4.9", "STREET"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("2.5.4.5", "serialNumber"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];

/// RFC 4514, section 2.4.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::with_capacity(value.len());
    for (index, letter) in value.chars().enumerate() {
        let edge = (letter == ' ' && (index == 0 || index == last)) || (letter == '#' && index == 0);
        if edge || matches!(letter, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            text.push('\\');
            text.push(letter);
        } else if letter.is_control() {
            let mut bytes = [0; 4];
            for byte in letter.encode_utf8(&mut bytes).bytes() {
                let _ = write!(text, "\\{byte:02x}");
            }
        } else {
            text.push(letter);
        }
    }
    text
}

fn serial_text(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// Dates beyond the end of time (`99991231235959Z` says "never") are the end of time.
fn timestamp(time: ASN1Time) -> Timestamp {
    let seconds = Duration::from_secs(time.timestamp().unsigned_abs());
    let epoch = Timestamp::UNIX_EPOCH;
    if time.timestamp() < 0 { epoch.minus(seconds) } else { epoch.plus(seconds) }
}

fn alternative_names(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(extension)) = certificate.subject_alternative_name() else { return Vec::new() };
    extension.value.general_names.iter().filter_map(general_name_text).collect()
}

fn general_name_text(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = || Some(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(*bytes).ok()?)));
            let v6 = || Some(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(*bytes).ok()?)));
            v4().or_else(v6).map(|address| address.to_string())
        }
        _ => None,
    }
}

/// RFC 7468, lines of 64.
fn pem_text(der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut text = String::with_capacity(body.len() + body.len() / 64 + 64);
    text.push_str("-----BEGIN CERTIFICATE-----\n");
    let mut rest = body.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = after;
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, SerialNumber, date_time_ymd};

    use super::*;

    fn certificate(change: impl FnOnce(&mut CertificateParams)) -> rcgen::Certificate {
        let mut params =
            CertificateParams::new(["shop.example".to_owned(), "10.0.0.1".to_owned(), "fd00::1".to_owned()])
                .expect("valid names");
        change(&mut params);
        params.self_signed(&KeyPair::generate().expect("a key")).expect("signed")
    }

    #[test]
    fn the_facts_of_a_certificate() {
        let made = certificate(|params| {
            params.distinguished_name = rcgen::DistinguishedName::new();
            params.distinguished_name.push(DnType::CountryName, "GB");
            params.distinguished_name.push(DnType::OrganizationName, "Shop, Ltd + \"Sons\"");
            params.distinguished_name.push(DnType::CommonName, "#shop ");
            params.serial_number = Some(SerialNumber::from_slice(&[0x01, 0xab, 0xff]));
            params.not_before = date_time_ymd(2020, 1, 2);
            params.not_after = date_time_ymd(2021, 3, 4);
        });
        let facts = read(made.der()).expect("parses");
        assert_eq!(facts.subject, r#"CN=\#shop\ ,O=Shop\, Ltd \+ \"Sons\",C=GB"#);
        assert_eq!(facts.issuer, facts.subject);
        assert!(is_self_issued(made.der()));
        assert_eq!(facts.serial, "01:ab:ff");
        assert_eq!(facts.not_before.rfc3339_seconds(), "2020-01-02T00:00:00Z");
        assert_eq!(facts.not_after.rfc3339_seconds(), "2021-03-04T00:00:00Z");
        assert_eq!(facts.names, ["shop.example", "10.0.0.1", "fd00::1"]);
        assert_eq!(facts.sha256, hexadecimal(&Sha256::digest(made.der())));
        assert_eq!(facts.pem.replace('\n', ""), made.pem().replace(['\r', '\n'], ""));
        assert!(facts.pem.lines().all(|line| line.len() <= 64));
    }

    #[test]
    fn dates_without_a_year_that_exists_are_kept_in_bounds() {
        let facts = read(certificate(|params| params.not_after = date_time_ymd(9999, 12, 31)).der()).expect("parses");
        assert!(facts.not_after.rfc3339_seconds().starts_with("9999-12-3"), "{}", facts.not_after);
    }

    #[test]
    fn what_does_not_parse_has_no_facts() {
        let whole = certificate(|_| ()).der().to_vec();
        for length in [0, 1, 10, whole.len() / 2, whole.len() - 1] {
            assert_eq!(read(&whole[..length]), None, "{length} bytes");
        }
        for byte in 0..whole.len() {
            let mut broken = whole.clone();
            broken[byte] ^= 0xff;
            let _ = (read(&broken), public_key_sha256(&broken), is_self_issued(&broken));
        }
    }
}
