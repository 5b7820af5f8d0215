//! The options of `test`, one by one: what each changes in what is sent and shown.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{Desk, journey, needing, test};
use crate::support::http1::{self, always, ok};

const HELLO: &str = "  - { step: hello, get: / }\n";

#[tokio::test]
async fn only_the_named_journeys_run() {
    let (site, seen) = http1::serve(vec![always(&ok("hello"))]).await;
    let both = format!("{}---\n{}", journey("home", site, HELLO), journey("search", site, "  - get: /search\n"));
    let desk = Desk::new().file("both.yaml", &both);
    desk.run(&test("both.yaml --only search")).await.ends_with(0).prints("search from").prints("1 run in ");
    assert_eq!(seen.requests().len(), 1);
    desk.run(&test("both.yaml --only search --only home")).await.ends_with(0).prints("2 runs in ");
    desk.run(&test("both.yaml --only serch")).await.ends_with(1).complains("did you mean `search`?");
    assert_eq!(seen.requests().len(), 3);
}

#[tokio::test]
async fn a_value_becomes_what_its_input_asks_for() {
    let (site, seen) = http1::serve(vec![always(&ok("hello"))]).await;
    let needs = "  writes: [thing]\n  inputs:\n    text: { type: string }\n    count: { type: integer }\n    \
                 flag: { type: boolean }\n    list: { type: array, items: { type: integer } }\n    map: { type: object }\n    \
                 any: {}\n";
    let steps = "  - post: /\n    json: { text: \"${text}\", count: \"${count}\", flag: \"${flag}\", list: \"${list}\", \
                 map: \"${map}\", any: \"${any}\" }\n";
    let desk = Desk::new().file("a.yaml", &needing("set", site, needs, steps));
    let set = "--set text=7 --set count=7 --set flag=true --set list=[1,2] --set map={\"a\":1} --set any=word=x";
    desk.run(&test(&format!("a.yaml --allow writes {set}"))).await.ends_with(0);
    let requests = seen.requests();
    let body = requests[0].split("\r\n\r\n").nth(1).expect("a body");
    assert_eq!(body, r#"{"text":"7","count":7,"flag":true,"list":[1,2],"map":{"a":1},"any":"word=x"}"#);

    let ran = desk.run(&test(&format!("a.yaml {set} --set count=many --set cuont=7"))).await;
    ran.ends_with(2).complains("1 | --set count=many\n").complains("1 | --set cuont=7\n");
    ran.complains("did you mean `count`?").complains("nothing was run");
    desk.run(&test("a.yaml --set text=7")).await.ends_with(2).complains("`--set count=…`");
    desk.run(&test("a.yaml --set text")).await.ends_with(1).complains("write it as `topic=growth`");
    assert_eq!(seen.requests().len(), 1);
}

#[tokio::test]
async fn secrets_come_from_the_environment_or_a_file_and_are_masked() {
    const PASSWORD: &str = "correct-horse-battery";
    let (site, seen) = http1::serve(vec![always(&ok(&format!("you said {PASSWORD}")))]).await;
    let needs = "  secrets: { password: { to: [site] } }\n";
    let steps = "  - get: /\n    headers: { X-Key: \"${password}\" }\n    expect: { body: \"${password}\" }\n";
    let desk = Desk::new()
        .file("a.yaml", &needing("secret", site, needs, steps))
        .file("password", &format!("{PASSWORD}\n"))
        .variable("PASSWORD", PASSWORD);
    for (index, source) in ["env:PASSWORD", "file:password"].into_iter().enumerate() {
        let line = format!("a.yaml --trace --secret password={source} --report json=r.json --report har=r.har");
        desk.run(&test(&line)).await.ends_with(4).prints("you said <password>").says_nowhere(PASSWORD);
        assert!(seen.requests()[index].to_lowercase().contains(&format!("x-key: {PASSWORD}\r\n")));
        assert!(!desk.read("r.json").contains(PASSWORD) && !desk.read("r.har").contains(PASSWORD));
    }
    for source in ["env:NO_SUCH_VARIABLE", "file:no-such-file"] {
        let ran = desk.run(&test(&format!("a.yaml --secret password={source}"))).await;
        ran.ends_with(3).prints("secret `password`").prints("on our side");
    }
    assert_eq!(seen.requests().len(), 2);
    desk.run(&test("a.yaml")).await.ends_with(2).complains("`--secret password=env:NAME`, or `file:PATH`");
    desk.run(&test("a.yaml --secret pasword=env:PASSWORD")).await.ends_with(2).complains("did you mean `password`?");
    // What was pasted may be the secret itself.
    let ran = desk.run(&test(&format!("a.yaml --secret password={PASSWORD}"))).await;
    ran.ends_with(1).complains("`--secret password=env:NAME`").says_nowhere(PASSWORD);
    let ran = desk.run(&test(&format!("a.yaml --secret {PASSWORD}"))).await;
    ran.ends_with(1).complains("write it as `password=env:PASSWORD`");
}

#[tokio::test]
async fn a_host_can_stand_elsewhere() {
    let (there, elsewhere) = http1::serve(vec![always(&ok("hello"))]).await;
    let (site, seen) = http1::serve(vec![always(&ok("hello"))]).await;
    let desk = Desk::new().file("a.yaml", &journey("home", site, HELLO));
    desk.run(&test(&format!("a.yaml --host site=http://{there}/base"))).await.ends_with(0);
    assert_eq!((seen.connections(), elsewhere.requests().len()), (0, 1));
    assert!(elsewhere.requests()[0].starts_with("GET /base/ HTTP/1.1\r\n"));
    desk.run(&test(&format!("a.yaml --host sit=http://{there}"))).await.ends_with(2).complains("did you mean `site`?");
    desk.run(&test("a.yaml --host site=there")).await.ends_with(1).complains("not an absolute URL");
}

#[tokio::test]
async fn the_configuration_binds_instead_of_flags() {
    let (site, seen) = http1::serve(vec![always(&ok("hello"))]).await;
    let needs = "  inputs: { word: { type: string } }\n";
    let config = "vantage: desk\ncontact: noc@example.org\nruns:\n  - file: a.yaml\n    inputs: { word: hop }\n    \
                  allow: { private-addresses: true }\n  - file: b.yaml\n";
    let desk = Desk::new()
        .file("a.yaml", &needing("search", site, needs, "  - get: /${word}\n"))
        .file("b.yaml", &journey("home", site, HELLO))
        .file("c.yaml", &journey("other", site, HELLO))
        .file("sub/readme.md", "x\n")
        .file("config.yaml", config);
    desk.run("test a.yaml --config config.yaml").await.ends_with(0).prints("search from desk,");
    let requests = seen.requests();
    assert!(
        requests[0].starts_with("GET /hop HTTP/1.1\r\n") && requests[0].contains("(+noc@example.org)"),
        "{requests:?}"
    );
    // The way to a file may be written in many ways.
    for line in ["test ./a.yaml --config ./config.yaml", "test sub/../a.yaml --config sub/../config.yaml"] {
        desk.run(line).await.ends_with(0).prints("search from desk,");
    }
    // A refusal tells what to change where the permission is written, not a flag that would not be taken.
    let ran = desk.run("test . --config config.yaml").await;
    ran.ends_with(3).prints("2 runs in").prints("`allow: { private-addresses: true }`").says_nowhere("command line");
    desk.run("test . --config config.yaml --only serch").await.ends_with(1).complains("did you mean `search`?");
    desk.run("test c.yaml --config config.yaml").await.ends_with(1).complains("runs no journey of `c.yaml`");
    desk.run("test a.yaml --config nothere.yaml").await.ends_with(2).complains("nothere.yaml");
    for flag in ["--set word=x", "--secret a=env:A", "--host site=http://x", "--allow writes"] {
        let ran = desk.run(&format!("test a.yaml --config config.yaml {flag}")).await;
        ran.ends_with(1).complains("does not go with `--config`");
    }
}

#[tokio::test]
async fn jobs_run_at_the_same_time() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let site = listener.local_addr().expect("an address");
    let both = format!("{}---\n{}", journey("one", site, HELLO), journey("two", site, HELLO));
    let desk = Desk::new().file("both.yaml", &both);
    let program = tokio::spawn(desk.command(&test("both.yaml --jobs 2")).output());
    // Nobody is answered before both are here.
    let mut streams = Vec::new();
    for _ in 0..2 {
        let (mut stream, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 1024];
        assert!(stream.read(&mut request).await.expect("a request") > 0);
        streams.push(stream);
    }
    for stream in &mut streams {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.expect("sent");
    }
    super::Ran::of(program.await.expect("no panic").expect("it starts")).ends_with(0).prints(": 2 passed");
    desk.run(&test("both.yaml --jobs 0")).await.ends_with(1).complains("--jobs");
}

#[tokio::test]
async fn repeated_runs_are_summed_up() {
    let (site, seen) = http1::serve(vec![always(&ok("hello"))]).await;
    let desk = Desk::new().file("a.yaml", &journey("home", site, HELLO));
    let ran = desk.run(&test("a.yaml --repeat 3")).await;
    ran.ends_with(0).prints("home, 3 runs: 3 passed\n").prints("median").prints("\n3 runs in ");
    // Every run measures a connection of its own.
    assert_eq!((seen.requests().len(), seen.connections()), (3, 3));
    desk.run(&test("a.yaml --repeat 0")).await.ends_with(1).complains("--repeat");
}

#[tokio::test]
async fn a_trace_shows_the_whole_exchange() {
    let (site, seen) = http1::serve(vec![always(&ok("hello"))]).await;
    let desk = Desk::new().file("a.yaml", &journey("home", site, "  - get: /\n    expect: { body: bye }\n"));
    let ran = desk.run(&test("a.yaml --trace")).await;
    ran.ends_with(4).prints("< hello\n").prints(&format!("> host: {site}\n")).prints("$ curl ");
    let sent = seen.requests()[0].to_lowercase();
    let trace = &sent.split("traceparent: 00-").nth(1).expect("a trace")[..32];
    ran.prints(&format!("trace {trace}"));
    desk.run(&test("a.yaml")).await.ends_with(4).says_nowhere("$ curl ").prints("got       \"hello\"");
}
