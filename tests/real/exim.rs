//! Debian's Exim as a relay with TLS and passwords, delivering into mailboxes that the test reads.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::pki::CertificateAuthority;
use crate::program::PATIENCE;

pub const USER: &str = "forerunner";
pub const PASSWORD: &str = "s3cret pass";

pub struct Exim {
    directory: TempDir,
    child: Child,
    /// STARTTLS, and TLS from the first byte on.
    pub ports: [u16; 2],
}

impl Exim {
    /// Starts it; it listens when this returns.
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let authority = CertificateAuthority::new("forerunner real mail");
        let server = authority.server(&["localhost"]);
        for (name, text) in [
            ("ca.pem", String::from_utf8(authority.pem()).expect("PEM")),
            ("server.pem", server.pem.clone()),
            ("server.key", server.key.serialize_pem()),
        ] {
            std::fs::write(directory.path().join(name), text).expect("written");
        }
        for name in ["spool", "log", "mail"] {
            std::fs::create_dir(directory.path().join(name)).expect("made");
        }
        let user = user();
        let ports = [free_port(), free_port()];
        let path = directory.path().join("exim.conf");
        std::fs::write(&path, configuration(directory.path(), &user, ports)).expect("written");
        if is_root() {
            // Its own user has to get at all of it.
            let done = Command::new("chmod").arg("755").arg(directory.path()).status().expect("chmod");
            let owned = Command::new("chown").arg("-R").arg(&user).arg(directory.path()).status().expect("chown");
            let kept = Command::new("chown").arg("root").arg(&path).status().expect("chown");
            assert!(done.success() && owned.success() && kept.success());
        }
        let child = Command::new("/usr/sbin/exim4")
            .arg("-C")
            .arg(&path)
            .arg("-bdf")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("exim4 is installed, as scripts/test sees to");
        let mut exim = Self { directory, child, ports };
        let begun = tokio::time::Instant::now();
        while !ports.iter().all(|port| std::net::TcpStream::connect(("127.0.0.1", *port)).is_ok()) {
            let ended = exim.child.try_wait().expect("a child");
            assert!(ended.is_none() && begun.elapsed() < PATIENCE, "exim does not start: {}", exim.log());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        exim
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// What it wrote of itself.
    pub fn log(&self) -> String {
        let read = |name: &str| std::fs::read_to_string(self.path("log").join(name)).unwrap_or_default();
        ["mainlog", "paniclog", "rejectlog"].map(read).join("\n")
    }

    /// The mails in somebody's box, the oldest first.
    pub fn mailbox(&self, person: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path("mail").join(person).join("new")) else { return Vec::new() };
        let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        paths.sort_by_key(|path| path.metadata().and_then(|metadata| metadata.modified()).expect("a time"));
        paths.iter().map(|path| std::fs::read_to_string(path).expect("a mail")).collect()
    }

    /// Waits for so many mails in somebody's box.
    pub async fn has_mails(&self, person: &str, count: usize) -> Vec<String> {
        let waiting = async {
            while self.mailbox(person).len() < count {
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
        };
        let come = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(come.is_ok(), "{count} mails for {person} do not come:\n{}", self.log());
        self.mailbox(person)
    }
}

impl Drop for Exim {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr()).expect("a port").port()
}

fn is_root() -> bool {
    user_name() == "root"
}

fn user_name() -> String {
    let output = Command::new("id").arg("-un").output().expect("id");
    String::from_utf8(output.stdout).expect("a name").trim().to_owned()
}

/// Who the relay runs as: it refuses to be root.
fn user() -> String {
    if is_root() { "Debian-exim".to_owned() } else { user_name() }
}

/// Takes mail for two people of `x.test`, of those alone who have said who they are over an encrypted connection.
fn configuration(directory: &Path, user: &str, [starttls, implicit]: [u16; 2]) -> String {
    let directory = directory.display();
    format!(
        r"exim_user = {user}
primary_hostname = mail.x.test
spool_directory = {directory}/spool
log_file_path = {directory}/log/%slog
pid_file_path = {directory}/spool/exim.pid
log_selector = +tls_cipher +smtp_protocol_error
local_interfaces = 127.0.0.1
daemon_smtp_ports = {starttls} : {implicit}
tls_on_connect_ports = {implicit}
tls_advertise_hosts = *
tls_certificate = {directory}/server.pem
tls_privatekey = {directory}/server.key
auth_advertise_hosts = ${{if def:tls_in_cipher {{*}}{{}}}}
deliver_drop_privilege
never_users =
keep_environment =
host_lookup =
rfc1413_query_timeout = 0s
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
begin acl
rcpt:
  deny message = who are you
       !authenticated = *
  deny message = no such user here
       domains = x.test
       !local_parts = oncall : boss
  accept domains = x.test
  deny message = relaying denied
begin routers
here:
  driver = accept
  local_parts = oncall : boss
  transport = box
begin transports
box:
  driver = appendfile
  directory = {directory}/mail/$local_part_data
  maildir_format
  user = {user}
  delivery_date_add
  envelope_to_add
  return_path_add
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${{if and{{ {{eq{{$auth2}}{{{USER}}}}} {{eq{{$auth3}}{{{PASSWORD}}}}} }}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{ {{eq{{$auth1}}{{{USER}}}}} {{eq{{$auth2}}{{{PASSWORD}}}}} }}}}
  server_set_id = $auth1
"
    )
}
