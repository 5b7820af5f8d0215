//! The static program in a root that holds nothing but certificate authorities: what an image `FROM scratch` is.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_rustls::TlsAcceptor;

use crate::pki::{CertificateAuthority, Clients};
use crate::program::Daemon;

/// Where `scripts/test` has it built, beside what this test was built into.
fn static_program() -> PathBuf {
    let target = Path::new(env!("CARGO_BIN_EXE_forerunner")).ancestors().nth(2).expect("a target directory");
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let program = target.join("static").join(triple).join("debug/forerunner");
    assert!(program.exists(), "`{}` is not there; `scripts/static` builds it", program.display());
    program
}

/// The program with `/` where this directory is.
fn bare(root: &Path) -> Command {
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    let mut command = if is_root { Command::new("chroot") } else { Command::new("unshare") };
    if !is_root {
        command.args(["--map-root-user", "chroot"]);
    }
    command.arg(root).arg("/forerunner").env_clear().env("PATH", std::env::var_os("PATH").unwrap_or_default());
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

async fn says(mut command: Command, code: i32) -> String {
    let output = command.output().await.expect("started");
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

/// Answers everybody over TLS, with a certificate for `localhost`.
async fn shop(authority: &CertificateAuthority) -> SocketAddr {
    let config = authority.server(&["localhost", "shop.example"]).server_config(
        &Clients::Anyone,
        &[&rustls::version::TLS13],
        &["http/1.1"],
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let acceptor = TlsAcceptor::from(Arc::clone(&config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
                let _ = stream.shutdown().await;
            });
        }
    });
    address
}

#[tokio::test]
async fn the_static_program_needs_nothing_around_it() {
    let authority = CertificateAuthority::new("The only one");
    let port = shop(&authority).await.port();
    let root = tempfile::tempdir().expect("a directory");
    let write = |name: &str, text: &[u8]| {
        let path = root.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    // Another file system perhaps, to which no link leads.
    std::fs::copy(static_program(), root.path().join("forerunner")).expect("copied");
    write("etc/ssl/certs/ca-certificates.crt", &authority.pem());
    let config = "listen: 127.0.0.1:0\ndefaults: { every: 1s, allow: { private-addresses: true } }\nlog: { format: json }\n\
                  storage: { path: /data }\nruns:\n- file: local.yaml\n- file: named.yaml\n";
    write("etc/forerunner/forerunner.yaml", config.as_bytes());
    for (id, host) in [("local", "localhost"), ("named", "shop.example")] {
        let journey = format!(
            "forerunner: 1\njourney: {id}\nlimits: {{ every: 1s }}\nneeds: {{ hosts: {{ site: \"https://{host}:{port}\" }} }}\n\
             steps: [{{ step: open, get: /, expect: {{ body: hi }} }}]\n"
        );
        write(&format!("etc/forerunner/{id}.yaml"), journey.as_bytes());
    }
    let command = |line: &str| {
        let mut command = bare(root.path());
        command.args(line.split(' '));
        command
    };
    assert!(says(command("check /etc/forerunner"), 0).await.contains("no problems"));
    let mut run = command("run");
    run.args(["--config", "/etc/forerunner/forerunner.yaml"]);
    let daemon = Daemon::of(run).await;
    // `localhost` is known without a file; the certificate is good only by the bundle.
    daemon.until("GET /metrics", |metrics| metrics.contains("forerunner_journey_success{journey=\"local\"} 1")).await;
    // A hosts file that comes later is seen, as in a container whose names change.
    write("etc/hosts", b"127.0.0.1 shop.example\n");
    daemon.until("GET /metrics", |metrics| metrics.contains("forerunner_journey_success{journey=\"named\"} 1")).await;
    let healthy = says(command(&format!("healthcheck --url http://{}", daemon.address)), 0).await;
    assert!(healthy.contains("is ready"), "{healthy}");
    daemon.signal("TERM").await;
    assert_eq!(daemon.ended().await, Some(0));
    assert!(root.path().join("data/history.db").exists());
}
