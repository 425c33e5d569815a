//! Requests and settings as text, for bindings and relays: everything but the secrets, which are handed over beside it.
//!
//! Names and values are the same `snake_case` words as everywhere; durations are numbers of seconds. An unknown name is an
//! error, so that a misspelt option is never silently a default.

use crate::ad::{BindPassword, Settings};
use crate::error::{Code, Error};
use crate::identity::{Identity, IdentityKind};
use crate::password::Password;
use crate::request::{
    ChangePassword, CheckPassword, Context, Diagnose, FindAccount, History, Initiator, ReadPolicy,
    RequirePasswordChange, ResetPassword, Unlock, UnlockAccount,
};
use crate::rules::Rules;
use crate::task::Cancellation;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;

/// A request without its secrets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestOptions {
    identity: Option<IdentityText>,
    unlock: Option<UnlockText>,
    require_change: Option<bool>,
    history: Option<History>,
    canary: Option<bool>,
    initiator: Option<Initiator>,
    actor: Option<IdentityText>,
    correlation_id: Option<String>,
    deadline: Option<f64>,
    #[serde(skip)]
    cancellation: Option<Cancellation>,
}

/// An identity: plain text, or text with its kind.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum IdentityText {
    Plain(String),
    Typed { kind: IdentityKind, text: String },
}

/// Whether to unlock: yes, no, or a word.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum UnlockText {
    Flag(bool),
    Word(Unlock),
}

impl From<IdentityText> for Identity {
    fn from(text: IdentityText) -> Self {
        match text {
            IdentityText::Plain(text) => Identity::from(text),
            IdentityText::Typed { kind, text } => Identity::typed(Some(kind), text),
        }
    }
}

fn faulty(what: &str, error: &serde_json::Error) -> Error {
    let why = without_values(&error.to_string());
    Error::new(Code::Configuration, format!("{what} cannot be read: {why}"))
}

/// The words of a fault without the value at fault: somebody may have put a secret in the wrong place.
///
/// `invalid type: string "...", expected a boolean at line 1 column 9`; what stands after the last `expected` is ours.
fn without_values(text: &str) -> String {
    let Some((fault, rest)) = text.split_once(": ") else {
        return text.to_owned();
    };
    match rest.rsplit_once(", expected ") {
        Some((_, expected)) => format!("{fault}, expected {expected}"),
        None => fault.to_owned(),
    }
}

fn seconds(name: &str, seconds: f64) -> Result<Duration, Error> {
    Duration::try_from_secs_f64(seconds)
        .ok()
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| {
            Error::new(
                Code::Configuration,
                format!("{name} must be a number of seconds above zero"),
            )
        })
}

impl RequestOptions {
    /// Reads JSON.
    ///
    /// # Errors
    /// [`Code::Configuration`], naming the option.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| faulty("the options of the request", &error))
    }

    /// Hands in a handle that cancels the operation.
    #[must_use]
    pub fn cancellation(mut self, cancellation: Cancellation) -> Self {
        self.cancellation = Some(cancellation);
        self
    }

    fn identity(&self) -> Result<Identity, Error> {
        let identity = self.identity.clone().map(Identity::from);
        identity.ok_or_else(|| Error::new(Code::InvalidIdentity, "no identity is given"))
    }

    fn context(&self) -> Result<Context, Error> {
        let mut context = Context {
            initiator: self.initiator,
            ..Context::default()
        };
        context.actor = self.actor.clone().map(Identity::from);
        context.deadline = self
            .deadline
            .map(|deadline| seconds("deadline", deadline))
            .transpose()?;
        if let Some(id) = &self.correlation_id {
            context.correlation_id.clone_from(id);
        }
        if let Some(cancellation) = &self.cancellation {
            context.cancellation = cancellation.clone();
        }
        Ok(context)
    }

    /// Refuses options that belong to another operation.
    fn only_for_a_reset(&self) -> Result<(), Error> {
        let misplaced = [
            ("unlock", self.unlock.is_some()),
            ("require_change", self.require_change.is_some()),
            ("history", self.history.is_some()),
        ];
        match misplaced.iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(Error::new(Code::Configuration, format!("{name} belongs to a reset"))),
            None => Ok(()),
        }
    }

    fn only_for_an_examination(&self) -> Result<(), Error> {
        match self.canary {
            Some(_) => Err(Error::new(Code::Configuration, "canary belongs to an examination")),
            None => Ok(()),
        }
    }

    /// The reset these options describe.
    ///
    /// # Errors
    /// [`Code::Configuration`] or [`Code::InvalidIdentity`], as for each of the following.
    pub fn reset_password(self, new_password: Password) -> Result<ResetPassword, Error> {
        self.only_for_an_examination()?;
        let mut request = ResetPassword::new(self.identity()?, new_password);
        request.unlock = match self.unlock {
            Some(UnlockText::Flag(unlock)) => unlock.into(),
            Some(UnlockText::Word(unlock)) => unlock,
            None => Unlock::No,
        };
        request.require_change = self.require_change.unwrap_or(false);
        request.history = self.history;
        request.context = self.context()?;
        Ok(request)
    }

    /// The change these options describe.
    ///
    /// # Errors
    /// As for a reset.
    pub fn change_password(self, old: Password, new: Password) -> Result<ChangePassword, Error> {
        self.only_for_a_reset()?;
        self.only_for_an_examination()?;
        let mut request = ChangePassword::new(self.identity()?, old, new);
        request.context = self.context()?;
        Ok(request)
    }

    /// The check these options describe.
    ///
    /// # Errors
    /// As for a reset.
    pub fn check_password(self, candidate: Password) -> Result<CheckPassword, Error> {
        self.only_for_a_reset()?;
        self.only_for_an_examination()?;
        let mut request = CheckPassword::new(self.identity()?, candidate);
        request.context = self.context()?;
        Ok(request)
    }

    /// The examination these options describe.
    ///
    /// # Errors
    /// As for a reset.
    pub fn diagnose(self) -> Result<Diagnose, Error> {
        self.only_for_a_reset()?;
        let context = self.context()?;
        Ok(Diagnose {
            canary: self.canary.unwrap_or(false),
            identity: self.identity.map(Identity::from),
            context,
        })
    }
}

/// The requests that carry nothing of their own.
macro_rules! plain {
    ($($(#[$meta:meta])* $method:ident => $request:ident,)+) => {
        impl RequestOptions {
            $(
                $(#[$meta])*
                ///
                /// # Errors
                /// As for a reset.
                pub fn $method(self) -> Result<$request, Error> {
                    self.only_for_a_reset()?;
                    self.only_for_an_examination()?;
                    let mut request = $request::new(self.identity()?);
                    request.context = self.context()?;
                    Ok(request)
                }
            )+
        }
    };
}

plain! {
    /// The unlock these options describe.
    unlock_account => UnlockAccount,
    /// The required change these options describe.
    require_password_change => RequirePasswordChange,
    /// The look at an account these options describe.
    find_account => FindAccount,
    /// The look at a policy these options describe.
    password_policy => ReadPolicy,
}

/// Settings without their secrets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SettingsOptions {
    servers: Vec<String>,
    bind_user: String,
    ca_file: Option<PathBuf>,
    connect_timeout: Option<f64>,
    rules: Rules,
}

impl SettingsOptions {
    /// Reads JSON.
    ///
    /// # Errors
    /// [`Code::Configuration`], naming the setting.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| faulty("the settings", &error))
    }

    /// The settings these options describe.
    ///
    /// # Errors
    /// [`Code::Configuration`], naming the setting.
    pub fn settings(self, bind_password: impl Into<BindPassword>) -> Result<Settings, Error> {
        let mut settings = Settings::new(self.servers, self.bind_user, bind_password).rules(self.rules);
        settings.ca_file = self.ca_file;
        if let Some(timeout) = self.connect_timeout {
            settings.connect_timeout = seconds("connect_timeout", timeout)?;
        }
        Ok(settings)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_is_read() {
        let text = r#"{"identity": {"kind": "sam", "text": "alice"}, "unlock": "if_permitted", "require_change": true,
            "history": "off", "initiator": "administrator", "actor": "bob", "correlation_id": "c1", "deadline": 2.5}"#;
        let request = RequestOptions::from_json(text)
            .unwrap()
            .reset_password("x".into())
            .unwrap();
        assert_eq!(request.identity, Identity::sam("alice"));
        assert_eq!(
            (request.unlock, request.require_change, request.history),
            (Unlock::IfPermitted, true, Some(History::Off))
        );
        assert_eq!(request.context.initiator, Some(Initiator::Administrator));
        assert_eq!(request.context.actor, Some(Identity::from("bob")));
        assert_eq!(request.context.correlation_id, "c1");
        assert_eq!(request.context.deadline, Some(Duration::from_millis(2500)));
    }

    #[test]
    fn a_misspelt_or_misplaced_option_is_an_error() {
        for text in [
            r#"{"identity": "alice", "unlok": true}"#,
            r#"{"history": "always"}"#,
            r#"{"identity": 5}"#,
        ] {
            assert_eq!(
                RequestOptions::from_json(text).unwrap_err().code(),
                Code::Configuration,
                "{text}"
            );
        }
        let misplaced = RequestOptions::from_json(r#"{"identity": "alice", "unlock": true}"#).unwrap();
        assert_eq!(misplaced.unlock_account().unwrap_err().code(), Code::Configuration);
        let misplaced = RequestOptions::from_json(r#"{"identity": "alice", "canary": true}"#).unwrap();
        assert_eq!(
            misplaced.clone().find_account().unwrap_err().code(),
            Code::Configuration
        );
        assert!(misplaced.diagnose().unwrap().canary);
        let endless = RequestOptions::from_json(r#"{"identity": "alice", "deadline": 0}"#).unwrap();
        assert_eq!(endless.find_account().unwrap_err().code(), Code::Configuration);
        let nobody = RequestOptions::from_json("{}").unwrap();
        assert_eq!(nobody.find_account().unwrap_err().code(), Code::InvalidIdentity);
    }

    #[test]
    fn settings_are_read() {
        let text = r#"{"servers": ["ldaps://dc1"], "bind_user": "svc", "connect_timeout": 0.5,
            "rules": {"history": "if_supported", "deadline": 10, "accepted_identities": ["upn"]}}"#;
        let settings = SettingsOptions::from_json(text).unwrap().settings("secret").unwrap();
        assert_eq!(settings.rules.history, History::IfSupported);
        assert_eq!(settings.rules.deadline, Duration::from_secs(10));
        assert_eq!(settings.rules.grace, Rules::default().grace);
        assert_eq!(settings.connect_timeout, Duration::from_millis(500));
        assert!(SettingsOptions::from_json(r#"{"rules": {"histori": "off"}}"#).is_err());
    }
}
