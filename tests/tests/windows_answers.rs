//! The texts of Windows and Samba domain controllers, replayed over real TLS, become one typed error each.

use password_writeback::{
    ActiveDirectory, ChangePassword, Code, Error, History, PasswordWriteback, Reason, ResetPassword, Rule, Rules,
    Settings, UnlockAccount,
};
use testkit::fake::{FakeDc, Reaction, Script, User, When};

const OLD: &str = "Old-Pa55word";
const NEW: &str = "New-Pa55word-1";

struct Row {
    operation: String,
    result: u32,
    diagnostic: String,
    code: Code,
    detail: String,
}

fn rows() -> Vec<Row> {
    let table = include_str!("../../core/tests/data/diagnostics.tsv");
    let rows: Vec<Row> = table
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("operation"))
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            Row {
                operation: fields[0].to_owned(),
                result: fields[1].parse().unwrap(),
                diagnostic: unescape(fields[2]),
                code: fields[3].parse().unwrap(),
                detail: fields.get(4).copied().unwrap_or_default().to_owned(),
            }
        })
        .collect();
    assert!(rows.len() >= 20, "the table has only {} rows", rows.len());
    rows
}

fn unescape(text: &str) -> String {
    text.replace("\\n", "\n")
        .replace("\\t", "\t")
        .replace("\\0", "\0")
        .replace("\\\\", "\\")
}

fn directory(dc: &FakeDc) -> ActiveDirectory {
    let settings = Settings::new([dc.ldaps_url()], dc.service_user(), dc.service_password()).ca_file(dc.ca_file());
    ActiveDirectory::new(settings.rules(Rules::default())).unwrap()
}

/// Replays one row, and returns the error, or `None` where the operation succeeded.
async fn replay(row: &Row) -> (FakeDc, Option<Error>) {
    let when = match row.operation.as_str() {
        "bind" => When::bind(),
        "search" => When::root_dse(),
        _ => When::modify(),
    };
    let reaction = Reaction::result(row.result, row.diagnostic.as_bytes()).not_applied();
    let dc = FakeDc::start(
        Script::windows()
            .user(User::new("alice").password(OLD))
            .on(when, reaction),
    )
    .await;
    let directory = directory(&dc);
    let result = match row.operation.as_str() {
        "change" => directory.change_password(ChangePassword::new("alice", OLD, NEW)).await,
        "unlock" => directory.unlock_account(UnlockAccount::new("alice")).await,
        _ => {
            directory
                .reset_password(ResetPassword::new("alice", NEW).history(History::Required))
                .await
        }
    };
    (dc, result.err())
}

fn check(row: &Row, error: &Error) {
    let context = format!("{} {} {:?}: {error:?}", row.operation, row.result, row.diagnostic);
    let expected = match row.code {
        // Every connection of this library is encrypted, so the refusal means something else.
        Code::InsecureChannel => Code::Directory,
        code => code,
    };
    assert_eq!(error.code(), expected, "{context}");
    assert_eq!(error.result_code(), Some(row.result), "{context}");
    let rule = error.violations().first().map(|violation| violation.rule);
    match row.detail.as_str() {
        detail if detail.starts_with("too short") => assert_eq!(rule, Some(Rule::MinLength), "{context}"),
        detail if detail.starts_with("not complex") => assert_eq!(rule, Some(Rule::Complexity), "{context}"),
        detail if detail.starts_with("in history") => assert_eq!(rule, Some(Rule::History), "{context}"),
        detail if detail.starts_with("too young") => assert_eq!(rule, Some(Rule::MinAge), "{context}"),
        "bad user name or password" => assert_eq!(error.reason(), Some(Reason::WrongCredentials), "{context}"),
        "password must change" => assert_eq!(error.reason(), Some(Reason::MustChangePassword), "{context}"),
        "password expired" => assert_eq!(error.reason(), Some(Reason::PasswordExpired), "{context}"),
        "signing required" => assert_eq!(error.reason(), Some(Reason::SigningRequired), "{context}"),
        _ => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_of_the_table_becomes_its_error() {
    for row in rows() {
        let (dc, error) = replay(&row).await;
        let error = error.unwrap_or_else(|| panic!("{} {:?} succeeded", row.operation, row.diagnostic));
        check(&row, &error);
        assert!(!dc.was_written("alice"), "{:?}", row.diagnostic);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_names_no_rule_is_explained_by_policy_or_exclusion() {
    let unnamed = "0000052D: SvcErr: DSID-031A126C, problem 5003 (WILL_NOT_PERFORM), data 0\n\0";
    for (candidate, rules) in [
        ("Sh0rt", vec![Rule::MinLength]),
        ("alllowercase", vec![Rule::Complexity]),
        ("xx-Alice-99", vec![Rule::AccountName, Rule::DisplayName]),
        ("Perfectly-Fine-1", vec![Rule::History, Rule::Filter]),
    ] {
        let user = User::new("alice")
            .password(OLD)
            .password_age(std::time::Duration::from_secs(10 * 86_400));
        let reaction = Reaction::result(53, unnamed).not_applied();
        let dc = FakeDc::start(Script::windows().user(user).on(When::modify(), reaction)).await;
        let error = directory(&dc)
            .reset_password(ResetPassword::new("alice", candidate))
            .await
            .unwrap_err();
        let found: Vec<Rule> = error.violations().iter().map(|violation| violation.rule).collect();
        assert_eq!(found, rules, "{candidate}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_logon_is_retried_once() {
    let forgotten = "000004DC: LdapErr: DSID-0C0907E9, comment: a bind must be completed, data 0, v2580\0";
    let reaction = Reaction::result(1, forgotten).not_applied();
    let script = Script::windows()
        .user(User::new("alice").password(OLD))
        .on(When::modify().first(), reaction);
    let dc = FakeDc::start(script).await;
    directory(&dc)
        .reset_password(ResetPassword::new("alice", NEW))
        .await
        .unwrap();
    assert_eq!(dc.password_of("alice").as_deref(), Some(NEW));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_write_is_one_modify_addressed_by_guid_with_a_critical_control() {
    let dc = FakeDc::start(Script::windows().user(User::new("alice").password(OLD).locked())).await;
    let reset = ResetPassword::new("alice", NEW).unlock(true).require_change(true);
    directory(&dc).reset_password(reset).await.unwrap();
    let log = dc.log();
    let [modify] = log.modifies()[..] else {
        panic!("{log:?}")
    };
    assert_eq!(modify.target, format!("<GUID={}>", dc.guid_of("alice")));
    assert_eq!(
        modify.in_short(),
        ["replace unicodePwd", "replace lockoutTime=0", "replace pwdLastSet=0"]
    );
    let [control] = &log.controls_of_modify(0)[..] else {
        panic!("{log:?}")
    };
    assert_eq!(control.oid, "1.2.840.113556.1.4.2239");
    assert!(control.critical);
    assert_eq!(control.value.as_deref(), Some(&[0x30, 3, 2, 1, 1][..]));
}
