//! What a part holds: defaults filled in, hosts found, conditions ready, names of kept values.

use std::time::Duration;

use super::{HEAD, loaded};
use crate::base::secret::{HostIndex, Label};
use crate::journey::definition::auth::Auth;
use crate::journey::resolved::{Action, CheckCondition, Http, Secrecy, Step};
use crate::model::run::Section;

fn http(step: &Step) -> &Http {
    match &step.action {
        Action::Http(http) => http,
        _ => panic!("a request"),
    }
}

#[test]
fn the_smallest_journey_has_every_default() {
    let journey = loaded(&format!("{HEAD}steps:\n  - get: /\n"));
    let step = &journey.part.steps[0];
    assert_eq!((step.id.as_str(), step.action_text.as_str()), ("get-home", "get /"));
    assert_eq!((step.timeout, step.optional, step.owner.clone()), (Duration::from_secs(10), false, None));
    assert_eq!(http(step).host, HostIndex(0));
    let place = (step.place.line, step.place.column, step.place.text.as_str());
    assert_eq!(place, (5, 5, "  - get: /"));
    let [status] = &step.expect[..] else { panic!("the implied status") };
    assert_eq!((status.section, status.slug.as_str(), status.place.column), (Section::Implied, "status", 5));
    assert!(matches!(status.condition, CheckCondition::Ready(_)));
    assert_eq!((journey.limits.time, journey.limits.loop_max), (Duration::from_mins(1), 50));
    assert_eq!(journey.hosts[0].origin.to_string(), "https://www.example.org");
}

#[test]
fn ids_are_slugs_of_actions_and_written_ones_come_first() {
    for (steps, ids) in [
        (vec!["get: /"], vec!["get-home"]),
        (vec!["get: /a?b=c"], vec!["get-a"]),
        (vec!["get: /v1/Tools/${x.id}/runs"], vec!["get-v1-tools-x-runs"]),
        (vec!["get: /", "get: /", "get: /"], vec!["get-home", "get-home-2", "get-home-3"]),
        (vec!["get: /", "{ get: /x, step: get-home }"], vec!["get-home-2", "get-home"]),
        (vec!["request: { method: PURGE, path: /x }"], vec!["purge-x"]),
        (vec!["wait: 90s"], vec!["wait-1m30s"]),
    ] {
        let steps = steps.iter().fold(String::new(), |text, step| text + "  - " + step + "\n");
        let writes = HEAD.replace("} }\n", "}, inputs: { x: { type: object } }, writes: [cache] }\n");
        let journey = loaded(&format!("{writes}steps:\n  - get: /use?x=${{x.id}}\n{steps}"));
        let found: Vec<_> = journey.part.steps[1..].iter().map(|step| step.id.as_str()).collect();
        assert_eq!(found, ids, "{steps}");
    }
}

const TWO_HOSTS: &str = r#"
forerunner: 1
journey: a
owner: us
needs:
  hosts:
    one:
      url: https://one.example/v1
      owner: them
      headers: { X-Key: a, X-Drop: b, Accept: text/html }
      auth: { bearer: "${key}" }
    two: http://two.example:8080
  secrets:
    key: { to: [one] }
"#;

/// The same with what a step keeps, and leave to write.
const KEEPING: &str = "    late: { to: [one, two], kept: true }
  writes: [things]
";

#[test]
fn headers_and_authentication_of_host_and_step_are_laid_together() {
    let text = format!(
        "{TWO_HOSTS}steps:
  - {{ at: one, get: /a, headers: {{ x-key: c, X-Drop: null }} }}
  - {{ at: one, get: /b, auth: none, owner: me, follow: {{ max: 2, to: [two] }} }}
  - {{ at: two, get: /c }}
  - {{ wait: 1s }}
"
    );
    let journey = loaded(&text);
    let fields = |step: &Step| -> Vec<String> {
        let fields = http(step).headers.iter();
        fields.map(|field| format!("{}={}", field.name.value, field.values.len())).collect()
    };
    let [a, b, c, wait] = &journey.part.steps[..] else { panic!("four steps") };
    assert_eq!(fields(a), ["accept=1", "x-key=1", "x-drop=0"]);
    assert!(matches!(http(a).auth, Some(Auth::Bearer(_))));
    assert!(http(b).auth.is_none() && http(c).auth.is_none() && fields(c).is_empty());
    assert_eq!(http(b).follow_to, [HostIndex(1)]);
    let owners: Vec<_> = [a, b, c, wait].iter().map(|step| step.owner.as_deref()).collect();
    assert_eq!(owners, [Some("them"), Some("me"), Some("us"), Some("us")]);
}

#[test]
fn kept_values_carry_their_secrecy_and_steps_know_what_they_need() {
    let text = format!(
        "{TWO_HOSTS}{KEEPING}vars: {{ day: today }}
steps:
  - at: one
    post: /a
    keep:
      id: $.id
      token: {{ from: $.token, secret: true }}
      late: $.late
      short: var:id | trim
  - at: one
    get: /x/${{id}}
    when: {{ var:token: {{ exists: true }} }}
    expect: {{ $.day: \"${{day}}\", $.short: \"${{short}}\" }}
    keep: {{ link: $.link, day2: \"$.items[?@.id == ${{id}}].day | first\" }}
  - at: one
    get: ${{link}}
    for: {{ part: \"${{link}}\", max: 3 }}
    retry: {{ times: 3, unless: {{ $.id: \"${{id}}\" }} }}
    keep: {{ link: $.link }}
  - at: two
    get: /${{day}}
    headers: {{ X-Late: \"${{late}}\", X-Day: \"${{day2}}\" }}
cleanup:
  - {{ at: one, delete: \"/a/${{id}}\", auth: {{ bearer: \"${{token}}\" }} }}
"
    );
    let journey = loaded(&text);
    let part = &journey.part;
    let secrecy: Vec<_> = part.steps[0].keep.iter().map(|keep| keep.secrecy).collect();
    let late = Label::only([HostIndex(0), HostIndex(1)]);
    assert_eq!(secrecy, [Secrecy::Open, Secrecy::Sender, Secrecy::Declared(late), Secrecy::Open]);
    let needed: Vec<_> = part.steps.iter().chain(&part.cleanup).map(|step| step.kept_names.join(" ")).collect();
    assert_eq!(needed, ["", "id short", "link id", "late day2", "id token"]);
    let kept: Vec<_> = part.steps.iter().map(|step| http(step).target_is_kept).collect();
    assert_eq!(kept, [false, true, true, false]);
    assert_eq!(part.steps[2].retry.as_ref().map(|retry| retry.every), Some(Duration::from_secs(1)));
    assert_eq!(part.secrets[0], ("key".to_owned(), Label::only([HostIndex(0)])));
}

#[test]
fn conditions_are_ready_unless_a_template_waits_for_the_run() {
    let text = format!(
        "{HEAD}vars: {{ x: y }}
steps:
  - post: /q
    graphql: {{ query: \"{{ a }}\" }}
    expect:
      $.a: 1
      $['a']: {{ gte: 1 }}
      $.b: {{ starts-with: \"${{x}}\" }}
    prefer: {{ time: {{ lt: 800ms }}, $.a: 2 }}
"
    )
    .replace("} }\n", "}, writes: [q] }\n");
    let journey = loaded(&text);
    let step = &journey.part.steps[0];
    let seen: Vec<_> = step
        .expect
        .iter()
        .chain(&step.prefer)
        .map(|check| {
            let ready = matches!(check.condition, CheckCondition::Ready(_));
            format!("{} {} {ready}", check.slug, check.section.word())
        })
        .collect();
    assert_eq!(
        seen,
        [
            "status implied true",
            "errors implied true",
            "a expect true",
            "a-2 expect true",
            "b expect false",
            "time prefer true",
            "a-3 prefer true",
        ]
    );
}

#[test]
fn vars_stand_behind_what_they_are_made_of() {
    let text = format!(
        "{}vars:\n  c: ${{b}} and ${{a}}\n  code: ${{totp key}}\n  b: ${{a | upper}}\n  a: x\nsteps:\n  - get: /${{c}}\n    headers: {{ X: \"${{code}}\" }}\n",
        HEAD.replace("} }\n", "}, secrets: { key: { to: [site] } } }\n")
    );
    let journey = loaded(&text);
    let vars: Vec<_> = journey.part.vars.iter().map(|var| (var.name.as_str(), var.at_each_use)).collect();
    assert_eq!(vars, [("a", false), ("b", false), ("c", false), ("code", true)]);
}

#[test]
fn inputs_with_a_default_have_a_value_and_schemas_judge_the_others() {
    let inputs = "inputs: { n: { type: integer, minimum: 1 }, s: { type: string, default: x } }";
    let head = HEAD.replace("} }\n", &format!("}}, {inputs} }}\n"));
    let journey = loaded(&format!("{head}steps:\n  - get: /${{n}}/${{s}}\n"));
    assert_eq!(journey.part.inputs, [("s".to_owned(), serde_json::json!("x"))]);
    let accepts = |value: serde_json::Value| journey.inputs[0].accept(&value);
    assert_eq!(accepts(serde_json::json!(3)), Ok(()));
    assert!(accepts(serde_json::json!(0)).is_err() && accepts(serde_json::json!("3")).is_err());
}
