//! Mistakes that loading finds, each said once, at its place.

use super::{HEAD, check};

/// A journey with these steps, and what is said of it.
fn steps(text: &str, expected: &[&str]) {
    check(&[("a.yaml", &format!("{HEAD}steps:\n{text}"))], expected);
}

#[test]
fn hosts_are_urls_of_this_version() {
    for (url, problem) in [
        ("www.example.org", "host-url 4:18 `www.example.org` is not the URL of a host"),
        ("tcp://mail.example:25", "not-in-this-version 4:18 `tcp` hosts come with a later version of forerunner"),
        ("https://u:p@a.example", "host-url 4:26 the URL of a host names no user"),
        ("\"https://a.example/?q=1\"", "host-url 4:37 the URL of a host has no query"),
    ] {
        let text = format!("forerunner: 1\njourney: a\nneeds:\n  hosts: {{ site: {url} }}\nsteps: [{{ get: / }}]\n");
        check(&[("a.yaml", &text)], &[problem]);
    }
}

#[test]
fn a_contract_waits_for_a_later_version() {
    let text = "forerunner: 1\njourney: a\nneeds: { hosts: { site: { url: https://a.example, contract: c.yaml } } }\nsteps: [{ get: / }]\n";
    check(&[("a.yaml", text)], &["not-in-this-version 3:61 contracts come with a later version of forerunner"]);
}

#[test]
fn ids_are_told_apart() {
    steps("  - { step: x, get: / }\n  - { step: x, get: /a }\n", &["duplicate-id 6:13 step id `x` is taken"]);
}

#[test]
fn a_condition_that_can_never_hold_is_refused() {
    for (expect, problems) in [
        ("{ status: { gte: 100 } }", vec![]),
        ("{ status: { gte: 800ms } }", vec!["cannot-hold 6:23"]),
        ("{ status: ok }", vec!["cannot-hold 6:23"]),
        ("{ time: { lt: 800 } }", vec!["cannot-hold 6:21"]),
        ("{ \"$.items[*].id\": 7 }", vec!["cannot-hold 6:32"]),
        ("{ header:X: { matches: \"(\" } }", vec!["cannot-hold 6:25"]),
        ("{ status | upper: { exists: true } }", vec!["cannot-hold 6:15"]),
        ("{ $.a: { all: [{ matches: \"(\" }, { equals: \"${run.id}\" }] } }", vec!["cannot-hold 6:20"]),
    ] {
        let text = format!("{HEAD}steps:\n  - get: /\n    expect: {expect}\n");
        let (_directory, report) = super::load_first(&[("a.yaml", &text)]);
        let found: Vec<_> = super::said(&report);
        let starts = found.len() == problems.len()
            && found.iter().zip(&problems).all(|(found, problem)| found.starts_with(&format!("{problem} ")));
        assert!(starts, "{expect}: {found:?}");
    }
}

#[test]
fn repetition_has_bounds() {
    steps("  - get: /\n    retry: { every: 1s }\n", &["value 6:12 `retry` needs `for` or `times`"]);
    steps(
        "  - get: /\n    retry: { times: 1 }\n",
        &["value 6:21 `times: 1` repeats nothing: the first attempt counts"],
    );
    steps(
        "  - get: /${x}\n    for: { x: [1, 2], max: 51 }\n",
        &["loop 6:28 `max: 51` is above `limits.loop`, which is 50"],
    );
}

#[test]
fn authentication_and_its_header_exclude_each_other() {
    steps(
        "  - get: /\n    headers: { authorization: x }\n    auth: { bearer: y }\n",
        &["authorization 6:16 `auth` and a header `Authorization` cannot be sent together"],
    );
    let host = "needs: { hosts: { site: { url: https://a.example, auth: { bearer: y } } } }";
    let text = format!(
        "forerunner: 1\njourney: a\n{host}\nsteps:\n  - {{ get: /, headers: {{ Authorization: x }} }}\n  - {{ get: /, headers: {{ Authorization: x }}, auth: none }}\n"
    );
    check(&[("a.yaml", &text)], &["authorization 5:26 `auth` and a header `Authorization` cannot be sent together"]);
}

#[test]
fn a_target_leads_to_the_host_of_its_step() {
    steps("  - get: https://www.example.org/x\n", &[]);
    steps(
        "  - get: https://other.example/x/${run.id}\n",
        &["origin 5:10 the target leads to `https://other.example`, the step is at `https://www.example.org`"],
    );
    steps("  - get: https://u@www.example.org/\n", &["target 5:10 this URL cannot be used: a target names no user"]);
}

#[test]
fn files_stay_in_the_directory_and_are_there() {
    let text =
        |path: &str| format!("{}steps:\n  - post: /\n    file: {path}\n", HEAD.replace("} }\n", "}, writes: [x] }\n"));
    for (path, problem) in [
        ("body.txt", None),
        ("nothing.txt", Some("package-file 6:11 there is no file `nothing.txt`")),
        ("../a.yaml", Some("package-file 6:11 path `../a.yaml` climbs with `..`")),
        ("/etc/passwd", Some("package-file 6:11 path `/etc/passwd` is absolute")),
        ("\"${run.id}\"", Some("package-file 6:11 path `${run.id}` holds a template")),
        (
            "{ path: template.txt, templates: true }",
            Some("file-template 6:19 file `template.txt` uses `nobody` in line 2, which nothing provides"),
        ),
    ] {
        let text = text(path);
        let files = [("a.yaml", text.as_str()), ("body.txt", "x"), ("template.txt", "${run.id}\n${nobody}\n")];
        check(&files, &problem.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn a_journey_uses_a_bounded_number_of_files() {
    let names: Vec<String> = (0..200).map(|number| format!("f{number}")).collect();
    let parts: Vec<String> = names.iter().map(|name| format!("p{name}: {{ file: {name} }}")).collect();
    let head = HEAD.replace("} }\n", "}, writes: [x] }\n");
    let text = format!("{head}steps:\n  - post: /\n    multipart: {{ {} }}\n", parts.join(", "));
    let mut files = vec![("a.yaml", text.as_str())];
    files.extend(names.iter().map(|name| (name.as_str(), "x")));
    let (_directory, report) = super::load_first(&files);
    let errors: Vec<_> = report.diagnostics.iter().filter(|problem| problem.is_error()).collect();
    assert_eq!(errors.len(), 1, "{:?}", super::said(&report));
    assert_eq!(errors[0].message, "the journey uses more than 200 files");
}

#[test]
fn schemas_are_read_with_everything_they_refer_to() {
    let text = |schema: &str| format!("{HEAD}steps:\n  - get: /\n    expect: {{ $.a: {{ schema: {schema} }} }}\n");
    for (schema, problem) in [
        ("contracts/a.json", None),
        ("contracts/b.yaml", None),
        ("{ type: integer }", None),
        ("{ $ref: contracts/a.json }", None),
        (
            "contracts/lost.json",
            Some(
                "schema 6:30 `contracts/lost.json` refers to `contracts/nothing.json`: there is no file `contracts/nothing.json`",
            ),
        ),
        (
            "contracts/text.json",
            Some("schema 6:30 file `contracts/text.json` is not JSON: expected ident at line 1 column 2"),
        ),
    ] {
        let text = text(schema);
        let files = [
            ("a.yaml", text.as_str()),
            ("contracts/a.json", r#"{ "items": { "$ref": "parts/item.json#/$defs/x" } }"#),
            ("contracts/parts/item.json", r#"{ "$defs": { "x": { "$ref": "../b.yaml" } } }"#),
            ("contracts/b.yaml", "type: [object, \"null\"]\n"),
            ("contracts/lost.json", r#"{ "$ref": "nothing.json" }"#),
            ("contracts/text.json", "text"),
        ];
        check(&files, &problem.into_iter().collect::<Vec<_>>());
    }
}

#[test]
fn inputs_have_valid_schemas_and_defaults() {
    for (input, start) in [
        ("{ type: integer, default: 5 }", None),
        ("{ type: integer, default: \"5\" }", Some("input 3:91 the default of `x` is not valid: ")),
        ("{ type: nothing }", Some("schema 3:65 schema `x`")),
        ("{ $ref: a.json }", Some("schema 3:65 the schema of input `x` refers to another")),
    ] {
        let head = HEAD.replace("} }\n", &format!("}}, inputs: {{ x: {input} }} }}\n"));
        let (_directory, report) =
            super::load_first(&[("a.yaml", &format!("{head}steps: [{{ get: \"/${{x}}\" }}]\n"))]);
        let said = super::said(&report);
        let right = match start {
            None => said.is_empty(),
            Some(start) => said.len() == 1 && said[0].starts_with(start),
        };
        assert!(right, "{input}: {said:?}");
    }
}

#[test]
fn vars_go_in_no_circle() {
    for (vars, problem) in [
        (
            "{ a: \"${b}\", b: \"${c}\", c: \"${a}\" }",
            Some("var-cycle 4:9 var `a` is made of itself, through `b`, `c`"),
        ),
        ("{ a: \"${a}\" }", Some("var-cycle 4:9 var `a` is made of itself")),
        ("{ a: \"${b}\", b: x }", None),
    ] {
        check(
            &[("a.yaml", &format!("{HEAD}vars: {vars}\nsteps: [{{ get: \"/${{a}}\" }}]\n"))],
            &problem.into_iter().collect::<Vec<_>>(),
        );
    }
}

#[test]
fn single_values_keep_their_forms() {
    for (step, problem) in [
        ("{ get: /, timeout: 0 }", "value 5:24 a timeout of 0 leaves no time for an answer"),
        ("{ get: /, base64: \"a\" }", "value 5:23 this is not base64"),
        (
            "{ get: /, auth: { basic: { user: \"a:b\", password: c } } }",
            "value 5:38 the user of `basic` holds no colon",
        ),
        (
            "{ get: /, auth: { hmac: { key: k, header: Host } } }",
            "header 5:47 header `Host` cannot be set in a journey",
        ),
        ("{ get: \"/${x}\", for: { x: [1], max: 0 } }", "value 5:41 `max: 0` goes through nothing"),
    ] {
        let (_directory, report) = super::load_first(&[("a.yaml", &format!("{HEAD}steps:\n  - {step}\n"))]);
        let errors: Vec<_> = report.diagnostics.iter().filter(|problem| problem.is_error()).map(super::line).collect();
        assert!(errors.len() == 1 && errors[0].starts_with(problem), "{problem}: {errors:?}");
    }
}

#[test]
fn objectives_and_varied_inputs_are_judged_as_well() {
    steps(
        "  - get: /\nslo: [{ good: { time: { lt: 800 } }, target: 99%, over: 28d }]\n",
        &["cannot-hold 6:23 { lt: 800 } can never hold: the value is of kind duration"],
    );
    let head = HEAD.replace("} }\n", "}, inputs: { n: { type: integer } } }\n");
    check(
        &[("a.yaml", &format!("{head}steps: [{{ get: \"/${{n}}\" }}]\nvary: [{{ n: 1 }}, {{ n: two }}]\n"))],
        &["input 5:20 input `n` is not valid: \"two\" is not of type \"integer\""],
    );
}

#[test]
fn what_could_not_be_read_is_not_missed_as_well() {
    for (text, problem) in [
        // Nothing of the first step is read; the second mentions what it keeps.
        ("  - { gett: /, keep: { id: $.id } }\n  - get: /${id}\n", "unknown-key 5:7 unknown key `gett`"),
        (
            "  - { mail: inbox, keep: { id: $.id } }\n  - get: /${id}\n",
            "not-in-this-version 5:7 `mail` steps come with a later version of forerunner",
        ),
        ("  - get: home\n", "target 5:10 `home` is not a path, a template or a URL"),
        ("  - get: /\n    keep: { id: $..., }\n  - get: /${id}\n", "selector 6:20 "),
        ("  - get: /${v}\nvars: { v: \"${now | dat %Y}\" }\n", "template 6:21 "),
    ] {
        let (_directory, report) = super::load_first(&[("a.yaml", &format!("{HEAD}steps:\n{text}"))]);
        let said = super::said(&report);
        assert!(said.len() == 1 && said[0].starts_with(problem), "{text}: {said:?}");
    }
    let text = "forerunner: 1\njourney: a\nneeds: { hosts: { site: { ur: x } } }\nsteps: [{ get: / }]\n";
    check(&[("a.yaml", text)], &["missing-key 3:25 key `url` is missing", "unknown-key 3:27 unknown key `ur`"]);
}

#[test]
fn a_step_has_one_action_and_its_keys() {
    for (step, problem) in [
        ("{ at: site }", "action 5:5 the step does nothing: it has no action"),
        ("{ get: /, post: / }", "action 5:15 a step does one thing: `get` and `post` are two actions"),
        ("{ wait: 1s, retry: { times: 2 } }", "action 5:17 `retry` does not belong to a `wait` step"),
        ("{ get: /, inputs: { a: b } }", "action 5:15 `inputs` does not belong to a `get` step"),
        ("{ dns: site }", "not-in-this-version 5:7 `dns` steps come with a later version of forerunner"),
        ("{ head: /, text: x }", "body 5:7 `head` sends no body, so `text` cannot be sent"),
        ("{ get: /, text: x, json: y }", "body 5:5 a step sends one body: `json` and `text` are two"),
        ("{ get: /, graphql: { query: x } }", "body 5:7 a `graphql` body needs `post`"),
        (
            "{ request: { method: CONNECT, path: / } }",
            "value 5:26 method `CONNECT` cannot be sent: it would open a tunnel or echo secrets",
        ),
        ("{ get: \"/#x\" }", "target 5:12 a target has no fragment: the part behind `#` is never sent"),
        ("{ get: /, follow: 21 }", "value 5:23 `follow` takes 1 to 20 redirects, not 21"),
        ("{ get: /, http: 3 }", "not-in-this-version 5:21 HTTP/3 comes with a later version of forerunner"),
        (
            "{ get: /, auth: { oauth2: {} } }",
            "not-in-this-version 5:23 `auth: oauth2` comes with a later version of forerunner",
        ),
        ("{ get: /, headers: { Host: x } }", "header 5:26 header `Host` cannot be set in a journey"),
        ("{ get: /, headers: { \"a b\": x } }", "header 5:26 `a b` is not a header name"),
        ("{ get: /, expect: {} }", "empty 5:23 an empty map of expectations says nothing"),
        ("{ get: /, expect: { status: { in: [] } } }", "empty 5:39 an empty list can never hold"),
        ("{ get: /, expect: { status: {} } }", "empty 5:33 an empty map is no condition"),
    ] {
        let (_directory, report) = super::load_first(&[("a.yaml", &format!("{HEAD}steps:\n  - {step}\n"))]);
        let errors: Vec<_> = report.diagnostics.iter().filter(|problem| problem.is_error()).collect();
        assert_eq!(errors.iter().map(|problem| super::line(problem)).collect::<Vec<_>>(), [problem], "{step}");
        assert!(errors[0].help.is_some(), "{step}");
    }
}
