//! Floor 7: wiring. What runs when, and how it is asked to stop; no decisions of the domain.

pub mod catcher;
pub mod clock;
pub mod daemon;
pub mod demo;
pub mod health;
pub mod logs;
pub mod rehearsal;
pub mod systemd;
pub mod trial;

/// The value of `User-Agent`: who we are, in which version, and who answers for the traffic.
#[must_use]
pub fn user_agent(contact: Option<&str>) -> String {
    let version = env!("CARGO_PKG_VERSION");
    match contact {
        Some(contact) => {
            let shown: String = contact.chars().filter(char::is_ascii_graphic).collect();
            format!("forerunner/{version} (+{shown})")
        }
        None => format!("forerunner/{version}"),
    }
}

/// Where we measure from, unless the configuration says: the name of this machine.
#[must_use]
pub fn vantage() -> String {
    let name =
        std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::fs::read_to_string("/etc/hostname"));
    let name = name.map(|name| name.trim().to_owned()).unwrap_or_default();
    if name.is_empty() { "localhost".to_owned() } else { name }
}
