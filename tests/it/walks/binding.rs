//! Bindings: what is missing or too much is told with its place, the rest becomes runs.

use super::{Walk, bound, brief, told, written};

const JOURNEY: &str = "forerunner: 1
journey: j
version: 1.4.2
needs:
  hosts: { site: http://127.0.0.1:1 }
  inputs:
    country: { type: string, pattern: \"^[A-Z]{2}$\" }
    count: { type: integer, default: 3 }
  secrets: { key: { to: [site] } }
limits: { time: 2m, every: 30s }
vars: { v: \"${country}${count}\" }
steps: [{ step: a, get: \"/${v}\", headers: { X-Key: \"${key}\" } }]
";

fn outcome(binding: &str) -> Vec<String> {
    let directory = tempfile::tempdir().expect("a directory");
    written(&directory, "j.yaml", JOURNEY);
    written(&directory, "key", "open-sesame");
    match bound(directory.path(), "j.yaml", binding) {
        Ok(journeys) => journeys.into_iter().map(|journey| journey.name).collect(),
        Err(problems) => problems.iter().filter(|problem| problem.is_error()).map(told).collect(),
    }
}

#[test]
fn every_mistake_in_a_binding_is_told_at_its_place() {
    let good = "inputs: { country: SE }\nsecrets: { key: file:key }\n";
    for (binding, expected) in [
        ("inputs: { country: SE }\nsecrets: { key: file:key }", &["j"][..]),
        (
            "{}",
            &[
                "binding 1:1 journey `j` needs secret `key` (say where it is held: `secrets: { key: env:NAME }`, or `file:PATH`)",
                "binding 1:1 journey `j` needs input `country` (give it: `inputs: { country: … }`)",
            ],
        ),
        (
            "inputs: { country: se }\nsecrets: { key: file:key }",
            &["binding 1:20 input `country` is not valid: \"se\" does not match \"^[A-Z]{2}$\""],
        ),
        (
            "inputs: { country: SE, count: \"5\" }\nsecrets: { key: file:key }",
            &["binding 1:31 input `count` is not valid: \"5\" is not of type \"integer\""],
        ),
        (
            "inputs: { country: SE, contry: SE }\nsecrets: { key: file:key }",
            &["binding 1:24 journey `j` declares no input `contry` (did you mean `country`?)"],
        ),
        (
            "inputs: { country: SE }\nsecrets: { key: file:key, kee: env:X }\nhosts: { sit: http://127.0.0.1:2 }",
            &[
                "binding 2:27 journey `j` declares no secret `kee` (did you mean `key`?)",
                "binding 3:10 journey `j` declares no host `sit` (did you mean `site`?)",
            ],
        ),
        (
            "inputs: { country: SE }\nsecrets: { key: hunter2 }",
            &[
                "secret-source 2:17 this is not a place where a secret is held (write `env:NAME` or `file:PATH`; the value itself never stands in a file)",
            ],
        ),
        (
            &format!("{good}limits: {{ time: 1m }}"),
            &[
                "ceiling 3:17 journey `j` asks `time: 2m`, allowed is 1m (allow it with `limits: { time: 2m }`, or ask the author for less)",
            ],
        ),
        (&format!("{good}limits: {{ time: 5m, requests: 10 }}"), &["j"]),
        (
            &format!("{good}every: 10s"),
            &["ceiling 3:8 `every: 10s` is more often than journey `j` accepts (its `limits.every` is 30s)"],
        ),
        (&format!("{good}digest: sha256:00"), &[]),
        (&format!("{good}version: ^1.5"), &["pin 3:10 version `^1.5` is wanted, the definition has 1.4.2"]),
        (&format!("{good}version: ^1.4"), &["j"]),
        (&format!("{good}version: 1.4.2"), &["j"]),
        (
            &format!("{good}name: Not Good"),
            &["run-name 3:7 `Not Good` is not a run name (use lower-case letters, digits and dashes: `not-good`)"],
        ),
        (&format!("{good}name: other"), &["other"]),
        (&format!("{good}each: [{{ count: 1 }}, {{ count: 2, labels: {{ size: Big One }} }}]"), &["j-1", "j-big-one"]),
        (
            &format!("{good}each: [{{ count: 1 }}, {{ count: 1 }}]"),
            &["run-name 3:22 two runs would be called `j-1` (give their entries different `labels`)"],
        ),
        (
            &format!("{good}each: [{{ cuont: 1 }}]"),
            &["binding 3:10 journey `j` declares no input `cuont` (did you mean `count`?)"],
        ),
        (
            &format!("{good}each: [{{ count: x }}]"),
            &["binding 3:8 input `count` is not valid: \"x\" is not of type \"integer\""],
        ),
        (
            &format!("{good}each: []"),
            &["run-name 1:1 `each` is empty, so nothing would run (leave it out, or give it an entry for each run)"],
        ),
        (&format!("{good}hosts: {{ site: \"ftp://x\" }}"), &[]),
        (
            &format!("{good}mailboxes: {{}}"),
            &["not-in-this-version 3:12 `mailboxes` come with a later version of forerunner"],
        ),
        (
            &format!("{good}network: {{ ca: none.pem }}"),
            &["network 3:16 `ca` cannot be read: No such file or directory (os error 2)"],
        ),
        (
            &format!("{good}network: {{ tls-min: 1.3, tls-max: 1.2 }}"),
            &["network 3:10 `tls-min` cannot be used: `tls-min` is higher than `tls-max`"],
        ),
        (
            &format!("{good}network: {{ resolve: {{ a: 127.0.0.1, \"b:1\": c }} }}"),
            &["network 3:23 `a` is not `host:port`", "network 3:44 `c` is not an address"],
        ),
        (
            &format!("{good}network: {{ pin: [abc] }}"),
            &[
                "network 3:18 `abc` is not the SHA-256 of a public key (write 64 hexadecimal digits, or base64 as in `sha256/…=`)",
            ],
        ),
        (
            &format!("{good}network: {{ client-cert: file:key }}"),
            &["network 3:25 `client-cert` and `client-key` go together"],
        ),
        (&format!("{good}allow: {{ private-addresses: [10.0.0.0/99] }}"), &[]),
    ] {
        let got = outcome(binding);
        if expected.is_empty() {
            assert!(!got.is_empty() && got[0].contains(' '), "{binding} is accepted: {got:?}");
        } else {
            assert_eq!(got, expected, "{binding}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn hosts_can_be_overridden_and_reached_by_other_ways() {
    let yaml = "needs: { hosts: { site: http://app.example } }\nsteps: [{ step: a, get: / }]";
    let walked = Walk::new(yaml, &["200"]).bound("hosts: { site: http://SITE }").go().await;
    assert_eq!(brief(&walked.run), "passed; a passed");
    assert_eq!(walked.requests[0].header("host"), walked.address);
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_cannot_be_read_makes_the_run_indeterminate() {
    let yaml = "needs: { hosts: { site: http://SITE }, secrets: { key: { to: [site] } } }\nsteps: [{ step: a, get: /, headers: { X-Key: \"${key}\" } }]\ncleanup: [{ step: u, get: / }]";
    let walked = Walk::new(yaml, &["200"]).bound("secrets: { key: file:not-there }").go().await;
    assert_eq!(brief(&walked.run), "indeterminate input secret-unreadable");
    assert!(walked.requests.is_empty());
}

#[tokio::test(start_paused = true)]
async fn inputs_come_from_the_binding_before_the_default() {
    let yaml = "needs: { hosts: { site: http://SITE }, inputs: { a: { type: string, default: x }, b: { type: string, default: y } } }\nsteps: [{ step: a, get: \"/${a}/${b}\" }]";
    let walked = Walk::new(yaml, &["200"]).bound("inputs: { b: z }").go().await;
    assert_eq!(super::lines(&walked.requests), ["GET /x/z"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_said_of_one_host_wins_over_what_is_said_of_all() {
    let yaml = "needs: { hosts: { site: http://app.example:SITE_PORT } }\nsteps: [{ step: a, get: / }]";
    let all = "network: { resolve: { \"app.example:SITE_PORT\": 127.0.0.9 } }";
    let one = format!("{all}\nhosts: {{ site: {{ resolve: {{ \"APP.example:SITE_PORT\": 127.0.0.1 }} }} }}");
    for (binding, expected) in
        [(all, "failed connect; a failed connection-refused"), (one.as_str(), "passed; a passed")]
    {
        let walked = Walk::new(yaml, &["200"]).bound(binding).go().await;
        assert_eq!(brief(&walked.run), expected, "{binding}");
    }
}
