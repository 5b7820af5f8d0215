//! Whether a daemon does its work, asked from outside: what is ready, not ready, not there, silent, or somebody else.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::Desk;

/// Answers everybody in these words; none: says nothing and keeps the connection.
async fn somebody(answer: Option<&'static str>) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).await;
                match answer {
                    Some(answer) => drop(stream.write_all(answer.as_bytes()).await),
                    None => tokio::time::sleep(Duration::from_mins(10)).await,
                }
            });
        }
    });
    address
}

#[tokio::test]
async fn what_answers_is_told_from_what_does_not() {
    for (answer, code, words) in [
        (Some("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nready\n"), 0, "is ready"),
        (
            Some("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 16\r\n\r\nstarting: a file"),
            1,
            "not ready: starting: a file",
        ),
        (Some("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), 1, "what answers is not forerunner: 200 `hello`"),
        (Some("220 smtp.example.org\r\n"), 1, "it does not speak HTTP"),
        (Some(""), 1, "the connection broke"),
        (None, 1, "no answer within 3 s"),
    ] {
        let address = somebody(answer).await;
        let ran = Desk::new().run(&format!("healthcheck --url http://u:secret@{address}")).await;
        assert_eq!(ran.code, Some(code), "{ran:?}");
        let said = format!("{}{}", ran.out, ran.err);
        assert!(said.contains(words) && said.contains(&address.to_string()), "{words}: {said}");
        assert!(!said.contains("secret"), "{said}");
    }
}

#[tokio::test]
async fn nobody_there_and_no_configuration_are_one_line_each() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let desk = Desk::new().file("c.yaml", &format!("listen: {address}\nruns: []\n")).file("bad.yaml", "lissten: x\n");
    for (arguments, words) in [
        (format!("--url http://{address}"), "connection refused"),
        ("--config c.yaml".to_owned(), "connection refused"),
        ("--config bad.yaml".to_owned(), "lissten"),
        ("--config none.yaml".to_owned(), "none.yaml"),
    ] {
        let ran = desk.run(&format!("healthcheck {arguments}")).await;
        assert!(ran.code == Some(1) && ran.err.contains(words), "{ran:?}");
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    }
}

#[tokio::test]
async fn a_daemon_that_lets_in_users_only_is_up_when_it_asks_for_one() {
    let wants = "HTTP/1.1 401 U\r\nWWW-Authenticate: Basic realm=\"forerunner\"\r\nContent-Length: 0\r\n\r\n";
    let somebody_else = "HTTP/1.1 401 U\r\nWWW-Authenticate: Basic realm=\"router\"\r\nContent-Length: 0\r\n\r\n";
    let users = "basic_auth_users: { ann: $2y$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW }\n";
    for (answer, web, code, words) in [
        (wants, users, 0, "is up; whether it is ready, only a user is told"),
        (wants, "", 1, "it asks for a user and a password"),
        (somebody_else, users, 1, "what answers is not forerunner"),
    ] {
        let address = somebody(Some(answer)).await;
        let config = format!("listen: {address}\nweb-config: web.yml\nruns: []\n");
        let desk = Desk::new().file("c.yaml", &config).file("web.yml", web);
        let ran = desk.run("healthcheck --config c.yaml").await;
        assert!(ran.code == Some(code) && format!("{}{}", ran.out, ran.err).contains(words), "{ran:?}");
    }
    let desk = Desk::new().file("c.yaml", "listen: 127.0.0.1:0\nruns: []\n");
    desk.run("healthcheck --config c.yaml").await.ends_with(1).complains("`listen` has port 0");
}
