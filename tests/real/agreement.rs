//! The same journey over HTTP/1.1 and HTTP/2: the run and nginx tell the same story, and so does curl.

use std::process::Command;

use serde_json::Value as Json;

use crate::nginx::{Logged, Nginx, SERVICES};

/// Every request of it, in order: method, path, status.
const REQUESTS: [(&str, &str, u16); 8] = [
    ("GET", "/", 200),
    ("GET", "/services.json", 200),
    ("GET", "/old", 301),
    ("GET", "/services.json", 200),
    ("GET", "/nothing", 404),
    ("POST", "/things", 201),
    ("GET", "/me", 200),
    ("DELETE", "/things/1", 204),
];

fn journey(url: &str, version: &str) -> String {
    let http = format!("http: \"{version}\"");
    format!(
        r#"forerunner: 1
journey: visit
needs:
  hosts: {{ site: "{url}" }}
  writes: [thing]
steps:
  - step: home
    get: /
    {http}
    expect: {{ status: 200, css:h1: Welcome, "cert:names": [localhost], version: HTTP/{version} }}
  - step: services
    get: /services.json
    {http}
    expect:
      header:Content-Encoding: gzip
      $.services: {{ length: 5 }}
    keep: {{ first: "$.services[0].id" }}
  - step: moved
    get: /old
    {http}
    follow: 1
    expect: {{ redirects: {{ length: 1 }}, url: {{ ends-with: /services.json }} }}
  - step: missing
    get: /nothing
    {http}
    expect: {{ status: 404 }}
  - step: make
    post: /things
    {http}
    json: {{ number: "${{first}}" }}
    expect: {{ status: 201 }}
  - step: known
    get: /me
    {http}
    expect: {{ body: {{ contains: CN=probe.example }} }}
cleanup:
  - step: remove
    delete: /things/1
    {http}
"#
    )
}

fn config(nginx: &Nginx) -> String {
    let path = |name| nginx.path(name).display().to_string();
    format!(
        "vantage: desk\nruns:\n  - file: visit.yaml\n    allow: {{ writes: true, private-addresses: true }}\n    network: {{ ca: \
         \"{}\", client-cert: \"file:{}\", client-key: \"file:{}\", ip: 4 }}\n",
        path("ca.pem"),
        path("client.pem"),
        path("client.key"),
    )
}

/// Runs the journey; the run as the program tells it.
fn run(nginx: &Nginx, version: &str) -> Json {
    std::fs::write(nginx.path("visit.yaml"), journey(&nginx.url(), version)).expect("written");
    std::fs::write(nginx.path("config.yaml"), config(nginx)).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_forerunner"));
    command.args(["test", "visit.yaml", "--config", "config.yaml", "--format", "json"]);
    let output = command.current_dir(nginx.path("")).output().expect("it starts");
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{}\n{told}", String::from_utf8_lossy(&output.stderr));
    let mut document: Json = serde_json::from_str(&told).expect("JSON");
    document["runs"][0].take()
}

/// Every exchange of a run, clean-up included, in order.
fn exchanges(run: &Json) -> Vec<&Json> {
    let steps = ["steps", "cleanup"].into_iter().flat_map(|part| run[part].as_array().expect("steps"));
    steps.flat_map(|step| step["evidence"].as_array().expect("exchanges")).collect()
}

fn curl(nginx: &Nginx, arguments: &[&str], path: &str) -> String {
    let mut command = Command::new("curl");
    command.args(["--silent", "--show-error", "--cacert"]).arg(nginx.path("ca.pem"));
    command.args(arguments).arg(format!("{}{path}", nginx.url()));
    let output = command.output().expect("curl is installed, as scripts/test sees to");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn number(value: &Json) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("a number: {value}"))
}

/// One journey over one version of HTTP.
fn check(version: &str, told: &str, alpn: &str, http2: &str) {
    let nginx = Nginx::start();
    let run = run(&nginx, version);
    assert_eq!(run["outcome"], "passed", "{run:#}");
    // This request is answered when everything before it has been written down.
    assert_eq!(curl(&nginx, &[], "/services.json"), SERVICES);
    let trace = run["trace_id"].as_str().expect("a trace");
    let log: Vec<Logged> = nginx.log().into_iter().filter(|line| line.traceparent.contains(trace)).collect();
    let exchanges = exchanges(&run);

    let seen: Vec<(&str, &str, u16)> =
        log.iter().map(|line| (line.method.as_str(), line.uri.as_str(), line.status)).collect();
    assert_eq!(seen, REQUESTS);
    assert_eq!(exchanges.len(), log.len());
    let requests: u64 = ["steps", "cleanup"]
        .into_iter()
        .flat_map(|part| run[part].as_array().expect("steps"))
        .map(|step| step["requests"].as_u64().expect("a number"))
        .sum();
    assert_eq!(requests, u64::try_from(log.len()).expect("a few"));

    for (index, (exchange, line)) in exchanges.iter().zip(&log).enumerate() {
        assert_eq!(exchange["status"].as_u64(), Some(u64::from(line.status)));
        assert_eq!(exchange["http_version"], told);
        assert_eq!(line.http2, http2);
        let span = exchange["span_id"].as_str().expect("a span");
        assert_eq!(line.traceparent, format!("00-{trace}-{span}-03"));
        // One connection for all, which nginx counts the requests of.
        assert_eq!(exchange["reused"], index > 0);
        assert_eq!(line.connection, log[0].connection);
        assert_eq!(line.connection_requests, u64::try_from(index).expect("a few") + 1);
        assert_eq!(line.client_verify, "SUCCESS");
        let body = &exchange["response_body"];
        let wire = if body.is_null() { 0 } else { body["wire_size"].as_u64().expect("a size") };
        assert_eq!(wire + framing(exchange, wire), line.body_bytes, "{}: {exchange:#}", line.uri);
        assert_eq!(line.request_id.len(), 32);
        phases(exchange, index == 0);
    }
    let tls = &exchanges[0]["tls"];
    assert_eq!((tls["version"].as_str(), tls["alpn"].as_str()), (Some(log[0].tls.as_str()), Some(alpn)));
    assert!(tls["chain"][0]["subject"].as_str().is_some_and(|subject| subject.contains("localhost")), "{tls:#}");
    in_order(&log);
}

/// What nginx counts and we do not: the one chunk that it sends a compressed body in, and the end of chunks.
fn framing(exchange: &Json, wire: u64) -> u64 {
    let headers = exchange["response_headers"].as_array().expect("headers");
    let chunked = headers.iter().any(|header| header[0] == "transfer-encoding" && header[1] == "chunked");
    let framed = format!("{wire:x}\r\n\r\n0\r\n\r\n").len();
    if chunked { u64::try_from(framed).expect("a few") } else { 0 }
}

/// Which phases there are follows from the connection; what they took is not judged, but that it adds up.
fn phases(exchange: &Json, fresh: bool) {
    let timings = exchange["timings"].as_object().expect("timings");
    for phase in ["connect", "tls"] {
        assert_eq!(timings.contains_key(phase), fresh, "{phase}: {exchange:#}");
    }
    for phase in ["send", "wait", "receive"] {
        assert!(timings.contains_key(phase), "{phase}: {exchange:#}");
    }
    let parts: f64 = timings.iter().filter(|(name, _)| *name != "total").map(|(_, seconds)| number(seconds)).sum();
    assert!((parts - number(&timings["total"])).abs() < 1e-9, "{exchange:#}");
}

/// nginx ended the requests in the order in which we made them.
fn in_order(log: &[Logged]) {
    assert!(log.windows(2).all(|pair| pair[0].at <= pair[1].at), "{log:#?}");
    assert!(log.iter().all(|line| line.seconds >= 0.0));
}

#[test]
fn nginx_tells_the_same_story_over_http_1() {
    check("1.1", "HTTP/1.1", "http/1.1", "");
}

#[test]
fn nginx_tells_the_same_story_over_http_2() {
    check("2", "HTTP/2", "h2", "h2");
}

#[test]
fn curl_gets_the_same_answers() {
    let nginx = Nginx::start();
    let run = run(&nginx, "2");
    let pem = |name: &str| nginx.path(name).display().to_string();
    let (certificate, key) = (pem("client.pem"), pem("client.key"));
    let mut compared = 0;
    for exchange in exchanges(&run) {
        let url = exchange["url"].as_str().expect("a URL");
        let path = url.strip_prefix(&nginx.url()).expect("it is nginx's");
        let method = exchange["method"].as_str().expect("a method");
        let mut arguments = vec!["--http2", "--compressed", "--cert", &certificate, "--key", &key, "--request", method];
        arguments.extend(["--write-out", "\n%{http_code} %{http_version}"]);
        let answer = curl(&nginx, &arguments, path);
        let (body, status) = answer.rsplit_once('\n').expect("a status");
        assert_eq!(status, format!("{} 2", exchange["status"]));
        let told = exchange["response_body"]["text"].as_str().unwrap_or_default();
        assert_eq!(told, body, "{path}");
        compared += 1;
    }
    assert_eq!(compared, REQUESTS.len());
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_the_targets_failure() {
    let nginx = Nginx::start();
    let text = journey(&nginx.url(), "2");
    std::fs::write(nginx.path("visit.yaml"), text).expect("written");
    let mut command = Command::new(env!("CARGO_BIN_EXE_forerunner"));
    command.args(["test", "visit.yaml", "--allow", "private-addresses,writes", "--format", "json"]);
    let output = command.current_dir(nginx.path("")).output().expect("it starts");
    assert_eq!(output.status.code(), Some(4));
    let document: Json = serde_json::from_slice(&output.stdout).expect("JSON");
    let step = &document["runs"][0]["steps"][0];
    assert_eq!(step["failure"]["kind"], "certificate-untrusted", "{step:#}");
    // The chain is there to be looked at all the same, and nginx was never asked for anything.
    assert!(step["evidence"][0]["tls"]["chain"][0]["subject"].is_string(), "{step:#}");
    assert!(nginx.log().is_empty());
}
