//! The doctor against a live domain: rights are taken away one by one, each is named, and the command that it prints mends it.

use password_writeback::{
    ActiveDirectory, Check, CheckName, CheckStatus, Diagnose, Diagnosis, History, Outcome, PasswordWriteback, Rules,
    Settings, Tool,
};
use testkit::fake::{FakeDc, Script};
use testkit::samba::{Change, DomainController, NewUser, Policy, ProcessModel, Release, USER_PASSWORD, require};

/// Attributes and rights as access entries name them (MS-ADTS 5.1.3.2.1).
const RESET_PASSWORD: &str = "00299570-246d-11d0-a768-00aa006e0529";
const CHANGE_PASSWORD: &str = "ab721a53-1e2f-11d0-9819-00aa0040529b";
const LOCKOUT_TIME: &str = "28630ebf-41d5-11d1-a9c1-0000f80367c1";
const PWD_LAST_SET: &str = "bf967a0a-0de6-11d0-a285-00aa003049e2";
const USER: &str = "bf967aba-0de6-11d0-a285-00aa003049e2";

/// A domain in which everything is in order, and an account in it.
struct Clinic {
    dc: DomainController,
    directory: ActiveDirectory,
    alice: String,
}

impl Clinic {
    async fn open(release: Release) -> Option<Self> {
        let release = require(release)?;
        let dc = DomainController::start(release, ProcessModel::Single).await.unwrap();
        let alice = NewUser {
            container: Some(dc.people()),
            ..NewUser::new("alice")
        };
        let alice = dc.admin().create_user(&alice).await.unwrap().dn;
        dc.admin().allow_policies(dc.service_sid()).await.unwrap();
        let directory = directory(&dc, Rules::default());
        let clinic = Clinic { dc, directory, alice };
        clinic.healthy("at the start").await;
        Some(clinic)
    }

    fn sid(&self) -> &str {
        self.dc.service_sid()
    }

    async fn examine(&self, request: Diagnose) -> Diagnosis {
        self.directory.diagnose(request).await.unwrap()
    }

    async fn alice(&self) -> Diagnosis {
        self.examine(Diagnose::account("alice")).await
    }

    async fn healthy(&self, when: &str) {
        let diagnosis = self.alice().await;
        let found: Vec<&Check> = diagnosis
            .checks
            .iter()
            // Samba 4.17 has no policy hints, which no command mends.
            .filter(|check| check.status != CheckStatus::Ok && !check.is(CheckName::PolicyHints))
            .collect();
        assert!(found.is_empty(), "{when}: {found:#?}");
    }

    /// Runs what a check prints for Samba, as it stands.
    async fn mend(&self, check: &Check) {
        let commands: Vec<_> = check
            .commands
            .iter()
            .filter(|command| command.tool == Tool::SambaTool)
            .collect();
        assert!(!commands.is_empty(), "no command: {check:#?}");
        for command in commands {
            self.dc.shell(&command.command).await.unwrap();
        }
    }

    /// After something was taken away: the check names it, its command mends it, and all is well again.
    async fn cured(&self, name: CheckName, status: CheckStatus, request: Diagnose) -> Check {
        let diagnosis = self.examine(request).await;
        let check = one(&diagnosis, name).clone();
        assert_eq!(check.status, status, "{check:#?}");
        assert!(check.fix.is_some(), "{check:#?}");
        self.mend(&check).await;
        self.healthy(&format!("{name}: {check:#?}")).await;
        check
    }
}

fn directory(dc: &DomainController, rules: Rules) -> ActiveDirectory {
    let settings = Settings::new([dc.ldaps_url()], dc.service_user(), dc.service_password());
    ActiveDirectory::new(settings.ca_file(dc.ca_file()).rules(rules)).unwrap()
}

fn one(diagnosis: &Diagnosis, name: CheckName) -> &Check {
    let found: Vec<&Check> = diagnosis.named(name).collect();
    assert_eq!(found.len(), 1, "{name}: {diagnosis:#?}");
    found[0]
}

fn grant(right: &str, object: &str, sid: &str) -> String {
    format!("(OA;CIIO;{right};{object};{USER};{sid})")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grants_of_the_delegation_one_by_one() {
    for release in Release::ALL {
        let Some(clinic) = Clinic::open(release).await else {
            return;
        };
        let (admin, people) = (clinic.dc.admin(), clinic.dc.people());
        let grants = [
            (CheckName::ResetRight, grant("CR", RESET_PASSWORD, clinic.sid())),
            (CheckName::UnlockRight, grant("RPWP", LOCKOUT_TIME, clinic.sid())),
            (CheckName::RequireChangeRight, grant("RPWP", PWD_LAST_SET, clinic.sid())),
        ];
        for (name, ace) in &grants {
            admin.remove_ace(&people, ace).await.unwrap();
            let check = clinic
                .cured(*name, CheckStatus::Failed, Diagnose::account("alice"))
                .await;
            let dsacls = &check.commands[0];
            assert_eq!(dsacls.tool, Tool::Dsacls);
            assert!(
                dsacls.command.contains("CORP\\svc-writeback") && dsacls.command.contains(&people),
                "{dsacls}"
            );
            // The same command heals the container, seen from there.
            let sddl = admin.read_sddl(&people).await.unwrap();
            assert!(sddl.to_lowercase().contains(&ace.to_lowercase()), "{sddl}");
        }
        for (name, ace) in &grants {
            admin.remove_ace(&people, ace).await.unwrap();
            clinic
                .cured(*name, CheckStatus::Failed, Diagnose::subtree(&people))
                .await;
        }
        admin.revoke_unexpire_password().await.unwrap();
        clinic
            .cured(CheckName::UnexpirePassword, CheckStatus::Failed, Diagnose::deployment())
            .await;
        admin.forbid_policies(clinic.sid()).await.unwrap();
        clinic
            .cured(
                CheckName::FineGrainedPolicies,
                CheckStatus::Warning,
                Diagnose::deployment(),
            )
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn denials_on_the_account_and_above_it() {
    for release in Release::ALL {
        let Some(clinic) = Clinic::open(release).await else {
            return;
        };
        let (admin, sid) = (clinic.dc.admin(), clinic.sid().to_owned());
        let denials = [
            (CheckName::ResetRight, format!("(OD;;CR;{RESET_PASSWORD};;{sid})")),
            (CheckName::UnlockRight, format!("(OD;;WP;{LOCKOUT_TIME};;{sid})")),
            (CheckName::RequireChangeRight, format!("(D;;WP;;;{sid})")),
            (CheckName::ChangeRight, format!("(OD;;CR;{CHANGE_PASSWORD};;{sid})")),
        ];
        for (name, ace) in &denials {
            admin.add_ace(&clinic.alice, ace).await.unwrap();
            let check = clinic
                .cured(*name, CheckStatus::Failed, Diagnose::account("alice"))
                .await;
            assert!(check.detail.contains("denies it"), "{check:#?}");
        }
        denials_above(&clinic).await;
    }
}

/// An entry that is inherited is taken away where it was given: on the container, or on one further up.
async fn denials_above(clinic: &Clinic) {
    let (admin, sid) = (clinic.dc.admin(), clinic.sid());
    let outer = admin.create_ou(clinic.dc.base_dn(), "Outer").await.unwrap();
    let inner = admin.create_ou(&outer, "Inner").await.unwrap();
    let bob = NewUser {
        container: Some(inner.clone()),
        ..NewUser::new("bob")
    };
    admin.create_user(&bob).await.unwrap();
    let granted = grant("CR", RESET_PASSWORD, sid);
    let denied = format!("(OD;CI;CR;{RESET_PASSWORD};;{sid})");
    admin.add_aces(&outer, &[&granted, &denied]).await.unwrap();
    for dn in [&outer, &inner] {
        if dn == &inner {
            admin.add_ace(dn, &denied).await.unwrap();
        }
        let diagnosis = clinic.examine(Diagnose::account("bob")).await;
        let check = one(&diagnosis, CheckName::ResetRight);
        assert_eq!(check.status, CheckStatus::Failed, "{check:#?}");
        assert!(check.fix.as_ref().unwrap().contains(&format!(" {dn};")), "{check:#?}");
        clinic.mend(check).await;
        let diagnosis = clinic.examine(Diagnose::account("bob")).await;
        assert_eq!(
            one(&diagnosis, CheckName::ResetRight).status,
            CheckStatus::Ok,
            "{diagnosis:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_user_itself_may_not() {
    let Some(clinic) = Clinic::open(Release::V4_24).await else {
        return;
    };
    let admin = clinic.dc.admin();
    // The check box "user cannot change password": denied to everybody, the service account included.
    admin.deny_change_password(&clinic.alice).await.unwrap();
    let diagnosis = clinic.alice().await;
    let check = one(&diagnosis, CheckName::ChangeRight);
    assert_eq!(check.status, CheckStatus::Failed, "{check:#?}");
    clinic.mend(check).await;
    // What is left denies it to the user alone.
    clinic
        .cured(CheckName::ChangeRight, CheckStatus::Warning, Diagnose::account("alice"))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn inheritance_and_what_is_left_of_an_administrator() {
    for release in Release::ALL {
        let Some(clinic) = Clinic::open(release).await else {
            return;
        };
        let admin = clinic.dc.admin();
        let sddl = admin.read_sddl(&clinic.alice).await.unwrap();
        let (_, own) = sddl.split_once('(').unwrap();
        let own: String = own
            .trim_end_matches(')')
            .split(")(")
            .filter(|ace| !ace.split(';').nth(1).unwrap().contains("ID"))
            .map(|ace| format!("({ace})"))
            .collect();
        let protected = format!("D:P{own}(A;;RPLCLORC;;;AU)");
        admin.write_sddl(&clinic.alice, &protected).await.unwrap();
        let check = clinic
            .cured(CheckName::Inheritance, CheckStatus::Warning, Diagnose::account("alice"))
            .await;
        assert!(check.detail.contains("inherits no rights"), "{check:#?}");

        // A right that is missing on an account that does not inherit is granted on it alone.
        admin.write_sddl(&clinic.alice, &protected).await.unwrap();
        let diagnosis = clinic.alice().await;
        let check = one(&diagnosis, CheckName::ResetRight);
        assert_eq!(check.status, CheckStatus::Failed);
        assert!(
            check
                .commands
                .iter()
                .all(|command| command.command.contains("CN=alice")),
            "{check:#?}"
        );
        clinic.mend(check).await;
        assert_eq!(
            one(&clinic.alice().await, CheckName::ResetRight).status,
            CheckStatus::Ok
        );

        // What a former membership in a protected group leaves behind.
        admin.write_sddl(&clinic.alice, &protected).await.unwrap();
        admin
            .modify(&clinic.alice, &[Change::replace("adminCount", 1)])
            .await
            .unwrap();
        let diagnosis = clinic.alice().await;
        assert_eq!(one(&diagnosis, CheckName::Protection).status, CheckStatus::Failed);
        clinic
            .cured(CheckName::AdminCount, CheckStatus::Warning, Diagnose::account("alice"))
            .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_one_by_one() {
    let Some(clinic) = Clinic::open(Release::V4_24).await else {
        return;
    };
    let (admin, sid) = (clinic.dc.admin(), clinic.sid().to_owned());
    for (attribute, status) in [
        ("tokenGroups", CheckStatus::Failed),
        ("userAccountControl", CheckStatus::Failed),
        ("adminCount", CheckStatus::Failed),
        ("msDS-ResultantPSO", CheckStatus::Warning),
        ("badPwdCount", CheckStatus::Warning),
    ] {
        admin.deny_read(&clinic.alice, attribute, &sid).await.unwrap();
        let request = Diagnose::account(password_writeback::Identity::dn(clinic.alice.clone()));
        let check = clinic.cured(CheckName::ReadRights, status, request).await;
        assert!(check.detail.contains(&format!("read {attribute}")), "{check:#?}");
    }
    // Taken from everybody, as in a hardened domain: granted to the service account alone.
    let everybody = format!("CN=S-1-5-11,CN=ForeignSecurityPrincipals,{}", clinic.dc.base_dn());
    let group = format!(
        "CN=Pre-Windows 2000 Compatible Access,CN=Builtin,{}",
        clinic.dc.base_dn()
    );
    admin
        .modify(&group, &[Change::delete("member", everybody)])
        .await
        .unwrap();
    let diagnosis = clinic.alice().await;
    let check = one(&diagnosis, CheckName::Account);
    assert_eq!(check.status, CheckStatus::Failed, "{check:#?}");
    clinic
        .cured(CheckName::ReadRights, CheckStatus::Failed, Diagnose::account("alice"))
        .await;
    let diagnosis = clinic.examine(Diagnose::subtree(clinic.dc.people())).await;
    assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_descriptor_is_never_in_order() {
    let Some(clinic) = Clinic::open(Release::V4_24).await else {
        return;
    };
    let admin = clinic.dc.admin();
    admin
        .add_ace(&clinic.alice, &format!("(D;;RC;;;{})", clinic.sid()))
        .await
        .unwrap();
    let diagnosis = clinic.alice().await;
    for name in [CheckName::ResetRight, CheckName::ChangeRight, CheckName::Inheritance] {
        assert_eq!(one(&diagnosis, name).status, CheckStatus::Unknown, "{diagnosis:#?}");
    }
    // What the server tells by itself is known all the same.
    for name in [CheckName::UnlockRight, CheckName::RequireChangeRight] {
        assert_eq!(one(&diagnosis, name).status, CheckStatus::Ok, "{diagnosis:#?}");
    }
    assert!(!diagnosis.is_healthy());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_a_shell_could_read() {
    let Some(clinic) = Clinic::open(Release::V4_24).await else {
        return;
    };
    let admin = clinic.dc.admin();
    let ou = admin
        .create_ou(clinic.dc.base_dn(), r#"R&D; "touch /tmp/x" 'o' $(id) `id`, Ünits"#)
        .await
        .unwrap();
    let bob = NewUser {
        container: Some(ou.clone()),
        cn: Some("O'Brien, Bob".to_owned()),
        ..NewUser::new("bob")
    };
    admin.create_user(&bob).await.unwrap();
    for name in [
        CheckName::ResetRight,
        CheckName::UnlockRight,
        CheckName::RequireChangeRight,
    ] {
        let diagnosis = clinic.examine(Diagnose::account("bob")).await;
        let check = one(&diagnosis, name);
        assert_eq!(check.status, CheckStatus::Failed, "{check:#?}");
        clinic.mend(check).await;
    }
    let diagnosis = clinic.examine(Diagnose::account("bob")).await;
    assert!(diagnosis.is_healthy(), "{diagnosis:#?}");
    assert!(clinic.examine(Diagnose::subtree(ou)).await.is_healthy());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_the_domain_controller() {
    let Some(clinic) = Clinic::open(Release::V4_24).await else {
        return;
    };
    let dc = &clinic.dc;
    let diagnosis = clinic.examine(Diagnose::deployment()).await;
    let tls = one(&diagnosis, CheckName::Certificate);
    assert!(
        tls.detail.contains(dc.host()) && tls.detail.contains("days left"),
        "{tls:#?}"
    );
    assert!(
        one(&diagnosis, CheckName::Encryption).detail.contains("TLSv1_3"),
        "{diagnosis:#?}"
    );
    let names: Vec<&str> = diagnosis.checks.iter().map(|check| check.name.as_str()).collect();
    let expected = [
        "name_resolution",
        "port",
        "tls",
        "certificate",
        "encryption",
        "bind",
        "writable",
        "policy_hints",
        "clock_skew",
        "replication_partner",
        "unexpire_password",
        "fine_grained_policies",
    ];
    assert_eq!(names, expected);

    let with = |server: &str, user: &str, password: &str| {
        let settings = Settings::new([server, dc.ldaps_url().as_str()], user, password);
        ActiveDirectory::new(settings.ca_file(dc.ca_file())).unwrap()
    };
    let failed = |diagnosis: &Diagnosis| -> Vec<String> {
        let failed = diagnosis
            .checks
            .iter()
            .filter(|check| check.status == CheckStatus::Failed);
        failed.map(|check| check.name.clone()).collect()
    };
    for (server, name) in [
        ("ldaps://nowhere.invalid", "name_resolution"),
        ("ldaps://127.88.255.254", "port"),
        ("ldaps://localhost.localdomain:1", "port"),
    ] {
        let directory = with(server, dc.service_user(), dc.service_password());
        let diagnosis = directory.diagnose(Diagnose::deployment()).await.unwrap();
        let expected = if failed(&diagnosis) == ["name_resolution"] {
            "name_resolution"
        } else {
            name
        };
        assert_eq!(failed(&diagnosis), [expected], "{server}: {diagnosis:#?}");
        // The second one is examined all the same.
        assert_eq!(one(&diagnosis, CheckName::Bind).status, CheckStatus::Ok);
    }
    // Whom nobody vouches for is shown all the same.
    let untrusted = Settings::new([dc.ldaps_url()], dc.service_user(), dc.service_password());
    let diagnosis = ActiveDirectory::new(untrusted)
        .unwrap()
        .diagnose(Diagnose::deployment())
        .await
        .unwrap();
    assert_eq!(failed(&diagnosis), ["tls"], "{diagnosis:#?}");
    assert!(
        one(&diagnosis, CheckName::Tls)
            .fix
            .as_ref()
            .unwrap()
            .contains("ca_file")
    );
    assert!(one(&diagnosis, CheckName::Certificate).detail.contains(dc.host()));
    assert_eq!(diagnosis.named(CheckName::Bind).count(), 0);
    assert_eq!(
        one(&diagnosis, CheckName::UnexpirePassword).status,
        CheckStatus::Unknown
    );
    // One refused logon is enough: a second would count towards the lockout.
    let directory = with(&dc.ldap_url(), dc.service_user(), "not the password");
    let diagnosis = directory.diagnose(Diagnose::account("alice")).await.unwrap();
    let binds: Vec<CheckStatus> = diagnosis.named(CheckName::Bind).map(|check| check.status).collect();
    assert_eq!(binds, [CheckStatus::Failed, CheckStatus::Unknown], "{diagnosis:#?}");
    assert_eq!(one(&diagnosis, CheckName::Account).status, CheckStatus::Unknown);
    assert!(!format!("{diagnosis:?}").contains("not the password"));
    let encryption = diagnosis.named(CheckName::Encryption).next().unwrap();
    assert!(encryption.detail.contains("StartTLS"), "{encryption:#?}");
}

/// What cannot be compared is not in order.
#[tokio::test(flavor = "multi_thread")]
async fn a_domain_controller_that_does_not_tell_its_time() {
    for (script, status) in [
        (Script::windows(), CheckStatus::Ok),
        (Script::windows().clock_skew(-3600), CheckStatus::Warning),
        (Script::windows().root_dse_without("currentTime"), CheckStatus::Unknown),
        (
            Script::windows().root_dse("currentTime", ["soon"]),
            CheckStatus::Unknown,
        ),
    ] {
        let dc = FakeDc::start(script).await;
        let settings = Settings::new([dc.ldaps_url()], dc.service_user(), dc.service_password()).ca_file(dc.ca_file());
        let directory = ActiveDirectory::new(settings).unwrap();
        let diagnosis = directory.diagnose(Diagnose::deployment()).await.unwrap();
        assert_eq!(one(&diagnosis, CheckName::ClockSkew).status, status, "{diagnosis:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_does_not_answer() {
    let Some(clinic) = Clinic::open(Release::V4_24).await else {
        return;
    };
    clinic.dc.list_another("DC2", "dc2.nowhere.invalid").await.unwrap();
    let diagnosis = clinic.examine(Diagnose::deployment()).await;
    let check = one(&diagnosis, CheckName::ReplicationPartner);
    assert_eq!(check.status, CheckStatus::Warning, "{diagnosis:#?}");
    assert!(check.detail.contains("dc2.nowhere.invalid"), "{check:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_canary_proves_the_whole_path() {
    for release in Release::ALL {
        let Some(clinic) = Clinic::open(release).await else {
            return;
        };
        let dc = &clinic.dc;
        // Passwords may not be changed twice a day here.
        let day = std::time::Duration::from_secs(86_400);
        let policy = Policy {
            min_age: day,
            ..Policy::default()
        };
        dc.admin().set_policy(&policy).await.unwrap();
        let canary = NewUser {
            container: Some(dc.people()),
            ..NewUser::new("wb-canary")
        };
        let canary = dc.admin().create_user(&canary).await.unwrap();
        let history = if release == Release::V4_17 {
            History::IfSupported
        } else {
            History::Required
        };
        let mut rules = Rules::default();
        rules.history = history;
        let directory = directory(dc, rules);
        for _ in 0..2 {
            let before = dc.admin().nt_hash(&canary.dn).await.unwrap();
            let diagnosis = directory.diagnose(Diagnose::canary("wb-canary")).await.unwrap();
            assert_eq!(diagnosis.outcome, Some(Outcome::Applied), "{diagnosis:#?}");
            for name in [
                CheckName::Canary,
                CheckName::CanaryRequireChange,
                CheckName::CanaryReset,
                CheckName::CanaryLogon,
                CheckName::CanaryChange,
                CheckName::CanaryUnlock,
            ] {
                assert_eq!(one(&diagnosis, name).status, CheckStatus::Ok, "{diagnosis:#?}");
            }
            assert_ne!(dc.admin().nt_hash(&canary.dn).await.unwrap(), before);
            assert!(!dc.binds(&canary.dn, USER_PASSWORD).await.unwrap().accepted());
            let entry = dc.admin().read(&canary.dn, &["pwdLastSet"]).await.unwrap();
            assert!(entry.number("pwdLastSet").unwrap() > 0, "a change is still required");
        }
        // Whoever is not named a canary, or is protected, is left alone.
        let before = dc.admin().nt_hash(&clinic.alice).await.unwrap();
        let diagnosis = directory.diagnose(Diagnose::canary("alice")).await.unwrap();
        assert_eq!(one(&diagnosis, CheckName::Canary).status, CheckStatus::Failed);
        assert_eq!(diagnosis.outcome, Some(Outcome::NotApplied));
        assert_eq!(dc.admin().nt_hash(&clinic.alice).await.unwrap(), before);
        dc.admin()
            .modify(&canary.dn, &[Change::replace("adminCount", 1)])
            .await
            .unwrap();
        let diagnosis = directory.diagnose(Diagnose::canary("wb-canary")).await.unwrap();
        assert_eq!(diagnosis.outcome, Some(Outcome::NotApplied), "{diagnosis:#?}");

        // What fails on the way is told, and the rest is done.
        dc.admin()
            .modify(&canary.dn, &[Change::replace("adminCount", 0)])
            .await
            .unwrap();
        let deny = format!("(OD;;CR;{CHANGE_PASSWORD};;{})", clinic.sid());
        dc.admin().add_ace(&canary.dn, &deny).await.unwrap();
        let diagnosis = directory.diagnose(Diagnose::canary("wb-canary")).await.unwrap();
        assert_eq!(
            one(&diagnosis, CheckName::CanaryLogon).status,
            CheckStatus::Ok,
            "{diagnosis:#?}"
        );
        assert_eq!(
            one(&diagnosis, CheckName::CanaryChange).status,
            CheckStatus::Failed,
            "{diagnosis:#?}"
        );
        assert_eq!(
            one(&diagnosis, CheckName::CanaryUnlock).status,
            CheckStatus::Ok,
            "{diagnosis:#?}"
        );
        let entry = dc.admin().read(&canary.dn, &["pwdLastSet"]).await.unwrap();
        assert!(entry.number("pwdLastSet").unwrap() > 0, "a change is still required");
    }
}

/// The program that prints a diagnosis, built anew where it has changed.
fn program() -> std::path::PathBuf {
    let built = std::process::Command::new(env!("CARGO"))
        .args([
            "build",
            "--quiet",
            "-p",
            "password-writeback-examples",
            "--example",
            "doctor",
        ])
        .status();
    assert!(
        built.is_ok_and(|status| status.success()),
        "the program cannot be built"
    );
    let test = std::env::current_exe().unwrap();
    test.ancestors().nth(2).unwrap().join("examples/doctor")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_program_prints_what_mends_it() {
    let program = tokio::task::spawn_blocking(program).await.unwrap();
    let Some(clinic) = Clinic::open(Release::V4_24).await else {
        return;
    };
    let dc = &clinic.dc;
    let ca_file = dc.ca_file().to_owned();
    let (url, user, password) = (dc.ldaps_url(), dc.service_user(), dc.service_password());
    let run = |arguments: &[&str]| {
        let mut command = std::process::Command::new(&program);
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("PASSWORD_WRITEBACK_")) {
            command.env_remove(name);
        }
        command
            .args(["--server", &url, "--bind-user", user, "--ca-file"])
            .arg(&ca_file)
            .env("PASSWORD_WRITEBACK_PASSWORD", password)
            .args(arguments);
        let output = command.output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(!text.contains(password) && !String::from_utf8_lossy(&output.stderr).contains(password));
        (output.status.code(), text)
    };
    assert_eq!(run(&["alice"]).0, Some(0));

    let reset = grant("CR", RESET_PASSWORD, clinic.sid());
    dc.admin().remove_ace(&dc.people(), &reset).await.unwrap();
    let (code, text) = run(&["--json", "alice"]);
    assert_eq!(code, Some(1), "{text}");
    let diagnosis: Diagnosis = serde_json::from_str(&text).unwrap();
    assert_eq!(one(&diagnosis, CheckName::ResetRight).status, CheckStatus::Failed);

    // As somebody copies it from the screen.
    let (code, text) = run(&["--tool", "samba_tool", "alice"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(!text.contains('\u{1b}'), "a colour where there is no terminal: {text}");
    assert!(text.contains("✗ failed  reset_right"), "{text}");
    let command = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix("samba_tool "));
    dc.shell(command.unwrap()).await.unwrap();
    assert_eq!(run(&["alice"]).0, Some(0));

    assert_eq!(run(&["--server", "http://dc1", "alice"]).0, Some(2));
}
