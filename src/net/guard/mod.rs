//! The egress guard: which addresses a journey may reach, judged at connect time.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::model::authority::{Prefix, PrivateAddresses};

#[cfg(test)]
mod tests;

/// Why an address is refused: the range and what it is (`10.0.0.0/8`, `private`), and whether a
/// binding can allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub address: IpAddr,
    /// `10.0.0.0/8`
    pub range: &'static str,
    /// `private`, `loopback`, `cloud metadata` …
    pub what: &'static str,
    /// False for metadata services.
    pub can_be_allowed: bool,
}

/// Judges an address (IPv6 that embeds an IPv4 address by the embedded one as well).
///
/// # Errors
/// The first range that refuses it.
pub fn judge(address: IpAddr, allowed: &PrivateAddresses) -> Result<(), Refusal> {
    for seen in [Some(address), embedded(address)].into_iter().flatten() {
        let Some(range) = RANGES.iter().find(|range| contains(range.network, range.length, seen)) else { continue };
        if !(range.can_be_allowed && opened(seen, allowed)) {
            let Range { text, what, can_be_allowed, .. } = *range;
            return Err(Refusal { address, range: text, what, can_be_allowed });
        }
    }
    Ok(())
}

/// Reads `10.0.0.0/8` or a single address.
///
/// # Errors
/// Says what to write instead.
pub fn parse_prefix(text: &str) -> Result<Prefix, String> {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let address: IpAddr =
        address.parse().map_err(|_| format!("`{text}` is not an address range; write it like `10.0.0.0/8`"))?;
    let widest = if address.is_ipv4() { 32 } else { 128 };
    let length = match length {
        None => widest,
        Some(digits) => digits
            .parse::<u8>()
            .ok()
            .filter(|length| *length <= widest && digits.bytes().all(|digit| digit.is_ascii_digit()))
            .ok_or_else(|| format!("the length of `{text}` is a number from 0 to {widest}"))?,
    };
    let first = first_of(address, length);
    if first != address {
        return Err(format!("`{text}` has bits set after the first {length}; write `{first}/{length}`"));
    }
    Ok(Prefix { address, length })
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, what, range, can_be_allowed } = self;
        write!(f, "{address} ({what}, {range}); ")?;
        f.write_str(if *can_be_allowed {
            "allow it with `allow: { private-addresses: true }`"
        } else {
            "such an address is never allowed"
        })
    }
}

// ---------------------------------------------------------------------------------------------

#[derive(Clone, Copy)]
struct Range {
    network: IpAddr,
    length: u8,
    text: &'static str,
    what: &'static str,
    can_be_allowed: bool,
}

/// The first that contains an address decides, so the exceptions come before what they lie in.
const RANGES: [Range; 25] = [
    never(v4([169, 254, 169, 254], 32, "169.254.169.254/32", "cloud metadata")),
    never(v4([168, 63, 129, 16], 32, "168.63.129.16/32", "cloud metadata")),
    never(v4([100, 100, 100, 200], 32, "100.100.100.200/32", "cloud metadata")),
    never(v6([0xfd00_0ec2, 0x254], 128, "fd00:ec2::254/128", "cloud metadata")),
    v4([127, 0, 0, 0], 8, "127.0.0.0/8", "loopback"),
    v6([0, 1], 128, "::1/128", "loopback"),
    v4([0, 0, 0, 0], 8, "0.0.0.0/8", "unspecified"),
    v6([0, 0], 128, "::/128", "unspecified"),
    v4([10, 0, 0, 0], 8, "10.0.0.0/8", "private"),
    v4([172, 16, 0, 0], 12, "172.16.0.0/12", "private"),
    v4([192, 168, 0, 0], 16, "192.168.0.0/16", "private"),
    v4([100, 64, 0, 0], 10, "100.64.0.0/10", "shared address space"),
    v4([169, 254, 0, 0], 16, "169.254.0.0/16", "link-local"),
    v6([0xfe80_0000, 0], 10, "fe80::/10", "link-local"),
    v6([0xfc00_0000, 0], 7, "fc00::/7", "unique local"),
    v4([192, 0, 0, 0], 24, "192.0.0.0/24", "special purpose"),
    v4([192, 0, 2, 0], 24, "192.0.2.0/24", "documentation"),
    v4([198, 18, 0, 0], 15, "198.18.0.0/15", "benchmarking"),
    v4([198, 51, 100, 0], 24, "198.51.100.0/24", "documentation"),
    v4([203, 0, 113, 0], 24, "203.0.113.0/24", "documentation"),
    v6([0x2001_0db8, 0], 32, "2001:db8::/32", "documentation"),
    v4([224, 0, 0, 0], 4, "224.0.0.0/4", "multicast"),
    v6([0xff00_0000, 0], 8, "ff00::/8", "multicast"),
    v4([255, 255, 255, 255], 32, "255.255.255.255/32", "broadcast"),
    v4([240, 0, 0, 0], 4, "240.0.0.0/4", "reserved"),
];

const fn v4(octets: [u8; 4], length: u8, text: &'static str, what: &'static str) -> Range {
    let [a, b, c, d] = octets;
    Range { network: IpAddr::V4(Ipv4Addr::new(a, b, c, d)), length, text, what, can_be_allowed: true }
}

/// An IPv6 range by the first and the last 32 bits of its first address.
const fn v6([first, last]: [u128; 2], length: u8, text: &'static str, what: &'static str) -> Range {
    Range { network: IpAddr::V6(Ipv6Addr::from_bits(first << 96 | last)), length, text, what, can_be_allowed: true }
}

const fn never(range: Range) -> Range {
    Range { can_be_allowed: false, ..range }
}

fn opened(address: IpAddr, allowed: &PrivateAddresses) -> bool {
    match allowed {
        PrivateAddresses::Refused => false,
        PrivateAddresses::Allowed => true,
        PrivateAddresses::AllowedWithin(prefixes) => {
            prefixes.iter().any(|prefix| contains(prefix.address, prefix.length, address))
        }
    }
}

/// The IPv4 address that a mapped (`::ffff:0:0/96`, RFC 4291), NAT64 (`64:ff9b::/96`, RFC 6052) or
/// 6to4 address (`2002::/16`, RFC 3056) leads to.
fn embedded(address: IpAddr) -> Option<IpAddr> {
    let IpAddr::V6(address) = address else { return None };
    let [first, second, third, .., seventh, eighth] = address.segments();
    let (high, low) = match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, ..] | [0x64, 0xff9b, 0, 0, 0, 0, ..] => (seventh, eighth),
        _ if first == 0x2002 => (second, third),
        _ => return None,
    };
    Some(IpAddr::V4(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low))))
}

fn contains(network: IpAddr, length: u8, address: IpAddr) -> bool {
    network.is_ipv4() == address.is_ipv4() && first_of(network, length) == first_of(address, length)
}

/// The first address of the range of this length around an address.
fn first_of(address: IpAddr, length: u8) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(length.min(32))).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from_bits(address.to_bits() & mask))
        }
        IpAddr::V6(address) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}
