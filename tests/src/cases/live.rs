//! The Active Directory backend over a real domain controller: one server for the whole run, one case at a time on it.

mod setup;
mod undo;

use super::backend::{Backend, Logon, Stage};
use super::hands::{Opened, Own};
use super::scene::{Place, Scene, State};
use super::schema::{Capability, Case, RateLimit, stack};
use super::{Result, live::undo::Undo};
use crate::samba::{Admin, BindAnswer, DomainController, ProcessModel, Release};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use password_writeback::{ActiveDirectory, Rules, Settings};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// A Samba domain controller, started when the first case needs it.
#[derive(Clone, Debug)]
pub struct Live {
    release: Release,
    server: Arc<Mutex<Option<DomainController>>>,
}

impl Live {
    /// A server of that release.
    #[must_use]
    pub fn new(release: Release) -> Self {
        Live {
            release,
            server: Arc::default(),
        }
    }

    /// Stops the server.
    pub async fn stop(&self) {
        *self.server.lock().await = None;
    }

    /// The server, for this case alone.
    async fn take(&self) -> Result<OwnedMutexGuard<Option<DomainController>>> {
        let mut server = Arc::clone(&self.server).lock_owned().await;
        if server.is_none() {
            let started = DomainController::start(self.release, ProcessModel::Single).await;
            *server = Some(started.map_err(|error| error.to_string())?);
        }
        Ok(server)
    }
}

#[async_trait]
impl Backend for Live {
    fn name(&self) -> &'static str {
        match self.release {
            Release::V4_17 => "samba_4_17",
            Release::V4_24 => "samba_4_24",
        }
    }

    fn capabilities(&self) -> &'static [Capability] {
        use Capability::{CommonNames, NoPolicyHints, PolicyHints, RealClock, RodcKrbtgt, StatesRule};
        match self.release {
            Release::V4_17 => &[CommonNames, RealClock, StatesRule, RodcKrbtgt, NoPolicyHints],
            Release::V4_24 => &[CommonNames, RealClock, StatesRule, RodcKrbtgt, PolicyHints],
        }
    }

    async fn set_up(&self, case: &Case) -> Result<Box<dyn Stage>> {
        let server = self.take().await?;
        let begun = Instant::now();
        let mut stage = LiveStage {
            scene: Scene::default(),
            undo: Undo::default(),
            layers: case.rate_limit.as_ref().map(RateLimit::layers),
            begun,
            server,
        };
        match stage.build(case).await {
            Ok(()) => Ok(Box::new(stage)),
            Err(error) => {
                let _ = stage.tear_down().await;
                Err(error)
            }
        }
    }
}

/// The server with one case's directory in it.
struct LiveStage {
    begun: Instant,
    scene: Scene,
    undo: Undo,
    /// The layers around the backend, as text.
    layers: Option<serde_json::Value>,
    server: OwnedMutexGuard<Option<DomainController>>,
}

impl LiveStage {
    fn dc(&self) -> Result<&DomainController> {
        self.server.as_ref().ok_or_else(|| "the server is gone".to_owned())
    }

    fn place(&self, name: &str) -> Result<&Place> {
        let missing = || format!("the case has no {name}");
        self.scene.places.get(name).ok_or_else(missing)
    }
}

/// Flags of msDS-User-Account-Control-Computed and userAccountControl (MS-ADTS 2.2.16).
const DISABLED: i64 = 0x2;
const LOCKED_OUT: i64 = 0x10;

#[async_trait]
impl Stage for LiveStage {
    fn begun(&self) -> Instant {
        self.begun
    }

    fn scene(&self) -> &Scene {
        &self.scene
    }

    async fn open(&self, rules: Rules) -> Result<Opened> {
        let dc = self.dc()?;
        let settings = Settings::new([dc.ldaps_url()], dc.service_user(), dc.service_password())
            .ca_file(dc.ca_file())
            .rules(rules.clone());
        let stack = stack(self.layers.as_ref(), &rules)?;
        Ok(Own::opened(
            ActiveDirectory::new(settings).map(|directory| stack.around(directory)),
        ))
    }

    fn described(&self, rules: &Rules) -> Result<Vec<serde_json::Value>> {
        let dc = self.dc()?;
        let mut settings = serde_json::json!({
            "servers": [dc.ldaps_url()],
            "bind_user": dc.service_user(),
            "ca_file": dc.ca_file(),
            "rules": rules,
        });
        if let Some(layers) = &self.layers {
            settings["layers"] = layers.clone();
        }
        Ok(vec![serde_json::json!({
            "do": "active_directory",
            "settings": settings,
            "bind_password": dc.service_password(),
        })])
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    async fn advance(&self, by: Duration) -> Result<()> {
        let admin = self.dc()?.admin();
        for dn in &self.undo.accounts {
            text(admin.shift_times(dn, by).await)?;
        }
        Ok(())
    }

    async fn logon(&self, account: &str, password: &str) -> Result<Logon> {
        let dc = self.dc()?;
        let sam = self.place(account)?.sam.as_deref().unwrap_or(account);
        let user = format!("{}\\{sam}", dc.netbios_domain());
        logon(&text(dc.binds(&user, password).await)?)
    }

    async fn state(&self, account: &str) -> Result<State> {
        text(account_state(&self.dc()?.admin(), &self.place(account)?.dn).await)
    }

    async fn tear_down(&mut self) -> Result<()> {
        let undo = std::mem::take(&mut self.undo);
        let undone = undo.all(self.dc()?).await;
        if undone.is_err() {
            // The next case gets a server without remains.
            *self.server = None;
        }
        undone
    }
}

/// An account's state, as the administrator reads it.
///
/// # Errors
/// Where there is no such account.
pub async fn account_state(admin: &Admin, dn: &str) -> crate::samba::Result<State> {
    const ATTRIBUTES: [&str; 4] = [
        "userAccountControl",
        "msDS-User-Account-Control-Computed",
        "pwdLastSet",
        "badPwdCount",
    ];
    let entry = admin.read(dn, &ATTRIBUTES).await?;
    let number = |attribute| entry.number(attribute).unwrap_or_default();
    let set = number("pwdLastSet");
    Ok(State {
        enabled: number("userAccountControl") & DISABLED == 0,
        locked: number("msDS-User-Account-Control-Computed") & LOCKED_OUT != 0,
        must_change_password: set == 0,
        bad_password_count: u32::try_from(number("badPwdCount")).unwrap_or_default(),
        password_set: (set != 0).then(|| instant(set)),
    })
}

/// The time of a FILETIME (MS-DTYP 2.3.3).
fn instant(file_time: i64) -> Timestamp {
    const EPOCH: i64 = 11_644_473_600;
    let since = SignedDuration::new(file_time / 10_000_000 - EPOCH, 0);
    Timestamp::UNIX_EPOCH.checked_add(since).unwrap_or(Timestamp::MIN)
}

fn logon(answer: &BindAnswer) -> Result<Logon> {
    if answer.accepted() {
        return Ok(Logon::Ok);
    }
    // Windows error codes of a logon (MS-ERREF 2.2).
    Ok(match answer.data.as_deref() {
        Some("52e") => Logon::Wrong,
        Some("773") => Logon::MustChange,
        Some("532") => Logon::PasswordExpired,
        Some("775") => Logon::Locked,
        Some("533") => Logon::Disabled,
        Some("701") => Logon::AccountExpired,
        _ => return Err(format!("a logon was answered with {answer:?}")),
    })
}

fn text<T>(result: crate::samba::Result<T>) -> Result<T> {
    result.map_err(|error| error.to_string())
}
