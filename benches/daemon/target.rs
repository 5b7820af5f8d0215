//! The target: a server in a process of its own, which writes down how long each answer really took it.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;

const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"state\":\"up\"}\n";
/// Records kept: of the last minute or two.
const RECORDS_MAX: usize = 200_000;

/// The process, as the one that measures sees it.
pub struct Target {
    child: Child,
    pub plain: SocketAddr,
    pub secure: SocketAddr,
    /// The certificate authority of `secure`.
    pub ca: PathBuf,
}

impl Target {
    pub fn start() -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut child = Command::new(program).arg("serve").stdout(Stdio::piped()).spawn().expect("a target");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut line = || lines.next().expect("a line").expect("text");
        let (plain, secure) = (line().parse().expect("an address"), line().parse().expect("an address"));
        Self { plain, secure, ca: PathBuf::from(line()), child }
    }

    /// How long each answer took since the last time, by the id of the run that asked.
    pub async fn records(&self) -> HashMap<String, Duration> {
        let mut stream = TcpStream::connect(self.plain).await.expect("connected");
        stream.write_all(b"RECORDS\r\n\r\n").await.expect("sent");
        let mut text = String::new();
        stream.read_to_string(&mut text).await.expect("records");
        let record = |line: &str| {
            let (run, nanos) = line.split_once(' ')?;
            Some((run.to_owned(), Duration::from_nanos(nanos.parse().ok()?)))
        };
        text.lines().filter_map(record).collect()
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.ca);
    }
}

type Records = Arc<Mutex<Vec<(String, Duration)>>>;

/// Answers until it is killed.
pub fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let records = Records::default();
        let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let secure = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let key = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
        let path = std::env::temp_dir().join(format!("forerunner-bench-{}.pem", std::process::id()));
        std::fs::write(&path, key.cert.pem()).expect("written");
        let private = key.signing_key.serialize_der().try_into().expect("a key");
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![key.cert.der().clone()], private)
            .expect("a certificate and its key");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        for line in [plain.local_addr().unwrap().to_string(), secure.local_addr().unwrap().to_string()] {
            println!("{line}");
        }
        println!("{}", path.display());
        loop {
            tokio::select! {
                Ok((stream, _)) = plain.accept() => {
                    tokio::spawn(answer(stream, Arc::clone(&records)));
                }
                Ok((stream, _)) = secure.accept() => {
                    let (acceptor, records) = (acceptor.clone(), Arc::clone(&records));
                    tokio::spawn(async move {
                        if let Ok(stream) = acceptor.accept(stream).await {
                            answer(stream, records).await;
                        }
                    });
                }
            }
        }
    });
}

async fn answer(mut stream: impl AsyncRead + AsyncWrite + Unpin, records: Records) {
    let mut buffer = [0; 4096];
    let mut filled = 0;
    while let Ok(read @ 1..) = stream.read(&mut buffer[filled..]).await {
        filled += read;
        if !buffer[..filled].ends_with(b"\r\n\r\n") {
            continue;
        }
        let since = Instant::now();
        let request = String::from_utf8_lossy(&buffer[..filled]).into_owned();
        filled = 0;
        if request.starts_with("RECORDS") {
            let taken = std::mem::take(&mut *records.lock().unwrap());
            let lines: Vec<_> = taken.iter().map(|(run, time)| format!("{run} {}\n", time.as_nanos())).collect();
            let text = lines.concat();
            let _ = stream.write_all(text.as_bytes()).await;
            return;
        }
        if request.starts_with("GET /slow") {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let run = request.strip_prefix("GET /slow/").and_then(|rest| rest.split(' ').next());
        if let Some(run) = run {
            let mut records = records.lock().unwrap();
            if records.len() < RECORDS_MAX {
                records.push((run.to_owned(), since.elapsed()));
            }
        }
        if stream.write_all(ANSWER).await.is_err() {
            return;
        }
    }
}
