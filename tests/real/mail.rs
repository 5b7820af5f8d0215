//! The whole way over a real relay: a shop that fails, the program, Exim, and the mail in somebody's box.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::exim::{Exim, PASSWORD, USER};
use crate::program::{Daemon, program, shop};

fn configure(directory: &Path, shop: std::net::SocketAddr, exim: &Exim, relay: &str, to: &str) {
    let journey = format!(
        "forerunner: 1\njourney: shop\ntitle: Buy a book\nlimits: {{ every: 1s }}\n\
         needs: {{ hosts: {{ site: \"http://{shop}\" }} }}\nsteps: [{{ step: open, get: /, expect: {{ status: 200 }} }}]\n"
    );
    std::fs::write(directory.join("shop.yaml"), journey).expect("written");
    let ca = exim.path("ca.pem");
    let text = format!(
        "listen: 127.0.0.1:0\ndefaults: {{ every: 1s, allow: {{ private-addresses: true }}, alert: [ops] }}\n\
         log: {{ format: json }}\nruns:\n  - {{ file: shop.yaml, open-after: 1, close-after: 1, close-for: 1s }}\nchannels:\n  ops:\n    email:\n      \
         from: forerunner@x.test\n      to: [{to}]\n      fallback: [boss@x.test]\n      relays:\n        \
         - {{ host: localhost, ca: {}, user: {USER}, password: env:SMTP_PASSWORD, {relay} }}\n",
        ca.display()
    );
    std::fs::write(directory.join("c.yaml"), text).expect("written");
}

fn field<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    let head = mail.split("\n\n").next().unwrap_or_default();
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}

#[tokio::test]
async fn an_outage_and_its_end_are_two_mails_of_one_thread_over_starttls_and_over_tls() {
    let exim = Exim::start();
    let open = Arc::new(AtomicBool::new(false));
    let shop = shop(Arc::clone(&open)).await;
    for (way, relay) in
        [format!("port: {}", exim.ports[0]), format!("port: {}, tls: implicit", exim.ports[1])].iter().enumerate()
    {
        open.store(false, Ordering::SeqCst);
        let directory = tempfile::tempdir().expect("a directory");
        configure(directory.path(), shop, &exim, relay, "oncall@x.test");
        let daemon = Daemon::start_with(directory.path(), &[("SMTP_PASSWORD", PASSWORD)]).await;
        exim.has_mails("oncall", 2 * way + 1).await;
        open.store(true, Ordering::SeqCst);
        let mails = exim.has_mails("oncall", 2 * way + 2).await;
        let [firing, resolved] = &mails[2 * way..] else { panic!("two mails") };
        assert_eq!(field(firing, "X-Forerunner-Kind"), Some("firing"), "{firing}");
        assert_eq!(field(resolved, "X-Forerunner-Kind"), Some("resolved"), "{resolved}");
        assert_eq!(field(firing, "Subject"), field(resolved, "Subject"));
        assert!(field(firing, "Message-ID").is_some());
        assert_eq!(field(resolved, "In-Reply-To"), field(firing, "Message-ID"));
        assert_eq!(field(firing, "Return-path"), Some("<forerunner@x.test>"));
        // The relay says how it got it: encrypted, from somebody it knows.
        assert!(firing.contains("with esmtpsa") && firing.contains("(TLS1.3)"), "{firing}");
        daemon.signal("TERM").await;
        assert_eq!(daemon.ended().await, Some(0));
    }
}

#[tokio::test]
async fn a_receiver_whom_the_relay_does_not_know_has_the_fallback_told() {
    let exim = Exim::start();
    let shop = shop(Arc::new(AtomicBool::new(false))).await;
    let directory = tempfile::tempdir().expect("a directory");
    configure(directory.path(), shop, &exim, &format!("port: {}", exim.ports[0]), "gone@x.test");
    let daemon = Daemon::start_with(directory.path(), &[("SMTP_PASSWORD", PASSWORD)]).await;
    let mails = exim.has_mails("boss", 1).await;
    assert!(mails[0].contains("To: gone@x.test") || mails[0].contains("To: boss@x.test"), "{}", mails[0]);
    assert!(daemon.log().contains("no such user here"), "{}", daemon.log());
    assert!(!daemon.log().contains(PASSWORD));
}

#[tokio::test]
async fn a_test_message_says_what_is_wrong_with_a_relay() {
    let exim = Exim::start();
    let shop = shop(Arc::default()).await;
    let directory = tempfile::tempdir().expect("a directory");
    let ports = exim.ports;
    for (relay, password, code, words) in [
        (format!("port: {}", ports[0]), PASSWORD, 0, "accepted: 250 OK id="),
        (format!("port: {}", ports[0]), "wrong", 4, "535 Incorrect authentication data"),
        (format!("port: {}, tls: implicit", ports[0]), PASSWORD, 4, "not accepted"),
    ] {
        configure(directory.path(), shop, &exim, &relay, "oncall@x.test");
        let ran = program()
            .args(["alert", "test", "--config", "c.yaml"])
            .env("SMTP_PASSWORD", password)
            .current_dir(directory.path())
            .output();
        let ran = ran.await.expect("it starts");
        let out = String::from_utf8_lossy(&ran.stdout);
        assert_eq!(ran.status.code(), Some(code), "{relay}: {out}");
        assert!(out.contains(words) && !out.contains(PASSWORD), "{relay}: {out}");
    }
    assert_eq!(exim.has_mails("oncall", 1).await.len(), 1);
}
