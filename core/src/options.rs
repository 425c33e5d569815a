//! Requests and settings as text, for bindings and relays: everything but the secrets, which are handed over beside it.
//!
//! Names and values are the same `snake_case` words as everywhere; durations are numbers of seconds. An unknown name is an
//! error, so that a misspelt option is never silently a default.

use crate::ad::{BindPassword, Credentials, Kerberos, Settings};
use crate::audit::{JsonLinesFile, SinkError};
use crate::error::{Code, Error, Reason};
use crate::identity::{Identity, IdentityKind};
use crate::layer::{Limit, OnSinkFailure, RateLimits, Stack};
use crate::password::Password;
use crate::request::{
    ChangePassword, CheckPassword, Context, Diagnose, FindAccount, History, Initiator, ReadPolicy,
    RequirePasswordChange, ResetPassword, Unlock, UnlockAccount,
};
use crate::rules::Rules;
use crate::task::Cancellation;
use serde::de::{Error as _, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// A request without its secrets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RequestOptions {
    identity: Option<IdentityOptions>,
    unlock: Option<UnlockText>,
    require_change: Option<bool>,
    history: Option<History>,
    canary: Option<bool>,
    initiator: Option<Initiator>,
    actor: Option<IdentityOptions>,
    correlation_id: Option<String>,
    deadline: Option<f64>,
    #[serde(skip)]
    cancellation: Option<Cancellation>,
}

/// An identity as a binding tells it: plain text, or `{"kind", "text"}`.
///
/// Other languages have texts that are not valid Unicode (JSON writes a surrogate that stands alone as `"\ud800"`). That is a fault of
/// the identity and not of the JSON, so it is told when the identity is used.
#[derive(Clone, Debug)]
pub struct IdentityOptions(Option<Identity>);

impl IdentityOptions {
    /// Reads JSON.
    ///
    /// # Errors
    /// [`Code::Configuration`].
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| faulty("the identity", &error))
    }

    /// The identity.
    ///
    /// # Errors
    /// [`Code::InvalidIdentity`] with [`Reason::NotUnicode`] where it is not valid Unicode text.
    pub fn identity(self) -> Result<Identity, Error> {
        self.0.ok_or_else(|| {
            Error::new(Code::InvalidIdentity, "the identity is not valid Unicode text").with_reason(Reason::NotUnicode)
        })
    }
}

impl<'de> Deserialize<'de> for IdentityOptions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Typed {
            kind: IdentityKind,
            text: AnyText,
        }
        // As it stands: whatever asks the JSON for a text is refused one that is not Unicode.
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let read = if json.get().starts_with('{') {
            serde_json::from_str(json.get()).map(|Typed { kind, text }| (Some(kind), text))
        } else {
            serde_json::from_str(json.get()).map(|text| (None, text))
        };
        let (kind, AnyText(text)) = read.map_err(D::Error::custom)?;
        Ok(IdentityOptions(text.map(|text| Identity::typed(kind, text))))
    }
}

/// A text of JSON; `None` where it is not valid Unicode.
struct AnyText(Option<String>);

impl<'de> Deserialize<'de> for AnyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = AnyText;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a text")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<AnyText, E> {
                Ok(AnyText(str::from_utf8(bytes).ok().map(str::to_owned)))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// Whether to unlock: yes, no, or a word.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged)]
enum UnlockText {
    Flag(bool),
    Word(Unlock),
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
        let identity = self.identity.clone();
        identity
            .ok_or_else(|| Error::new(Code::InvalidIdentity, "no identity is given"))
            .and_then(IdentityOptions::identity)
    }

    fn context(&self) -> Result<Context, Error> {
        let mut context = Context {
            initiator: self.initiator,
            ..Context::default()
        };
        context.actor = self.actor.clone().map(IdentityOptions::identity).transpose()?;
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
            identity: self.identity.map(IdentityOptions::identity).transpose()?,
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

/// A credential cache: its name, or `true` for the default one.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
enum CacheText {
    Default(bool),
    Named(String),
}

/// The layers around a backend: `rate_limit` with `per_account` and `total`, each a `count` in a `period`; `audit_file`, to which audit
/// events are appended as JSON, one a line; and `on_sink_failure`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LayerOptions {
    rate_limit: RateLimitOptions,
    audit_file: Option<PathBuf>,
    on_sink_failure: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RateLimitOptions {
    per_account: Option<LimitOptions>,
    total: Option<LimitOptions>,
}

/// So many in so many seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitOptions {
    count: u32,
    period: f64,
}

impl LimitOptions {
    fn limit(self, name: &str) -> Result<Limit, Error> {
        let period = seconds(&format!("rate_limit.{name}: the period"), self.period)?;
        Limit::new(self.count, period)
            .map_err(|error| Error::new(error.code(), format!("rate_limit.{name}: {}", error.message())))
    }
}

impl RateLimitOptions {
    fn limits(self) -> Result<RateLimits, Error> {
        let mut limits = RateLimits::new();
        limits.per_account = self.per_account.map(|limit| limit.limit("per_account")).transpose()?;
        limits.total = self.total.map(|limit| limit.limit("total")).transpose()?;
        Ok(limits)
    }
}

impl LayerOptions {
    /// The stack these options describe, above a backend with these rules.
    ///
    /// # Errors
    /// [`Code::Configuration`], naming the setting.
    pub fn stack(&self, rules: &Rules) -> Result<Stack, Error> {
        let limits = self.rate_limit.limits()?;
        let mut stack = Stack::new().rate_limit(limits).initiator(rules.initiator);
        if let Some(word) = &self.on_sink_failure {
            let on_failure: OnSinkFailure = word
                .parse()
                .map_err(|unknown| Error::new(Code::Configuration, format!("on_sink_failure: {unknown}")))?;
            stack = stack.on_sink_failure(on_failure);
        }
        if let Some(path) = &self.audit_file {
            let file = JsonLinesFile::new(path).map_err(|SinkError(why)| {
                Error::new(Code::Configuration, format!("audit_file: it cannot be written: {why}"))
            })?;
            stack = stack.audit(Arc::new(file));
        }
        Ok(stack)
    }
}

/// Settings without their secrets.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SettingsOptions {
    servers: Vec<String>,
    domain: Option<String>,
    dns_servers: Vec<String>,
    site: Option<String>,
    start_tls: bool,
    bind_user: Option<String>,
    keytab: Option<PathBuf>,
    credential_cache: Option<CacheText>,
    principal: Option<String>,
    ca_file: Option<PathBuf>,
    connect_timeout: Option<f64>,
    warm_connections: Option<usize>,
    rules: Rules,
    layers: LayerOptions,
}

impl SettingsOptions {
    /// Reads JSON.
    ///
    /// # Errors
    /// [`Code::Configuration`], naming the setting.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text).map_err(|error| faulty("the settings", &error))
    }

    /// The layers around the backend.
    ///
    /// # Errors
    /// [`Code::Configuration`], naming the setting.
    pub fn stack(&self) -> Result<Stack, Error> {
        self.layers.stack(&self.rules)
    }

    /// The settings these options describe. A bind password goes with `bind_user`, and with nothing else.
    ///
    /// # Errors
    /// [`Code::Configuration`], naming the setting.
    pub fn settings(self, bind_password: Option<BindPassword>) -> Result<Settings, Error> {
        let connect_timeout = self.connect_timeout()?;
        let credentials = credentials(
            (self.bind_user, bind_password),
            self.keytab,
            self.credential_cache,
            self.principal,
        )?;
        let mut settings = Settings::new(self.servers, "", "")
            .credentials(credentials)
            .rules(self.rules);
        settings.domain = self.domain;
        settings.dns_servers = self.dns_servers;
        settings.site = self.site;
        settings.start_tls = self.start_tls;
        settings.ca_file = self.ca_file;
        settings.connect_timeout = connect_timeout;
        if let Some(most) = self.warm_connections {
            settings.warm_connections = most;
        }
        Ok(settings)
    }

    /// The limit on each connection.
    ///
    /// # Errors
    /// [`Code::Configuration`] where what is given cannot be one.
    pub fn connect_timeout(&self) -> Result<Duration, Error> {
        match self.connect_timeout {
            Some(timeout) => seconds("connect_timeout", timeout),
            None => Ok(Settings::DEFAULT_CONNECT_TIMEOUT),
        }
    }
}

/// The one way to log on that is given.
fn credentials(
    password: (Option<String>, Option<BindPassword>),
    keytab: Option<PathBuf>,
    cache: Option<CacheText>,
    principal: Option<String>,
) -> Result<Credentials, Error> {
    let faulty = |why: &str| Err(Error::new(Code::Configuration, why));
    let kerberos = match (password, keytab, cache) {
        ((Some(user), Some(password)), None, None) if principal.is_none() => {
            return Ok(Credentials::password(user, password));
        }
        ((Some(_), None), None, None) => return faulty("bind_password: none is given"),
        ((None, None), Some(keytab), None) => match &principal {
            Some(principal) => Kerberos::keytab(keytab, principal),
            None => return faulty("principal: a keytab needs one"),
        },
        ((None, None), None, Some(CacheText::Named(name))) => Kerberos::credential_cache(name),
        ((None, None), None, Some(CacheText::Default(true))) => Kerberos::default_cache(),
        ((None, _), None, None | Some(CacheText::Default(false))) => {
            return faulty("bind_user: none is given, and neither `keytab` nor `credential_cache`");
        }
        _ => {
            return faulty(
                "bind_user: exactly one of it, `keytab` and `credential_cache` is to be given; `bind_password` goes with the \
                 first, `principal` with the others",
            );
        }
    };
    Ok(match principal {
        Some(principal) => kerberos.principal(principal).into(),
        None => kerberos.into(),
    })
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
    fn an_identity_that_is_not_unicode_is_the_identitys_fault() {
        let lone = r"al\ud800ice";
        for text in [
            format!(r#"{{"identity": "{lone}"}}"#),
            format!(r#"{{"identity": {{"kind": "upn", "text": "{lone}"}}}}"#),
            format!(r#"{{"identity": "alice", "actor": "{lone}"}}"#),
        ] {
            let options = RequestOptions::from_json(&text).unwrap();
            let error = options.clone().find_account().unwrap_err();
            assert_eq!(error.code(), Code::InvalidIdentity, "{text}");
            assert_eq!(error.reason(), Some(Reason::NotUnicode), "{text}");
            assert_eq!(options.diagnose().unwrap_err().code(), Code::InvalidIdentity, "{text}");
        }
        let pair = RequestOptions::from_json(r#"{"identity": "\ud83d\ude00 \u00e9\n"}"#).unwrap();
        assert_eq!(
            pair.find_account().unwrap().identity,
            Identity::from("\u{1f600} \u{e9}\n")
        );
        for wrong in [
            r#"{"kind": "nickname", "text": "alice"}"#,
            r#"{"kind": "upn"}"#,
            r#"{"kind": "upn", "text": "alice", "more": 1}"#,
            "[97]",
            "5",
        ] {
            let error = IdentityOptions::from_json(wrong).unwrap_err();
            assert_eq!(error.code(), Code::Configuration, "{wrong}");
        }
    }

    #[test]
    fn settings_are_read() {
        let text = r#"{"servers": ["ldaps://dc1"], "bind_user": "svc", "connect_timeout": 0.5, "warm_connections": 2,
            "rules": {"history": "if_supported", "deadline": 10, "accepted_identities": ["upn"]}}"#;
        let settings = SettingsOptions::from_json(text)
            .unwrap()
            .settings(Some("secret".into()))
            .unwrap();
        assert_eq!(settings.rules.history, History::IfSupported);
        assert_eq!(settings.rules.deadline, Duration::from_secs(10));
        assert_eq!(settings.rules.grace, Rules::default().grace);
        assert_eq!(settings.connect_timeout, Duration::from_millis(500));
        assert_eq!(settings.warm_connections, 2);
        assert!(SettingsOptions::from_json(r#"{"rules": {"histori": "off"}}"#).is_err());

        let text = r#"{"domain": "corp.example", "dns_servers": ["10.0.0.53"], "site": "Branch", "start_tls": true, "bind_user": "svc"}"#;
        let settings = SettingsOptions::from_json(text)
            .unwrap()
            .settings(Some("secret".into()))
            .unwrap();
        assert_eq!(
            (settings.domain.as_deref(), settings.site.as_deref()),
            (Some("corp.example"), Some("Branch"))
        );
        assert_eq!(
            (settings.dns_servers, settings.start_tls, settings.servers),
            (vec!["10.0.0.53".to_owned()], true, vec![])
        );
    }

    #[test]
    fn exactly_one_way_to_log_on_is_taken() {
        let read = |text: &str, password: Option<&str>| {
            let options = SettingsOptions::from_json(text).unwrap();
            options
                .settings(password.map(Into::into))
                .map(|settings| settings.credentials)
        };
        let kerberos = |credentials| match credentials {
            Ok(Credentials::Kerberos(kerberos)) => Some(kerberos),
            _ => None,
        };
        for (text, expected) in [
            (r#"{"keytab": "/k", "principal": "svc"}"#, Kerberos::keytab("/k", "svc")),
            (r#"{"credential_cache": "KCM:0"}"#, Kerberos::credential_cache("KCM:0")),
            (
                r#"{"credential_cache": true, "principal": "svc"}"#,
                Kerberos::default_cache().principal("svc"),
            ),
        ] {
            assert_eq!(kerberos(read(text, None)), Some(expected), "{text}");
            assert_eq!(read(text, Some("x")).unwrap_err().code(), Code::Configuration, "{text}");
        }
        for (text, password) in [
            ("{}", Some("x")),
            ("{}", None),
            (r#"{"bind_user": "svc"}"#, None),
            (r#"{"bind_user": "svc", "principal": "svc"}"#, Some("x")),
            (r#"{"bind_user": "svc", "keytab": "/k", "principal": "svc"}"#, Some("x")),
            (r#"{"keytab": "/k"}"#, None),
            (
                r#"{"keytab": "/k", "credential_cache": "/c", "principal": "svc"}"#,
                None,
            ),
            (r#"{"credential_cache": false}"#, None),
        ] {
            let refused = read(text, password).unwrap_err();
            assert_eq!(refused.code(), Code::Configuration, "{text}");
        }
    }

    #[test]
    fn layers_are_read() {
        let given = |layers: &str| {
            let options = SettingsOptions::from_json(&format!(r#"{{"layers": {layers}}}"#));
            options.and_then(|options| options.stack())
        };
        let both = r#"{"rate_limit": {"per_account": {"count": 5, "period": 3600}, "total": {"count": 100, "period": 0.5}},
            "on_sink_failure": "continue"}"#;
        assert!(given(both).is_ok());
        for faulty in [
            r#"{"rate_limit": {"per_account": {"count": 0, "period": 3600}}}"#,
            r#"{"rate_limit": {"per_account": {"count": 5, "period": 0}}}"#,
            r#"{"rate_limit": {"per_account": {"count": 5, "period": -1}}}"#,
            r#"{"rate_limit": {"per_account": {"count": 5, "period": 1e12}}}"#,
            r#"{"rate_limit": {"per_account": {"count": 4294967295, "period": 1e-9}}}"#,
            r#"{"rate_limit": {"per_account": {"count": 5}}}"#,
            r#"{"rate_limit": {"each_account": {"count": 5, "period": 3600}}}"#,
            r#"{"rate_limits": {}}"#,
            r#"{"on_sink_failure": "ignore"}"#,
            r#"{"audit_file": "/nowhere/at/all/audit.jsonl"}"#,
        ] {
            let error = given(faulty).unwrap_err();
            assert_eq!(error.code(), Code::Configuration, "{faulty}");
        }
    }
}
