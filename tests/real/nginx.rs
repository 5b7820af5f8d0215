//! Debian's nginx on a free port, as any user may run it: everything it reads and writes stands in one directory.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::DnType;
use tempfile::TempDir;

use crate::pki::CertificateAuthority;

/// What it writes of each request, parted by tabs.
const LOG_FORMAT: &str = "$msec\\t$request_time\\t$status\\t$ssl_protocol\\t$http2\\t$request_id\\t$http_traceparent\\t\
                          $body_bytes_sent\\t$connection\\t$connection_requests\\t$request_method\\t$request_uri\\t\
                          $ssl_client_verify";

/// Larger than what nginx compresses at least.
pub const SERVICES: &str = concat!(
    r#"{"services":[{"id":1,"name":"Benchmark your business"},{"id":2,"name":"Find a mentor"},"#,
    r#"{"id":3,"name":"Find a mentor"},{"id":4,"name":"Find a mentor"},{"id":5,"name":"Find a mentor"}]}"#
);

pub struct Nginx {
    directory: TempDir,
    pub port: u16,
}

/// One line of the access log.
#[derive(Debug)]
pub struct Logged {
    /// Seconds since 1970 at the end of the request, to the millisecond.
    pub at: f64,
    pub seconds: f64,
    pub status: u16,
    pub tls: String,
    /// `h2`, or empty.
    pub http2: String,
    pub request_id: String,
    pub traceparent: String,
    pub body_bytes: u64,
    /// Serial number of the connection, and of the request on it.
    pub connection: u64,
    pub connection_requests: u64,
    pub method: String,
    pub uri: String,
    pub client_verify: String,
}

impl Nginx {
    /// Starts it; it listens when this returns, for nginx leaves the foreground only then.
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        certificates(directory.path());
        std::fs::create_dir(directory.path().join("html")).expect("made");
        std::fs::write(directory.path().join("html/services.json"), SERVICES).expect("written");
        // Somebody else may take a port between its choice and its use.
        for _ in 0..5 {
            let port = free_port();
            let nginx = directory.path().join("nginx.conf");
            std::fs::write(&nginx, configuration(directory.path(), port)).expect("written");
            let errors = directory.path().join("error.log");
            let started =
                command().arg("-p").arg(directory.path()).arg("-c").arg(&nginx).arg("-e").arg(&errors).output();
            let output = started.expect("nginx is installed, as scripts/test sees to");
            if output.status.success() {
                return Self { directory, port };
            }
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(said.contains("Address already in use"), "nginx does not start: {said}");
        }
        panic!("no free port in five attempts");
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// The access log so far. A request is written after its answer has gone; one that is made and answered later, by
    /// the same process, has seen it written.
    pub fn log(&self) -> Vec<Logged> {
        let text = std::fs::read_to_string(self.path("access.log")).expect("an access log");
        text.lines().map(logged).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        if let Ok(pid) = std::fs::read_to_string(self.path("nginx.pid")) {
            // It may have ended by itself; then there is nothing to end.
            let _ = Command::new("kill").arg(pid.trim()).status();
        }
    }
}

fn logged(line: &str) -> Logged {
    let parts: Vec<&str> = line.split('\t').collect();
    let [
        at,
        seconds,
        status,
        tls,
        http2,
        request_id,
        traceparent,
        body_bytes,
        connection,
        requests,
        method,
        uri,
        verify,
    ] = parts[..]
    else {
        panic!("a line of the access log: {line}");
    };
    let text = |text: &str| if text == "-" { String::new() } else { text.to_owned() };
    Logged {
        at: at.parse().expect("seconds"),
        seconds: seconds.parse().expect("seconds"),
        status: status.parse().expect("a status"),
        tls: text(tls),
        http2: text(http2),
        request_id: text(request_id),
        traceparent: text(traceparent),
        body_bytes: body_bytes.parse().expect("bytes"),
        connection: connection.parse().expect("a number"),
        connection_requests: requests.parse().expect("a number"),
        method: text(method),
        uri: text(uri),
        client_verify: text(verify),
    }
}

/// Debian keeps nginx where only administrators look.
fn command() -> Command {
    let places = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"];
    Command::new(places.into_iter().find(|place| Path::new(place).exists()).unwrap_or("nginx"))
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a port").port()
}

fn certificates(directory: &Path) {
    let authority = CertificateAuthority::new("forerunner real parts");
    let named =
        |name: &str| authority.issue(&[name], |params| params.distinguished_name.push(DnType::CommonName, name));
    let (server, client) = (named("localhost"), named("probe.example"));
    for (name, text) in [
        ("ca.pem", String::from_utf8(authority.pem()).expect("PEM")),
        ("server.pem", server.pem.clone()),
        ("server.key", server.key.serialize_pem()),
        ("client.pem", client.pem.clone()),
        ("client.key", client.key.serialize_pem()),
    ] {
        std::fs::write(directory.join(name), text).expect("written");
    }
}

/// One process without a master: it runs as whoever started it, and works on one event after the other.
fn configuration(directory: &Path, port: u16) -> String {
    let directory = directory.display();
    format!(
        r#"master_process off;
pid {directory}/nginx.pid;
error_log {directory}/error.log info;
events {{ worker_connections 64; }}
http {{
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  types {{ application/json json; text/html html; }}
  log_format facts '{LOG_FORMAT}';
  access_log {directory}/access.log facts;
  gzip on;
  gzip_types application/json;
  gzip_min_length 64;
  gzip_http_version 1.1;
  server {{
    listen 127.0.0.1:{port} ssl http2;
    server_name localhost;
    ssl_certificate {directory}/server.pem;
    ssl_certificate_key {directory}/server.key;
    ssl_client_certificate {directory}/ca.pem;
    ssl_verify_client optional;
    root {directory}/html;
    location = / {{ default_type text/html; return 200 "<h1>Welcome</h1>\n"; }}
    location = /old {{ return 301 /services.json; }}
    location = /me {{
      if ($ssl_client_verify != SUCCESS) {{ return 403; }}
      default_type text/plain;
      return 200 "$ssl_client_s_dn\n";
    }}
    location = /things {{ return 201; }}
    location = /things/1 {{ return 204; }}
  }}
}}
"#
    )
}
