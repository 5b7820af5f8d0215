//! What a run may not do by itself is refused before anything is sent, with the flag that would allow it.

use super::{Desk, journey, needing};
use crate::support::http1::{self, always, ok, write};

#[tokio::test]
async fn private_addresses_name_their_flag() {
    let (site, seen) = http1::serve(vec![always(&ok("hello"))]).await;
    let desk = Desk::new().file("a.yaml", &journey("home", site, "  - get: /\n"));
    desk.run("test a.yaml").await.ends_with(3).prints("on the command line: `--allow private-addresses`\n");
    assert_eq!(seen.connections(), 0);
    desk.run("test a.yaml --allow private-addresses").await.ends_with(0);
    // A name that leads there is the target's doing, but the way out is the same.
    let named = journey("home", site, "  - get: /\n").replace("127.0.0.1", "localhost");
    let ran = Desk::new().file("a.yaml", &named).run("test a.yaml").await;
    ran.ends_with(4).prints("on the command line: `--allow private-addresses`\n");
}

#[tokio::test]
async fn writes_name_their_flag() {
    let (site, seen) = http1::serve(vec![always(&ok("hello"))]).await;
    let desk = Desk::new().file("a.yaml", &needing("home", site, "  writes: [thing]\n", "  - post: /\n"));
    let ran = desk.run("test a.yaml --allow private-addresses").await;
    ran.ends_with(3).prints("on the command line: `--allow writes`\n");
    assert_eq!(seen.connections(), 0);
    desk.run("test a.yaml --allow private-addresses,writes").await.ends_with(0);
    desk.run("test a.yaml --allow private-addresses --allow writes").await.ends_with(0);
    desk.run("test a.yaml --allow write").await.ends_with(1).complains("a similar value exists: 'writes'");
}

#[tokio::test]
async fn a_redirect_to_undeclared_places_names_no_flag() {
    let away = write("HTTP/1.1 302 Found\r\nLocation: http://elsewhere.example/\r\nContent-Length: 0\r\n\r\n");
    let (site, _) = http1::serve(vec![always(&away)]).await;
    let desk = Desk::new().file("a.yaml", &journey("home", site, "  - get: /\n    follow: 2\n"));
    let ran = desk.run("test a.yaml --allow private-addresses").await;
    ran.ends_with(4).prints("redirect-elsewhere").says_nowhere("on the command line");
}
