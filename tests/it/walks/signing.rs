//! `auth`: what goes out, verified by a computation of its own.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::{Sha256, Sha512};

use super::{START, Walk, brief};

#[tokio::test(start_paused = true)]
async fn bearer_and_basic_are_as_their_standards_say() {
    for (auth, expected) in [
        ("{ bearer: \"${t}\" }", "Bearer a b"),
        ("{ basic: { user: \"${u}\", password: \"p:ä\" } }", &format!("Basic {}", STANDARD.encode("me:p:ä"))),
        ("none", ""),
    ] {
        let yaml = format!(
            "needs: {{ hosts: {{ site: {{ url: http://SITE, auth: {{ bearer: \"host\" }} }} }} }}\nvars: {{ t: a b, u: me }}\nsteps: [{{ step: a, get: /, auth: {auth} }}, {{ step: b, get: / }}]"
        );
        let walked = Walk::new(&yaml, &["200"]).go().await;
        assert_eq!(brief(&walked.run), "passed; a passed; b passed", "{auth}");
        let sent: Vec<_> = walked.requests.iter().map(|taken| taken.header("authorization")).collect();
        assert_eq!(sent, [expected, "Bearer host"]);
    }
    let yaml = "vars: { u: \"a:b\" }\nsteps: [{ step: a, get: /, auth: { basic: { user: \"${u}\", password: p } } }]";
    let walked = Walk::new(yaml, &["200"]).go().await;
    assert_eq!(brief(&walked.run), "indeterminate input; a indeterminate value-unusable");
}

#[tokio::test(start_paused = true)]
async fn signatures_cover_the_very_bytes_that_go_out() {
    let over = "${request.method} ${request.path}\\n${request.time}\\n${request.body}";
    let message = format!("POST /p?q=a%20b\n{START}\n{{\"n\":5}}");
    let sha256 = |message: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(b"sesame-key").expect("a key");
        mac.update(message);
        mac.finalize().into_bytes().to_vec()
    };
    let mut sha512 = Hmac::<Sha512>::new_from_slice(b"sesame-key").expect("a key");
    sha512.update(message.as_bytes());
    let sha512 = sha512.finalize().into_bytes().to_vec();
    let hexadecimal = |bytes: &[u8]| forerunner::model::value::hexadecimal(bytes);
    for (hmac, body, expected) in [
        ("{ key: \"${key}\", header: X-Sig }", "json: { n: 5 }", hexadecimal(&sha256(b"{\"n\":5}"))),
        (
            "{ key: \"${key}\", header: X-Sig, prefix: \"v1=\" }",
            "base64: /wA=",
            format!("v1={}", hexadecimal(&sha256(b"\xff\x00"))),
        ),
        ("{ key: \"${key}\", header: X-Sig }", "timeout: 3s", hexadecimal(&sha256(b""))),
        (
            &format!("{{ key: \"${{key}}\", header: X-Sig, over: \"{over}\" }}"),
            "json: { n: 5 }",
            hexadecimal(&sha256(message.as_bytes())),
        ),
        (
            &format!("{{ key: \"${{key}}\", header: X-Sig, over: \"{over}\", algorithm: sha512, encoding: base64 }}"),
            "json: { n: 5 }",
            STANDARD.encode(&sha512),
        ),
    ] {
        let hmac = hmac.replace(" }", ", time-header: X-Time }");
        let yaml = format!(
            "needs: {{ hosts: {{ site: http://SITE }}, secrets: {{ key: {{ to: [site] }} }}, writes: [things] }}\nsteps: [{{ step: a, post: /p, query: {{ q: a b }}, {body}, auth: {{ hmac: {hmac} }} }}]"
        );
        let directory = tempfile::tempdir().expect("a directory");
        let key = super::written(&directory, "key", "sesame-key\n");
        let walked =
            Walk::new(&yaml, &["500"]).bound(&format!("secrets: {{ key: \"file:{}\" }}", key.display())).go().await;
        assert_eq!(brief(&walked.run), "failed http; a failed unexpected-status", "{hmac}");
        let taken = &walked.requests[0];
        assert_eq!((taken.header("x-sig"), taken.header("x-time")), (expected.clone(), START.to_string()), "{hmac}");
        let told = serde_json::to_string(&walked.run).expect("JSON");
        assert!(!told.contains("sesame-key") && !told.contains(&expected), "{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn graphql_errors_under_status_200_are_misses() {
    for (expect, answer, expected) in [
        ("", "200 {\"data\": {}}", "passed; a passed"),
        ("", "200 {\"data\": {}, \"errors\": []}", "passed; a passed"),
        (
            "",
            "200 {\"data\": {}, \"errors\": [{\"message\": \"no\"}]}",
            "failed expectation; a failed expectation-missed",
        ),
        (", expect: { $.errors: { length: 1 } }", "200 {\"errors\": [{}]}", "passed; a passed"),
    ] {
        let yaml = format!("steps: [{{ step: a, post: /, graphql: {{ query: \"{{ a }}\" }}{expect} }}]");
        let walked = Walk::new(&yaml, &[answer]).go().await;
        assert_eq!(brief(&walked.run), expected, "{expect} {answer}");
    }
}
