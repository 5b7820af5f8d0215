//! The two files in which a machine says how names are looked up: `hosts(5)` and `resolv.conf(5)`.

use std::collections::HashMap;
use std::net::IpAddr;

/// `/etc/hosts`: addresses by lower-case name, in the order of the file.
pub type Hosts = HashMap<String, Vec<IpAddr>>;

/// Lines that make no sense are skipped, as the C library does.
#[must_use]
pub fn parse_hosts(text: &str) -> Hosts {
    let mut hosts = Hosts::new();
    for line in text.lines() {
        let mut words = uncommented(line, &['#']).split_ascii_whitespace();
        let Some(Ok(address)) = words.next().map(str::parse::<IpAddr>) else { continue };
        for name in words {
            let addresses = hosts.entry(name.trim_end_matches('.').to_ascii_lowercase()).or_default();
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
    }
    hosts
}

/// The name servers of `resolv.conf`, in order; the first three count, as in the C library.
#[must_use]
pub fn parse_name_servers(text: &str) -> Vec<IpAddr> {
    text.lines()
        .filter_map(|line| {
            let mut words = uncommented(line, &['#', ';']).split_ascii_whitespace();
            (words.next()? == "nameserver").then(|| words.next()?.parse().ok())?
        })
        .take(3)
        .collect()
}

fn uncommented<'a>(line: &'a str, marks: &[char]) -> &'a str {
    line.split(marks).next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_by_every_name_in_the_order_of_the_file() {
        let hosts = parse_hosts(
            "127.0.0.1 localhost\n::1\tlocalhost ip6-localhost # own\n# 10.0.0.1 old\n10.0.0.2 Shop.Example. shop\n\
             nonsense here\nfe80::1%eth0 scoped\n10.0.0.3 shop\n10.0.0.2 shop\n",
        );
        for (name, expected) in [
            ("localhost", &["127.0.0.1", "::1"][..]),
            ("ip6-localhost", &["::1"]),
            ("shop.example", &["10.0.0.2"]),
            ("shop", &["10.0.0.2", "10.0.0.3"]),
            ("old", &[]),
            ("here", &[]),
            ("scoped", &[]),
        ] {
            let got: Vec<_> = hosts.get(name).into_iter().flatten().map(ToString::to_string).collect();
            assert_eq!(got, expected, "{name}");
        }
    }

    #[test]
    fn the_first_three_name_servers_count() {
        for (text, expected) in [
            ("", &[][..]),
            ("search example\n# nameserver 10.0.0.9\n;nameserver 10.0.0.8\n", &[]),
            ("nameserver 127.0.0.53\noptions edns0\n", &["127.0.0.53"]),
            ("nameserver\nnameserver here\nnameserver fd00::53 # first\n", &["fd00::53"]),
            (
                "nameserver 1.1.1.1\nnameserver 1.1.1.2\nnameserver 1.1.1.3\nnameserver 1.1.1.4",
                &["1.1.1.1", "1.1.1.2", "1.1.1.3"],
            ),
        ] {
            let got: Vec<_> = parse_name_servers(text).iter().map(ToString::to_string).collect();
            assert_eq!(got, expected, "{text}");
        }
    }
}
