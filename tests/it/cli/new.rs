//! The first files of a newcomer: from three answers, and never over anything that is there.

use super::Desk;

#[tokio::test]
async fn three_answers_make_files_that_check_is_content_with() {
    for (arguments, mail) in [("--mail oncall@example.org", true), ("--mail=", false)] {
        let desk = Desk::new();
        let ran = desk
            .run(&format!("new --title Find-a-guide --url https://www.example.org/guides?page=2 {arguments}"))
            .await;
        assert_eq!(ran.code, Some(0), "{ran:?}");
        assert!(ran.out.contains("forerunner run --config config/forerunner.yaml"), "{}", ran.out);
        let checked = desk.run("check config probes").await;
        assert_eq!((checked.code, checked.out.contains("no problems")), (Some(0), true), "{checked:?}");
        assert!(desk.read("probes/find-a-guide.yaml").contains("get: \"/guides?page=2\""));
        assert_eq!(desk.read("config/forerunner.yaml").contains("oncall@example.org"), mail);
        // Nothing is overwritten.
        let again = desk.run(&format!("new --title Find-a-guide --url https://elsewhere.example {arguments}")).await;
        assert!(again.code == Some(1) && again.err.contains("is there already"), "{again:?}");
        assert!(desk.read("probes/find-a-guide.yaml").contains("www.example.org"));
    }
}

#[tokio::test]
async fn answers_come_from_a_pipe_too() {
    use tokio::io::AsyncWriteExt as _;
    let desk = Desk::new();
    let mut child = desk.command("new").stdin(std::process::Stdio::piped()).spawn().expect("started");
    let mut answers = child.stdin.take().expect("a pipe");
    answers.write_all("Größe: \"find\" a guide\nhttp://127.0.0.1:8080/\n\n".as_bytes()).await.expect("written");
    drop(answers);
    let ended = child.wait_with_output().await.expect("ended");
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    let checked = desk.run("check config probes").await;
    assert_eq!(checked.code, Some(0), "{checked:?}");
    assert!(desk.read("config/forerunner.yaml").contains("private-addresses: true"));
}

#[tokio::test]
async fn an_answer_that_cannot_be_used_is_one_clear_error() {
    for (arguments, words) in [
        ("--title= --url https://a.example --mail=", "is no title"),
        ("--title ... --url https://a.example --mail=", "no name can be made"),
        ("--title a --url ftp://a.example --mail=", "is no address of a page"),
        ("--title a --url https://u:p@a.example --mail=", "is no address of a page"),
        ("--title a --url https://a.example --mail nobody", "is not a mail address"),
    ] {
        let desk = Desk::new();
        let ran = desk.run(&format!("new {arguments}")).await;
        assert!(ran.code == Some(1) && ran.err.contains(words), "{ran:?}");
        assert!(!desk.path("probes").exists() && !desk.path("config").exists());
    }
}

#[tokio::test]
async fn shells_and_man_are_told_of_every_command() {
    let desk = Desk::new();
    for shell in ["bash", "zsh", "fish"] {
        let ran = desk.run(&format!("completions {shell}")).await;
        assert!(ran.code == Some(0) && ran.out.contains("incidents"), "{shell}");
    }
    let whole = desk.run("man").await;
    assert!(
        whole.code == Some(0) && whole.out.contains(".TH FORERUNNER 1") && whole.out.contains("incidents"),
        "{whole:?}"
    );
    let one = desk.run("man alert test").await;
    assert!(one.code == Some(0) && one.out.contains("fallback"), "{one:?}");
    let none = desk.run("man nonsense").await;
    assert!(none.code == Some(1) && none.err.contains("there is no command `nonsense`; there are: demo"), "{none:?}");
}
