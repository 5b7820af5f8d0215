//! What the command line accepts, what it answers, and with which exit.

use clap::CommandFactory;

use super::*;

fn parse(line: &str) -> Result<Arguments, clap::Error> {
    Arguments::try_parse_from(line.split(' '))
}

fn check(line: &str, expected: &str) {
    let error = parse(line).expect_err(line);
    assert_eq!(exit_of(&error), Exit::Usage, "{line}");
    let message = error.to_string();
    assert!(message.contains(expected), "{line}: {message}");
}

#[test]
fn the_definition_is_consistent() {
    Arguments::command().debug_assert();
}

#[test]
fn a_whole_test_command_is_read() {
    let line = "forerunner test a.yaml b --only home --only login --set topic=a=b --set empty= --secret pw=env:PW \
                --host platform=https://staging.example/base --allow writes,private-addresses --config c.yaml \
                --format tap --report junit=out.xml --report har=out.har --jobs 4 --repeat 3 --trace --color never";
    let arguments = parse(line.split_whitespace().collect::<Vec<_>>().join(" ").as_str()).expect("valid");
    assert_eq!(arguments.color, Color::Never);
    let Command::Test(test) = arguments.command else { panic!("not a test") };
    assert_eq!(test.files, [PathBuf::from("a.yaml"), PathBuf::from("b")]);
    assert_eq!(test.only, ["home", "login"]);
    let inputs: Vec<(&str, &str)> = test.inputs.iter().map(|it| (it.name.as_str(), it.value.as_str())).collect();
    assert_eq!(inputs, [("topic", "a=b"), ("empty", "")]);
    assert_eq!((test.secrets[0].name.as_str(), test.secrets[0].source.as_str()), ("pw", "env:PW"));
    assert_eq!(test.hosts[0].url.as_str(), "https://staging.example/base");
    assert_eq!(test.allow, [Allowance::Writes, Allowance::PrivateAddresses]);
    assert_eq!(test.format, RunFormat::Tap);
    let formats: Vec<ReportFormat> = test.reports.iter().map(|report| report.format).collect();
    assert_eq!(formats, [ReportFormat::Junit, ReportFormat::Har]);
    assert_eq!((test.jobs.get(), test.repeat.get(), test.trace), (4, 3, true));
}

#[test]
fn mistakes_are_usage_errors() {
    for (line, expected) in [
        ("forerunner walk", "unrecognized subcommand 'walk'"),
        ("forerunner check", "<FILE>..."),
        ("forerunner check a.yaml --format xml", "github"),
        ("forerunner test a.yaml --set topic", "topic=growth"),
        ("forerunner test a.yaml --set 1x=2", "a name has letters"),
        ("forerunner test a.yaml --host platform=staging", "not an absolute URL"),
        ("forerunner test a.yaml --report html=x", "kinds are junit"),
        ("forerunner test a.yaml --report junit=", "junit=report.xml"),
        ("forerunner test a.yaml --allow everything", "private-addresses"),
        ("forerunner test a.yaml --jobs 0", "--jobs"),
        ("forerunner schema html", "journey, config"),
    ] {
        check(line, expected);
    }
}

#[test]
fn help_and_version_are_no_mistakes() {
    for line in ["forerunner --help", "forerunner test --help", "forerunner --version", "forerunner help check"] {
        assert_eq!(exit_of(&parse(line).expect_err(line)), Exit::Ok, "{line}");
    }
    assert_eq!(exit_of(&parse("forerunner").expect_err("no command")), Exit::Usage);
}

#[test]
fn a_pasted_secret_is_not_shown() {
    let source = secret_source("password=hunter2").expect("valid");
    assert!(!format!("{source:?}").contains("hunter2"));
}

#[test]
fn help_tells_the_exit_codes() {
    insta::assert_snapshot!("help", Arguments::command().render_long_help());
}

#[test]
fn help_of_test() {
    let mut command = Arguments::command();
    command.build();
    insta::assert_snapshot!("help-test", command.find_subcommand_mut("test").expect("test").render_long_help());
}
