//! Journeys that use one another: found, contained, free of circles, compiled for the hosts of their user.

use super::{check, load_first, said};
use crate::base::secret::{HostIndex, Label};
use crate::journey::resolved::Action;

const INNER: &str = "
forerunner: 1
journey: sign-in
needs:
  hosts: { api: https://api.example }
  inputs: { account: { type: string }, country: { type: string, default: SE } }
  secrets: { password: { to: [api] } }
  writes: [session]
outputs: [token]
steps:
  - step: sign-in
    post: /session
    json: { account: \"${account}\", country: \"${country}\", password: \"${password}\" }
    keep: { token: { from: $.token, secret: true } }
";

const OUTER: &str = "
forerunner: 1
journey: a
needs:
  hosts: { shop: https://shop.example, api: https://api.example }
  secrets: { password: { to: [shop, api] } }
  writes: [session]
steps:
  - use: sign-in
    inputs: { account: me }
    keep: { token: output:token }
  - at: api
    get: /me
    auth: { bearer: \"${token}\" }
cleanup:
  - { at: api, delete: /session, auth: { bearer: \"${token}\" } }
";

#[test]
fn a_used_journey_runs_at_the_hosts_of_its_user_with_its_own_narrower_secrets() {
    let (_directory, report) = load_first(&[("a.yaml", OUTER), ("b.yaml", INNER)]);
    assert_eq!(report.journeys.len(), 1, "{:?}", said(&report));
    let Action::Use { part, inputs } = &report.journeys[0].part.steps[0].action else { panic!("a use") };
    assert_eq!(inputs.len(), 1);
    assert_eq!(part.outputs, ["token"]);
    assert_eq!(part.secrets, [("password".to_owned(), Label::only([HostIndex(1)]))]);
    let Action::Http(http) = &part.steps[0].action else { panic!("a request") };
    assert_eq!(http.host, HostIndex(1));
    assert_eq!(report.journeys[0].part.steps[0].id, "use-sign-in");
    assert_eq!(report.journeys[0].part.cleanup[0].kept_names, ["token"]);
}

#[test]
fn the_digest_covers_the_used_journey() {
    let digest = |inner: &str| load_first(&[("a.yaml", OUTER), ("b.yaml", inner)]).1.journeys[0].digest.clone();
    assert_ne!(digest(INNER), digest(&format!("{INNER}# changed\n")));
    let both = format!("{OUTER}---{INNER}");
    assert_eq!(load_first(&[("a.yaml", &both)]).1.journeys.len(), 2);
}

#[test]
fn what_the_user_lacks_is_said_at_the_use() {
    for (outer, problems) in [
        (OUTER.replace("use: sign-in", "use: sign-on"), vec!["use 9:10 there is no journey `sign-on`"]),
        (
            OUTER.replace("password: { to: [shop, api] }", "password: { to: [shop] }"),
            vec!["use-needs 9:10 journey `sign-in` sends secret `password` to `api`, which this one does not allow"],
        ),
        (
            OUTER.replace("writes: [session]", "writes: [something]"),
            vec!["use-needs 9:10 journey `sign-in` writes `session`"],
        ),
        (
            OUTER.replace("api: https://api.example", "api: https://api.example:8443"),
            vec![
                "use-needs 9:10 journey `sign-in` means `https://api.example` by host `api`, this one means `https://api.example:8443`",
            ],
        ),
        (
            OUTER.replace("account: me", "acount: me"),
            vec![
                "input 9:10 journey `sign-in` needs the input `account`",
                "input 10:15 journey `sign-in` has no input `acount`",
            ],
        ),
        (
            OUTER.replace("account: me", "account: 5"),
            vec!["input 10:15 input `account` is not valid: 5 is not of type \"string\""],
        ),
        (
            OUTER.replace("inputs: {", "retry: { times: 2 }\n    inputs: {"),
            vec!["action 10:5 `retry` does not belong to a `use` step"],
        ),
    ] {
        check(&[("a.yaml", &outer), ("b.yaml", INNER)], &problems);
    }
}

#[test]
fn a_used_journey_with_errors_is_not_used() {
    let broken = INNER.replace("post: /session", "post: /session\n    timeout: 5");
    check(&[("a.yaml", OUTER), ("b.yaml", &broken)], &["use 9:10 journey `sign-in` in `DIR/b.yaml` has errors"]);
    let twice = ["use 9:10 journey `sign-in` is in several files: `DIR/b.yaml`, `DIR/c.yaml`"];
    check(&[("a.yaml", OUTER), ("b.yaml", INNER), ("c.yaml", INNER)], &twice);
}

fn chain(id: &str, used: &str) -> String {
    let step = if used.is_empty() { "get: /".to_owned() } else { format!("use: {used}") };
    format!(
        "forerunner: 1\njourney: {id}\nneeds: {{ hosts: {{ site: https://www.example.org }} }}\nsteps: [{{ {step} }}]\n---\n"
    )
}

#[test]
fn uses_go_in_no_circle_and_at_most_four_deep() {
    let four = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "")];
    let text = |uses: &[(&str, &str)]| uses.iter().map(|(id, used)| chain(id, used)).collect::<String>();
    check(&[("a.yaml", &text(&four))], &[]);
    let five = text(&[&[("z", "a")][..], &four].concat());
    check(&[("a.yaml", &five)], &["use 4:16 uses are more than 4 journeys deep"]);
    let circle = text(&[("a", "b"), ("b", "c"), ("c", "b")]);
    check(
        &[("a.yaml", &circle)],
        &[
            "use 4:16 journey `b` uses `c`, which uses `b`",
            "use 9:16 journey `b` uses `c`, which uses `b`",
            "use 14:16 journey `c` uses `b`, which uses `c`",
        ],
    );
    check(&[("a.yaml", &text(&[("a", "a")]))], &["use 4:16 journey `a` uses itself"]);
}

#[test]
fn the_same_id_in_another_file_is_another_journey() {
    let inner = format!("{}{}", chain("b", "a"), chain("a", ""));
    check(&[("a.yaml", &chain("a", "b")), ("b.yaml", &inner)], &[]);
}
