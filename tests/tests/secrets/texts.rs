//! What is refused before anything is sent, and texts of types that hold or read secrets.

use super::capture::{self, Kind, password};
use super::operations::tell_error;
use password_writeback::options::{RequestOptions, SettingsOptions};
use password_writeback::{
    ActiveDirectory, BindPassword, ChangePassword, CheckPassword, Code, Password, PasswordWriteback, ResetPassword,
    Settings,
};

#[test]
fn types_that_hold_secrets_do_not_show_them() {
    capture::begin();
    let secret = |kind| password(kind, "held");
    capture::debug("password", &Password::from(secret(Kind::New)));
    capture::debug("option", &Some(Password::from(secret(Kind::New))));
    capture::debug("reset", &ResetPassword::new("alice", secret(Kind::New)));
    capture::debug(
        "change",
        &ChangePassword::new("alice", secret(Kind::Old), secret(Kind::New)),
    );
    capture::debug("check", &CheckPassword::new("alice", secret(Kind::Candidate)));
    capture::debug("fixed", &BindPassword::from(secret(Kind::Bind)));
    let held = secret(Kind::Bind);
    capture::debug(
        "provider",
        &BindPassword::provider(move || Some(Password::from(held.as_str()))),
    );
    let settings = Settings::new(["ldaps://dc1.corp.example.test"], "svc", secret(Kind::Bind));
    capture::debug("settings", &settings);
    capture::debug(
        "directory",
        &ActiveDirectory::new(settings.ca_file("/nowhere")).map(drop),
    );
    capture::assert_clean();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_password_is_refused_without_being_shown() {
    capture::begin();
    let stem = || password(Kind::New, "refused");
    let mut bytes = stem().into_bytes();
    bytes.push(0xff);
    let mut units: Vec<u16> = stem().encode_utf16().collect();
    units.push(0xd800);
    let unreadable = [Password::from_utf8(bytes), Password::from_utf16(units)];
    for error in unreadable.map(Result::unwrap_err) {
        assert_eq!(error.code(), Code::InvalidPassword);
        tell_error("not Unicode", &error);
    }
    let settings = Settings::new(["ldaps://127.0.0.1:1"], "svc", password(Kind::Bind, "unused"));
    let directory = ActiveDirectory::new(settings).unwrap();
    for refused in [format!("{}\0", stem()), stem().repeat(20)] {
        let error = Password::from(refused.as_str()).validate().unwrap_err();
        tell_error("validated", &error);
        let reset = directory
            .reset_password(ResetPassword::new("alice", refused.as_str()))
            .await;
        let old_too = ChangePassword::new("alice", refused.as_str(), refused.as_str());
        let change = directory.change_password(old_too).await;
        let check = directory
            .check_password(CheckPassword::new("alice", refused.as_str()))
            .await;
        let errors = [reset.map(drop), change.map(drop), check.map(drop)];
        for error in errors.map(Result::unwrap_err) {
            assert_eq!(error.code(), Code::InvalidPassword);
            tell_error("refused", &error);
        }
    }
    capture::assert_clean();
}

#[test]
fn a_password_in_the_wrong_place_of_the_options_is_not_quoted() {
    capture::begin();
    let secret = serde_json::to_string(&password(Kind::New, "misplaced")).unwrap();
    let requests = [
        "unlock",
        "require_change",
        "history",
        "initiator",
        "deadline",
        "identity\": \"a\", \"new_password",
    ];
    for name in requests {
        let text = format!("{{\"{name}\": {secret}}}");
        match RequestOptions::from_json(&text) {
            Ok(_) => panic!("{name} takes any text"),
            Err(error) => tell_error(name, &error),
        }
    }
    for text in [
        secret.clone(),
        format!("[{secret}"),
        format!("{{\"identity\": {{\"kind\": {secret}}}}}"),
    ] {
        tell_error("request", &RequestOptions::from_json(&text).unwrap_err());
        tell_error("settings", &SettingsOptions::from_json(&text).unwrap_err());
    }
    for name in ["servers", "connect_timeout", "rules", "layers", "bind_password"] {
        let text = format!("{{\"{name}\": {secret}}}");
        tell_error(name, &SettingsOptions::from_json(&text).unwrap_err());
    }
    for name in [
        "initiator",
        "history",
        "deadline",
        "verify_by_bind",
        "accepted_identities",
    ] {
        let text = format!("{{\"rules\": {{\"{name}\": {secret}}}}}");
        tell_error(name, &SettingsOptions::from_json(&text).unwrap_err());
    }
    capture::assert_clean();
}
