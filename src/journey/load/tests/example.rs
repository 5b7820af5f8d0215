//! A journey that uses the whole language, and one that gets ten things wrong.

use std::fmt::Write as _;

use super::{load_first, said};

pub(super) const FULL: &str = r#"# A tenant orders a parcel locker and gives it back.
forerunner: 1
journey: rent-a-locker
title: A tenant rents a parcel locker
audience: customer
version: 1.4.0
owner: lockers
about: Signs in, finds a free locker, rents it, opens the door, gives it back.

needs:
  hosts:
    api: { url: https://api.lockers.example/v2, headers: { X-Client: probe }, reuse: false }
    doors: { url: "https://doors.partner.example:8443", owner: doors-partner }
    login: https://login.lockers.example
  inputs:
    account: { type: string, format: email }
    city: { type: string, pattern: "^[a-z]+$", default: lund }
    sizes: { type: array, items: { type: string }, default: [s, m] }
  secrets:
    password: { to: [login] }
    door_key: { to: [doors] }
    token: { to: [login, api], kept: true }
  writes: [session, rent]

limits: { time: 2m, cleanup: 20s, requests: 40, body: 2MiB, steps: 30, loop: 10, every: 1m }

vars:
  day: ${now | plus 2d | date %Y-%m-%d}
  note: "probe ${order_no} on ${day}"
  order_no: ${random 8}

steps:
  - step: sign-in
    title: Signs in
    systems: [identity]
    at: login
    post: /session
    form: { user: "${account}", password: "${password}" }
    follow: { max: 2, to: [api] }
    expect:
      status: { in: [200, 201] }
      header:Content-Type: { starts-with: application/json }
      $.token: { type: string, length: { gte: 20 } }
      cert:days-left: { gte: 14 }
    prefer: { time: { lt: 800ms } }
    keep:
      token: $.token
      user: $.user.id

  - step: find
    at: api
    get: /lockers
    query: { city: "${city}", size: "${sizes}" }
    auth: { bearer: "${token}" }
    retry: { every: 2s, for: 20s, unless: { $.state: closed } }
    expect:
      $.free: { length: { gte: 1 }, each: { schema: { type: object, required: [id] } } }
      $.free[*].price: { some: { lt: 20 } }
    keep:
      locker: "$.free[?@.size == 's'].id | first"
      all: $.free[*].id

  - step: look
    at: api
    for: { one: "${all}", max: 5 }
    get: /lockers/${one}
    optional: true
    expect:
      css:h1@class: { exists: false }
      $.id: "${one}"

  - step: rent
    at: api
    post: /rents
    headers: { Idempotency-Key: "${run.id}" }
    auth: { bearer: "${token}" }
    json: { locker: "${locker}", user: "${user}", note: "${note}", days: 1, open: false }
    expect:
      status: 201
      $: { like: { locker: { state: rented } } }
    keep:
      rent: $.id
      link: { from: "header:Location", default: /rents }

  - step: pause
    wait: 1s

  - step: open
    at: doors
    post: /open
    xml: <open door="${locker}"/>
    auth: { hmac: { key: "${door_key}", header: X-Signature, over: "${request.method} ${request.path} ${request.body}" } }
    when: { var:locker: { exists: true } }
    timeout: 5s
    expect: { body: { contains: "opened" } }

  - step: see
    at: api
    get: ${link}
    auth: { bearer: "${token}" }
    expect:
      "$.events[?@.locker == ${locker}].kind | first": opened

cleanup:
  - step: give-back
    at: api
    delete: /rents/${rent}
    auth: { bearer: "${token}" }
    expect: { status: { in: [200, 204, 404] } }
  - step: sign-out
    at: login
    delete: /session
    auth: { bearer: "${token}" }

slo:
  - { good: passed, target: 99.5%, over: 28d }
  - { step: rent, good: { time: { lt: 1500ms } }, target: 95%, over: 28d }

vary:
  - { city: lund }
  - { city: malmo, labels: { region: south } }

outputs: [rent, order_no]
"#;

#[test]
fn a_journey_that_uses_the_whole_language_is_in_order() {
    let (_directory, report) = load_first(&[("a.yaml", FULL)]);
    assert_eq!(said(&report), Vec::<String>::new());
    let part = &report.journeys[0].part;
    assert_eq!((part.steps.len(), part.cleanup.len()), (7, 2));
    let vars: Vec<_> = part.vars.iter().map(|var| var.name.as_str()).collect();
    assert_eq!(vars, ["day", "order_no", "note"]);
}

const MISTAKES: &str = r#"forerunner: 1
journey: book-a-room
needs:
  hosts:
    rooms: https://rooms.example/v1
    desk: desk.example
  inputs:
    guests: { type: integer, default: "2" }
  secrets:
    key: { to: [rooms, dask] }
vars:
  from: ${until}
  until: ${from}
steps:
  - step: find
    at: rooms
    get: rooms
    query: { guests: "${guest}" }
    expct: { status: 200 }
  - step: book
    at: rooms
    post: /bookings
    file: booking.json
    auth: { bearer: "${key}" }
    retry: { every: 2 }
    expect:
      status: { lt: 800ms }
      $.id: { legnth: 3 }
  - step: book
    at: rooms
    get: /bookings/${id}
    keep: { code: cokie:session }
"#;

#[test]
fn ten_mistakes_are_found_in_one_go() {
    let (directory, report) = load_first(&[("a.yaml", MISTAKES)]);
    assert!(report.journeys.is_empty());
    let mut text = String::new();
    for problem in &report.diagnostics {
        let _ = writeln!(text, "{}", super::line(problem));
        let _ = problem.help.iter().try_for_each(|help| writeln!(text, "    {help}"));
    }
    insta::assert_snapshot!(text.replace(&directory.path().display().to_string(), "DIR"));
}
