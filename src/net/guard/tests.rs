//! The guard's table, at both edges of every range and one address outside.

use super::*;

/// `expected` is the range and its word, or nothing if the address may be reached.
fn check(address: &str, allowed: &PrivateAddresses, expected: Option<(&str, &str)>) {
    let judged = judge(address.parse().expect(address), allowed);
    let got = judged.as_ref().err().map(|refusal| (refusal.range, refusal.what));
    assert_eq!(got, expected, "{address} with {allowed:?}");
}

fn within(prefixes: &[&str]) -> PrivateAddresses {
    PrivateAddresses::AllowedWithin(prefixes.iter().map(|text| parse_prefix(text).expect(text)).collect())
}

#[test]
fn every_range_is_refused_from_its_first_address_to_its_last_and_no_further() {
    for (below, first, last, above, range, what) in [
        (None, "0.0.0.0", "0.255.255.255", Some("1.0.0.0"), "0.0.0.0/8", "unspecified"),
        (Some("9.255.255.255"), "10.0.0.0", "10.255.255.255", Some("11.0.0.0"), "10.0.0.0/8", "private"),
        (
            Some("100.63.255.255"),
            "100.64.0.0",
            "100.127.255.255",
            Some("100.128.0.0"),
            "100.64.0.0/10",
            "shared address space",
        ),
        (Some("126.255.255.255"), "127.0.0.0", "127.255.255.255", Some("128.0.0.0"), "127.0.0.0/8", "loopback"),
        (
            Some("169.253.255.255"),
            "169.254.0.0",
            "169.254.255.255",
            Some("169.255.0.0"),
            "169.254.0.0/16",
            "link-local",
        ),
        (Some("172.15.255.255"), "172.16.0.0", "172.31.255.255", Some("172.32.0.0"), "172.16.0.0/12", "private"),
        (Some("191.255.255.255"), "192.0.0.0", "192.0.0.255", Some("192.0.1.0"), "192.0.0.0/24", "special purpose"),
        (Some("192.0.1.255"), "192.0.2.0", "192.0.2.255", Some("192.0.3.0"), "192.0.2.0/24", "documentation"),
        (Some("192.167.255.255"), "192.168.0.0", "192.168.255.255", Some("192.169.0.0"), "192.168.0.0/16", "private"),
        (Some("198.17.255.255"), "198.18.0.0", "198.19.255.255", Some("198.20.0.0"), "198.18.0.0/15", "benchmarking"),
        (
            Some("198.51.99.255"),
            "198.51.100.0",
            "198.51.100.255",
            Some("198.51.101.0"),
            "198.51.100.0/24",
            "documentation",
        ),
        (Some("203.0.112.255"), "203.0.113.0", "203.0.113.255", Some("203.0.114.0"), "203.0.113.0/24", "documentation"),
        (Some("223.255.255.255"), "224.0.0.0", "239.255.255.255", None, "224.0.0.0/4", "multicast"),
        (None, "240.0.0.0", "255.255.255.254", None, "240.0.0.0/4", "reserved"),
        (None, "255.255.255.255", "255.255.255.255", None, "255.255.255.255/32", "broadcast"),
        (None, "::", "::", None, "::/128", "unspecified"),
        (None, "::1", "::1", Some("::2"), "::1/128", "loopback"),
        (
            Some("fbff::1"),
            "fc00::",
            "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            Some("fe00::"),
            "fc00::/7",
            "unique local",
        ),
        (
            Some("fe7f::1"),
            "fe80::",
            "febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
            Some("fec0::"),
            "fe80::/10",
            "link-local",
        ),
        (Some("feff::1"), "ff00::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None, "ff00::/8", "multicast"),
        (
            Some("2001:db7:ffff::"),
            "2001:db8::",
            "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
            Some("2001:db9::"),
            "2001:db8::/32",
            "documentation",
        ),
    ] {
        for inside in [first, last] {
            check(inside, &PrivateAddresses::Refused, Some((range, what)));
            check(inside, &PrivateAddresses::Allowed, None);
        }
        for outside in [below, above].into_iter().flatten() {
            check(outside, &PrivateAddresses::Refused, None);
        }
    }
}

#[test]
fn metadata_services_are_refused_whatever_the_binding_allows() {
    for (address, range) in [
        ("169.254.169.254", "169.254.169.254/32"),
        ("::ffff:169.254.169.254", "169.254.169.254/32"),
        ("64:ff9b::a9fe:a9fe", "169.254.169.254/32"),
        ("2002:a9fe:a9fe::1", "169.254.169.254/32"),
        ("168.63.129.16", "168.63.129.16/32"),
        ("100.100.100.200", "100.100.100.200/32"),
        ("fd00:ec2::254", "fd00:ec2::254/128"),
    ] {
        for allowed in
            [PrivateAddresses::Refused, PrivateAddresses::Allowed, within(&["0.0.0.0/0", "::/0"]), within(&[range])]
        {
            check(address, &allowed, Some((range, "cloud metadata")));
        }
    }
    for neighbour in ["169.254.169.253", "100.100.100.201", "fd00:ec2::253"] {
        check(neighbour, &PrivateAddresses::Allowed, None);
    }
    check("168.63.129.17", &PrivateAddresses::Refused, None);
}

#[test]
fn an_embedded_address_is_judged_too() {
    for (address, expected) in [
        ("::ffff:10.1.2.3", Some(("10.0.0.0/8", "private"))),
        ("::ffff:127.0.0.1", Some(("127.0.0.0/8", "loopback"))),
        ("::ffff:8.8.8.8", None),
        ("64:ff9b::c0a8:1", Some(("192.168.0.0/16", "private"))),
        ("64:ff9b::808:808", None),
        ("64:ff9b:1::c0a8:1", None),
        ("2002:7f00:1::", Some(("127.0.0.0/8", "loopback"))),
        ("2002:808:808::7f00:1", None),
    ] {
        check(address, &PrivateAddresses::Refused, expected);
    }
    check("::ffff:10.1.2.3", &within(&["10.0.0.0/8"]), None);
    check("2002:a01:203::", &within(&["10.0.0.0/8"]), None);
    check("::ffff:10.1.2.3", &within(&["::/0"]), Some(("10.0.0.0/8", "private")));
}

#[test]
fn only_the_prefixes_of_the_binding_are_opened() {
    let allowed = within(&["10.1.0.0/16", "fd12::/16", "127.0.0.1"]);
    for (address, expected) in [
        ("10.1.0.0", None),
        ("10.1.255.255", None),
        ("10.2.0.0", Some(("10.0.0.0/8", "private"))),
        ("fd12::1", None),
        ("fd13::1", Some(("fc00::/7", "unique local"))),
        ("127.0.0.1", None),
        ("127.0.0.2", Some(("127.0.0.0/8", "loopback"))),
        ("8.8.8.8", None),
    ] {
        check(address, &allowed, expected);
    }
    check("10.1.2.3", &PrivateAddresses::AllowedWithin(Vec::new()), Some(("10.0.0.0/8", "private")));
}

#[test]
fn a_refusal_names_address_range_and_what_would_permit_it() {
    for (address, text) in [
        ("127.0.0.1", "127.0.0.1 (loopback, 127.0.0.0/8); allow it with `allow: { private-addresses: true }`"),
        ("100.100.100.200", "100.100.100.200 (cloud metadata, 100.100.100.200/32); such an address is never allowed"),
    ] {
        let refusal = judge(address.parse().expect(address), &PrivateAddresses::Refused).expect_err(address);
        assert_eq!(refusal.to_string(), text);
    }
}

#[test]
fn prefixes_are_read_strictly() {
    for (text, expected) in [
        ("10.0.0.0/8", Ok(("10.0.0.0", 8))),
        ("0.0.0.0/0", Ok(("0.0.0.0", 0))),
        ("::/0", Ok(("::", 0))),
        ("10.1.2.3", Ok(("10.1.2.3", 32))),
        ("fd00::1", Ok(("fd00::1", 128))),
        ("10.1.2.3/8", Err("`10.1.2.3/8` has bits set after the first 8; write `10.0.0.0/8`")),
        ("fd00::1/64", Err("`fd00::1/64` has bits set after the first 64; write `fd00::/64`")),
        ("10.0.0.0/33", Err("the length of `10.0.0.0/33` is a number from 0 to 32")),
        ("::/129", Err("the length of `::/129` is a number from 0 to 128")),
        ("10.0.0.0/+8", Err("the length of `10.0.0.0/+8` is a number from 0 to 32")),
        ("10.0.0.0/", Err("the length of `10.0.0.0/` is a number from 0 to 32")),
        ("10/8", Err("`10/8` is not an address range; write it like `10.0.0.0/8`")),
        ("", Err("`` is not an address range; write it like `10.0.0.0/8`")),
    ] {
        let got = parse_prefix(text).map(|prefix| (prefix.address.to_string(), prefix.length));
        let expected = expected.map(|(address, length)| (address.to_owned(), length)).map_err(str::to_owned);
        assert_eq!(got, expected, "{text}");
    }
}
