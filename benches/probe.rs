//! CPU per request of the HTTP probe and of a whole run, beside a bare hyper client in the same process and run.
//!
//! `cargo bench --bench probe`; the server is a child process, so that only the clients' time is counted. Figures are
//! medians over rounds in turn; what counts are the ratios.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a measurement prints its table, and is worth nothing once anything fails"
)]

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;
use std::time::Duration;

use forerunner::app::clock::SystemClock;
use forerunner::app::trial::entropy;
use forerunner::base::secret::{HostIndex, Labelled};
use forerunner::journey::bind::{Surroundings, WrittenAs, bind};
use forerunner::journey::binding::RunEntry;
use forerunner::journey::execute::{Context, EvidencePolicy, Look, execute};
use forerunner::journey::load::load;
use forerunner::journey::resolved::Journey;
use forerunner::model::clock::Clock as _;
use forerunner::model::run::Outcome;
use forerunner::net::deadline::{Deadline, Limit};
use forerunner::net::network::{Machine, Network, Settings};
use forerunner::probe::http::{CookieUse, Follow, NothingSecret, ProbeContext, Request, Session};
use http_body_util::{BodyExt as _, Empty};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_util::sync::CancellationToken;

const ROUNDS: usize = 9;
const REQUESTS: u32 = 2_000;
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{\"state\":\"up\"}\n";

fn main() {
    if std::env::args().any(|argument| argument == "serve") {
        return serve();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (mut server, address) = start_server();
    let journey = journey(address);
    let mut rows: [(&str, Vec<f64>); 3] = [
        ("bare hyper client, fresh connection", Vec::new()),
        ("probe alone, fresh connection", Vec::new()),
        ("whole run: two conditions, redaction", Vec::new()),
    ];
    runtime.block_on(async {
        for round in 0..=ROUNDS {
            let figures =
                [timed(|| bare(address)).await, timed(|| probed(&journey)).await, timed(|| walked(&journey)).await];
            // The first round warms up.
            if round > 0 {
                for (row, figure) in rows.iter_mut().zip(figures) {
                    row.1.push(figure);
                }
            }
        }
    });
    let _ = server.kill();
    let _ = server.wait();
    let floor = median(&mut rows[0].1);
    println!("{REQUESTS} requests a round, {ROUNDS} rounds, medians of process CPU time");
    println!("{:<40} {:>12} {:>16} {:>8}", "", "µs a request", "per CPU second", "ratio");
    for (name, figures) in &mut rows {
        let figure = median(figures);
        println!("{name:<40} {figure:>12.1} {:>16.0} {:>8.2}", 1e6 / figure, figure / floor);
    }
}

fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// CPU time of this process for each of [`REQUESTS`] requests, in microseconds.
async fn timed<F: Future<Output = ()>>(request: impl Fn() -> F) -> f64 {
    let before = cpu();
    for _ in 0..REQUESTS {
        request().await;
    }
    cpu().checked_sub(before).unwrap().as_secs_f64() * 1e6 / f64::from(REQUESTS)
}

fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// Connects, asks, reads, closes: what nobody can do with less.
async fn bare(address: SocketAddr) {
    let stream = tokio::net::TcpStream::connect(address).await.expect("connected");
    stream.set_nodelay(true).expect("an open socket");
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake::<_, Empty<bytes::Bytes>>(TokioIo::new(stream))
            .await
            .expect("a connection");
    let connection = tokio::spawn(connection);
    let request = http::Request::get("/").header("host", address.to_string()).body(Empty::new()).expect("a request");
    let answer = sender.send_request(request).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let body = answer.into_body().collect().await.expect("a body").to_bytes();
    assert_eq!(body.len(), 15);
    drop(sender);
    let _ = connection.await;
}

async fn probed(journey: &Journey) {
    let mut session = Session::new(Arc::clone(&journey.networks), 1);
    let requests = AtomicU32::new(1);
    let context = ProbeContext {
        authority: &journey.authority,
        clock: &SystemClock,
        user_agent: "forerunner/bench",
        deadline: Deadline { at: tokio::time::Instant::now() + Duration::from_secs(10), limit: Limit::Step },
        body_max: 1 << 20,
        requests: &requests,
        discretion: &NothingSecret,
    };
    let request = Request {
        host: HostIndex(0),
        method: http::Method::GET,
        url: Labelled::open(journey.authority.hosts[0].url.clone()),
        headers: Vec::new(),
        without: Vec::new(),
        media_type: None,
        body: None,
        version: None,
        cookies: CookieUse::Jar { also: Vec::new() },
        follow: Follow::default(),
    };
    let exchange = session.exchange(&request, &context).await;
    assert!(exchange.answer().is_some_and(|answer| answer.status == 200));
}

async fn walked(journey: &Journey) {
    let context = Context {
        clock: &SystemClock,
        vantage: "bench",
        user_agent: "forerunner/bench",
        planned_at: SystemClock.now(),
        entropy: entropy().expect("chance"),
        stop: CancellationToken::new(),
        evidence: EvidencePolicy::WhenNotPassed,
        look: Look::First,
        progress: &|_| {},
    };
    let run = execute(journey, &context).await;
    assert_eq!(run.outcome, Outcome::Passed, "{:?}", run.steps[0].failure);
}

fn journey(address: SocketAddr) -> Journey {
    let directory = std::env::temp_dir().join(format!("forerunner-bench-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let path = directory.join("home.yaml");
    let text = format!(
        "forerunner: 1\njourney: home\nneeds: {{ hosts: {{ site: \"http://{address}\" }} }}\n\
         steps:\n  - step: home\n    get: /\n    expect: {{ status: 200, $.state: up }}\n"
    );
    std::fs::write(&path, text).expect("written");
    let report = load(&[PathBuf::from(&path)]);
    let _ = std::fs::remove_dir_all(&directory);
    let machine = Arc::new(Machine::default());
    let plain = Arc::new(Network::new(Settings::default(), &machine).expect("a network"));
    let around = Surroundings {
        machine: &machine,
        directory: std::path::Path::new(""),
        allow: None,
        limits: None,
        network: None,
        plain,
        written_as: WrittenAs::File,
    };
    let source = forerunner::base::span::Source::new("bench", "allow: { private-addresses: true }");
    let parsed = forerunner::base::yaml::parse(&source);
    let mut reader = forerunner::base::shape::Reader::new(source);
    let entry =
        <RunEntry as forerunner::base::shape::Shape>::read(&parsed.documents[0], &mut reader).expect("an entry");
    bind(&report.journeys[0], &entry, &around, &mut reader).remove(0)
}

fn start_server() -> (Child, SocketAddr) {
    use std::io::{BufRead as _, BufReader};
    let program = std::env::current_exe().expect("this program");
    let mut child = Command::new(program).arg("serve").stdout(Stdio::piped()).spawn().expect("a server");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("its output")).read_line(&mut line).expect("its address");
    (child, line.trim().parse().expect("an address"))
}

/// Answers every request on every connection with the same few bytes.
fn serve() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        println!("{}", listener.local_addr().expect("an address"));
        loop {
            let Ok((mut stream, _)) = listener.accept().await else { continue };
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                let mut filled = 0;
                while let Ok(read @ 1..) = stream.read(&mut buffer[filled..]).await {
                    filled += read;
                    if buffer[..filled].ends_with(b"\r\n\r\n") {
                        filled = 0;
                        if stream.write_all(ANSWER).await.is_err() {
                            return;
                        }
                    }
                }
            });
        }
    });
}
