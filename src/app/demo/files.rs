//! The journeys that are shipped, in the binary, and how this play runs them.

use std::fmt::Write as _;
use std::path::Path;

use super::{partner, platform};

/// Where each stands in the repository, and its text.
pub const JOURNEYS: [(&str, &str); 8] = [
    ("platform/home.yaml", include_str!("../../../probes/platform/home.yaml")),
    ("platform/search.yaml", include_str!("../../../probes/platform/search.yaml")),
    ("platform/pages.yaml", include_str!("../../../probes/platform/pages.yaml")),
    ("platform/sign-in.yaml", include_str!("../../../probes/platform/sign-in.yaml")),
    ("platform/benchmark.yaml", include_str!("../../../probes/platform/benchmark.yaml")),
    ("platform/events.yaml", include_str!("../../../probes/platform/events.yaml")),
    ("partners/mentors/availability.yaml", include_str!("../../../probes/partners/mentors/availability.yaml")),
    ("partners/mentors/book-a-mentor.yaml", include_str!("../../../probes/partners/mentors/book-a-mentor.yaml")),
];

/// Where the parts of the play listen.
pub struct Addresses {
    pub platform: u16,
    pub partner: u16,
    pub mail: u16,
    /// `http://127.0.0.1:9797`, for links in mails.
    pub pages: String,
}

/// Writes everything that a daemon needs into a directory. `speed` makes runs come more often.
///
/// # Errors
/// The directory cannot be written to.
pub fn write(directory: &Path, addresses: &Addresses, authority: &str, speed: f64) -> std::io::Result<()> {
    for (name, text) in JOURNEYS {
        let path = directory.join("probes").join(name);
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        std::fs::write(path, paced(text))?;
    }
    std::fs::write(directory.join("ca.pem"), authority)?;
    for (name, secret) in
        [("password", platform::PASSWORD), ("write-key", platform::WRITE_KEY), ("mentor-key", partner::KEY)]
    {
        std::fs::write(directory.join(name), secret)?;
    }
    std::fs::write(directory.join("forerunner.yaml"), configuration(addresses, speed))
}

/// The targets are ours and on this machine, so they may be asked more often than the authors of journeys accept.
fn paced(text: &str) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let of_limits = |line: &String| line.starts_with("limits:");
    match lines.iter().position(of_limits) {
        Some(at) => {
            let kept = lines[at].trim_start_matches("limits: {").split('}').next().unwrap_or_default().to_owned();
            let kept = kept.split(',').map(str::trim).filter(|limit| !limit.is_empty() && !limit.starts_with("every"));
            let kept: Vec<_> = std::iter::once("every: 1s").chain(kept).collect();
            lines[at] = format!("limits: {{ {} }}", kept.join(", "));
        }
        None => {
            if let Some(at) = lines.iter().position(|line| line.starts_with("journey:")) {
                lines.insert(at + 1, "limits: { every: 1s }".to_owned());
            }
        }
    }
    lines.join("\n") + "\n"
}

fn configuration(addresses: &Addresses, speed: f64) -> String {
    let Addresses { platform, partner, mail, pages } = addresses;
    let every = (2.0 / speed).clamp(1.0, 10.0);
    let (site, mentors) = (format!("http://127.0.0.1:{platform}"), format!("https://localhost:{partner}"));
    let mut text = format!(
        "vantage: demo\nexternal-url: {pages}\nstorage: {{ path: data }}\nnetwork: {{ ca: ca.pem }}\n\
         defaults: {{ every: {every}s, alert: [platform], allow: {{ private-addresses: true, writes: true }} }}\n\
         limits: {{ runs-per-host: 16 }}\n\
         parties:\n  web-team: {{ name: The web team, contact: web@example.org, kind: platform }}\n  \
         platform-team: {{ name: The platform team, contact: platform@example.org, kind: platform }}\n  \
         mentors-partner: {{ name: Mentor Match, contact: noc@mentors.example, kind: partner }}\n\
         channels:\n"
    );
    for (name, to) in [("platform", "oncall"), ("partners", "partner-desk"), ("bookings", "booking-desk")] {
        let _ = writeln!(
            text,
            "  {name}: {{ email: {{ from: forerunner@example.org, to: [{to}@example.org], \
             relays: [{{ host: 127.0.0.1, port: {mail}, tls: none }}] }} }}"
        );
    }
    text += "runs:\n";
    let judged = "open-after: 2, close-after: 2, close-for: 1s";
    let runs = [
        ("platform/home.yaml", format!("hosts: {{ site: \"{site}\" }}")),
        ("platform/search.yaml", format!("hosts: {{ site: \"{site}\" }}, demand: 90/min")),
        ("platform/pages.yaml", format!("hosts: {{ content: \"{site}\" }}, demand: 60/min")),
        ("platform/sign-in.yaml", format!("hosts: {{ site: \"{site}\" }}, secrets: {{ password: file:password }}")),
        ("platform/benchmark.yaml", format!("hosts: {{ tools: \"{site}\" }}, demand: 20/min")),
        (
            "platform/events.yaml",
            format!("hosts: {{ collector: \"{site}\" }}, secrets: {{ write_key: file:write-key }}, severity: warning"),
        ),
        (
            "partners/mentors/availability.yaml",
            format!(
                "hosts: {{ mentors: \"{mentors}\" }}, secrets: {{ key: file:mentor-key }}, alert: [partners], demand: 30/min"
            ),
        ),
        (
            "partners/mentors/book-a-mentor.yaml",
            format!(
                "hosts: {{ platform: \"{site}\", mentors: \"{mentors}/v2\" }}, inputs: {{ account: probe@example.org }}, \
                 secrets: {{ password: file:password, mentor_key: file:mentor-key }}, alert: [bookings], demand: 12/min"
            ),
        ),
    ];
    for (name, more) in runs {
        let _ = writeln!(text, "  - {{ file: probes/{name}, {judged}, {more} }}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::clock::SystemClock;
    use crate::app::demo::theatre::Wardrobe;
    use crate::model::clock::Clock as _;

    #[test]
    fn the_shipped_journeys_are_run_as_they_are_but_for_their_pace() {
        assert_eq!(paced("journey: a\nsteps: []\n"), "journey: a\nlimits: { every: 1s }\nsteps: []\n");
        assert_eq!(paced("limits: { time: 2m, every: 1m } # often\n"), "limits: { every: 1s, time: 2m }\n");
        let directory = tempfile::tempdir().expect("a directory");
        let addresses = Addresses { platform: 1, partner: 2, mail: 3, pages: "http://127.0.0.1:4".to_owned() };
        let stage = crate::app::demo::acts::Stage::default();
        let wardrobe =
            Wardrobe::new(stage, SystemClock.now()).map_err(|error| error.to_string()).expect("certificates");
        for speed in [0.2, 1.0, 3.0] {
            write(directory.path(), &addresses, &wardrobe.authority, speed).expect("written");
            let loaded = crate::config::load(&directory.path().join("forerunner.yaml"));
            let errors: Vec<_> = loaded.diagnostics.iter().filter(|problem| problem.is_error()).collect();
            assert!(errors.is_empty(), "{errors:?}");
            assert_eq!(loaded.runs.len(), JOURNEYS.len());
        }
    }
}
