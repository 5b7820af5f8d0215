//! Journeys in which nothing is found, and the time it takes to find nothing.

use super::{check, complete, diagnose};

const FULL: &str = r#"
version: 2.3.0
title: A business owner books a mentor
owner: platform
about: An owner signs in, finds a service, benchmarks the company and books a mentor.
needs:
  hosts:
    platform: { url: https://api.platform.example, owner: platform, headers: { Accept: application/json } }
    mentors: { url: https://api.mentors.example, owner: mentors, auth: { bearer: "${mentor_key}" } }
    login: https://login.platform.example
  inputs:
    account: { type: string, format: email }
    country: { type: string, pattern: "^[A-Z]{2}$", default: SE }
  secrets:
    password: { to: [platform] }
    mentor_key: { to: [mentors] }
    signing_key: { to: [platform] }
    session: { to: [platform, login], kept: true }
  writes: [session, benchmark run, booking]
limits: { time: 4m, requests: 60, every: 1m }
vars:
  day: ${now | plus 2d | date %Y-%m-%d}
  company: ${fake company}
  payload: { company: "${company}", year: 2025 }
  topics: [growth, export]
steps:
  - step: sign-in
    title: Signs in
    systems: [identity]
    at: platform
    post: /v1/session
    json: { email: "${account}", password: "${password}" }
    expect:
      status: 201
      $.token: { type: string, length: { gte: 20 } }
      cert:days-left: { gt: 7 }
    prefer: { time: { lt: 800ms } }
    keep:
      token: { from: $.token, secret: true }
      session: "cookie:session"
      user: $.user.id
      started: { from: "header:Date | to-date", default: "${run.start}" }
  - step: refresh
    at: login
    get: /session
    headers: { X-Session: "${session}" }
    follow: { max: 2, to: [platform] }
    optional: true
    keep: { greeting: "css:h1" }
  - step: browse
    at: platform
    get: /v1/services/${greeting | lower}
    when: { "var:greeting": { exists: true, not: { empty: true } } }
    query: { country: "${country}", since: "${started | date %F}" }
    auth: { bearer: "${token}" }
    expect:
      $.services: { length: { gte: 1 }, each: { like: { kind: benchmark } } }
      $.services[?@.owner == ${user}].id: { each: { type: string }, exists: true }
    keep:
      tools: $.services[?@.kind == 'benchmark'].id
      tool: $.services[?@.kind == 'benchmark'].id | first
  - step: topics
    at: platform
    get: /v1/topics/${topic}
    for: { topic: "${topics}", max: 2 }
    auth: { bearer: "${token}" }
    expect: { $.name: "${topic}" }
  - step: details
    at: platform
    get: /v1/tools/${id}
    for: { id: "${tools}", max: 5 }
    keep: { names: $.name }
  - step: start-benchmark
    at: platform
    post: /v1/tools/${tool}/runs
    headers: { Idempotency-Key: "${run.id}" }
    auth:
      hmac: { key: "${signing_key}", header: X-Signature, over: "${request.method} ${request.path} ${request.body}" }
    json: ${payload}
    retry: { times: 3, unless: { $.state: failed } }
    expect: { status: { in: [201, 202] } }
    keep: { result: "header:Location" }
  - step: pause
    wait: 2s
  - step: benchmark-result
    at: platform
    get: ${result}
    auth: { bearer: "${token}" }
    retry: { every: 2s, for: 30s }
    expect: { $.state: done, $.names: "${names}" }
  - step: book-mentor
    at: mentors
    post: /bookings
    json: { sme: "${user}", day: "${day}" }
    expect: { status: 201, $.reference: { matches: "^MB-[0-9]{8}$" } }
    keep: { booking: $.id }
cleanup:
  - step: cancel-booking
    at: mentors
    delete: /bookings/${booking}
    expect: { status: { in: [200, 204, 404] } }
  - step: sign-out
    at: platform
    delete: /v1/session
    auth: { bearer: "${token}" }
    expect: { status: 204 }
slo:
  - { good: passed, target: 99.5%, over: 28d }
  - { step: book-mentor, good: { time: { lt: 1500ms }, status: 201 }, target: 95%, over: 28d }
vary:
  - { country: SE }
  - { country: "NO", labels: { market: norway } }
outputs: [booking, day]
"#;

#[test]
fn in_good_journeys_nothing_is_found() {
    check(&[
        (FULL, &[]),
        ("needs: { hosts: { site: https://www.example.org } }\nsteps:\n  - get: /\n", &[]),
        (
            "needs: { hosts: { site: https://www.example.org } }\nsteps:\n  - get: /search\n    query: { q: bicycle }\n    expect:\n      css-all:li.hit | count: { gte: 1 }\n",
            &[],
        ),
    ]);
}

#[test]
fn what_is_made_to_be_slow_ends() {
    // Vars that mention each other, kept values that mention all before them, and the most that a file may hold.
    let vars: Vec<_> =
        (0..1_000).map(|n| format!("v{n}: \"${{v{}}}${{v{}}}\"", (n + 1) % 1_000, (n * 7) % 1_000)).collect();
    let steps: Vec<_> =
        (0..1_500).map(|n| format!("{{ get: \"/${{v{n}}}\", keep: {{ x: $.x }}, optional: true }}")).collect();
    let needs = "needs: { hosts: { a: { url: https://a.example, headers: { X: \"${x}\" } } } }";
    let text = format!("{needs}\nvars: {{ {} }}\nsteps: [{}]", vars.join(", "), steps.join(", "));
    assert!(text.len() < 1 << 20);
    let found = diagnose(&complete(&text));
    assert!(found.iter().any(|problem| problem.rule.id == "bound"));
}
