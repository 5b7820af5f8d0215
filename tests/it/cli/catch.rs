//! `alert catch`: a relay for whoever has none, fed by `alert test` and by strangers.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout};

use super::Desk;

/// Long enough for a machine that does a lot else; nothing waits for it unless something is wrong.
const PATIENCE: Duration = Duration::from_mins(1);

struct Catching {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    address: String,
}

impl Catching {
    async fn start(desk: &Desk, arguments: &str) -> Self {
        let mut command = desk.command(&format!("alert catch --listen 127.0.0.1:0 {arguments}"));
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("started");
        let mut lines = BufReader::new(child.stdout.take().expect("lines")).lines();
        let first = lines.next_line().await.expect("readable").expect("a line");
        let address = first.split([' ', ',']).find(|word| word.starts_with("127.")).expect("an address").to_owned();
        Self { child, lines, address }
    }

    /// What it says until it ends, its errors, and how it ended.
    async fn end(mut self) -> (String, Option<i32>) {
        let mut said = String::new();
        let reading = async {
            while let Some(line) = self.lines.next_line().await.expect("readable") {
                said += &line;
                said.push('\n');
            }
            let mut errors = self.child.stderr.take().expect("errors");
            errors.read_to_string(&mut said).await.expect("readable");
            self.child.wait().await.expect("waited").code()
        };
        let code = tokio::time::timeout(PATIENCE, reading).await;
        (said, code.expect("it ended in time"))
    }

    fn config(&self) -> String {
        let port = self.address.rsplit(':').next().expect("a port");
        format!(
            "runs: []\nchannels:\n  ops-mail:\n    email:\n      from: forerunner@x.test\n      to: [a@x.test, b@x.test]\n      \
             relays: [{{ host: 127.0.0.1, port: {port}, tls: none }}]\n"
        )
    }
}

#[tokio::test]
async fn mails_are_shown_and_kept_and_their_senders_told() {
    let desk = Desk::new().file("mails/mail-1.eml", "of yesterday");
    let catching = Catching::start(&desk, "--save mails --mails 2").await;
    let desk = desk.file("c.yaml", &catching.config());
    let sent = desk.run("alert test --config c.yaml").await;
    sent.ends_with(0).prints("accepted: 250 2.0.0 caught as mail 1").prints("caught as mail 2");
    let (said, code) = catching.end().await;
    assert_eq!(code, Some(0), "{said}");
    for words in ["mail 1 to a@x.test\n  [forerunner] ", "mail 2 to b@x.test\n", "saved as mails/mail-3.html\n"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert_eq!(desk.read("mails/mail-1.eml"), "of yesterday");
    assert!(
        desk.read("mails/mail-2.eml").contains("To: a@x.test\r\n") && desk.read("mails/mail-2.html").contains("<html")
    );
}

#[tokio::test]
async fn a_mail_that_cannot_be_kept_is_not_taken() {
    let desk = Desk::new();
    let catching = Catching::start(&desk, "--save mails").await;
    let desk = desk.file("c.yaml", &catching.config());
    std::fs::remove_dir(desk.path("mails")).expect("removed");
    desk.run("alert test --config c.yaml").await.ends_with(4).prints("451 4.3.0 nobody keeps it now");
    let (said, code) = catching.end().await;
    assert!(code == Some(1) && said.contains("`mails` cannot be written"), "{said}");
}

#[tokio::test]
async fn strangers_cannot_steer_the_terminal_and_get_a_word_for_what_is_wrong() {
    let desk = Desk::new();
    let catching = Catching::start(&desk, "--mails 1").await;
    let mut stream = TcpStream::connect(&catching.address).await.expect("connected");
    let lines = "HELO x\r\nVRFY a\r\nRCPT TO:<a@x>\r\nMAIL FROM:<>\r\nMAIL FROM:<s@x>\r\nDATA\r\nRCPT TO:<a@x>\r\n\
                 RCPT TO:<b\u{1b}[31m@x>\r\nDATA\r\nSubject: \u{1b}]0;x\u{7}hi\r\n\r\n\u{1b}[2Jtext\r\n..\r\n.\r\nQUIT\r\n";
    stream.write_all(lines.as_bytes()).await.expect("sent");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.expect("answered");
    let codes: Vec<_> = answers.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(
        codes,
        ["220", "250", "502", "503", "250", "250", "503", "250", "250", "354", "250", "221"],
        "{answers}"
    );
    let (said, code) = catching.end().await;
    assert!(code == Some(0) && !said.contains('\u{1b}') && !said.contains('\u{7}'), "{said:?}");
    assert!(said.contains("mail 1 to a@x, b") && said.contains("text\n  .\n"), "{said}");
}

#[tokio::test]
async fn what_is_in_the_way_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let desk = Desk::new().file("mails", "");
    desk.run(&format!("alert catch --listen {address}")).await.ends_with(1).complains("--listen takes another address");
    desk.run("alert catch --listen 127.0.0.1:0 --save mails").await.ends_with(1).complains("`mails` cannot be written");
    desk.run("alert catch --mails 0").await.ends_with(1).complains("--mails");
}
