//! Modify requests: password resets, password changes, unlocks, required changes.

use super::answer::{self, Answer};
use super::directory::{Caller, Directory};
use super::dn::Target;
use super::log::ControlSeen;
use super::request::{Change, Modify, Operation};
use super::{BASE, log::ValuesSeen, time};

/// LDAP_SERVER_POLICY_HINTS_OID and its deprecated twin (MS-ADTS 3.1.1.3.4.1.27).
pub(super) const POLICY_HINTS: [&str; 2] = ["1.2.840.113556.1.4.2239", "1.2.840.113556.1.4.2066"];

impl Directory {
    /// Applies a modify, all or nothing.
    pub(super) fn modify(&mut self, modify: &Modify, controls: &[ControlSeen], caller: Caller) -> Answer {
        let at = match self.writable_target(modify, controls, caller) {
            Ok(at) => at,
            Err(refusal) => return refusal,
        };
        let before = (self.entries[at].clone(), self.usn);
        let hints = controls
            .iter()
            .any(|control| POLICY_HINTS.contains(&control.oid.as_str()) && asks_history(control));
        let (password, rest): (Vec<_>, Vec<_>) = modify.changes.iter().partition(|change| is_password(change));
        let mut result = Ok(());
        if !password.is_empty() {
            result = self.write_password(at, &password, hints, caller);
        }
        for change in rest {
            result = result.and_then(|()| self.write_attribute(at, change));
        }
        match result {
            Ok(()) => {
                self.touch(at);
                self.modifies_applied += 1;
                self.writes_applied += usize::from(!password.is_empty());
                Answer::success()
            }
            Err(refusal) => {
                // A wrong old password counts although nothing else is kept.
                let bad = ["badPwdCount", "badPasswordTime", "lockoutTime"]
                    .map(|name| (name, self.entries[at].values(name).to_vec()));
                (self.entries[at], self.usn) = before;
                if refusal == wrong_old_password() {
                    bad.into_iter()
                        .for_each(|(name, values)| self.entries[at].set(name, values));
                }
                refusal
            }
        }
    }

    fn writable_target(&self, modify: &Modify, controls: &[ControlSeen], caller: Caller) -> Result<usize, Answer> {
        if caller.bound.is_none() {
            return Err(answer::bind_first());
        }
        if caller.global_catalog {
            return Err(answer::unwilling("00002035"));
        }
        if self.refuses_control(controls) {
            return Err(answer::control_unknown());
        }
        let target = Target::parse(&modify.target).ok_or_else(|| answer::bad_name(&modify.target))?;
        let at = self.position(&target).ok_or_else(|| answer::no_object(BASE))?;
        if self.options.read_only {
            let to = format!("ldap://{}/{}", self.options.writable_host, self.entries[at].dn);
            return Err(answer::referral(&to));
        }
        Ok(at)
    }

    /// Moves uSNChanged as any write, and many a logon, does.
    pub(super) fn touch(&mut self, at: usize) {
        self.usn += 1;
        let usn = self.usn;
        self.entries[at].set_text("uSNChanged", usn);
    }

    fn write_password(&mut self, at: usize, changes: &[&Change], hints: bool, caller: Caller) -> Result<(), Answer> {
        if !caller.encrypted || self.entries[at].account.is_none() {
            return Err(answer::unwilling("0000001F"));
        }
        match changes {
            [replace] if replace.operation == Operation::Replace => self.reset(at, single(replace)?, hints),
            [one, other] => {
                let of = |operation| [one, other].into_iter().find(|change| change.operation == operation);
                match (of(Operation::Delete), of(Operation::Add)) {
                    (Some(old), Some(new)) => self.change(at, single(old)?, single(new)?),
                    _ => Err(answer::unwilling("00002035")),
                }
            }
            _ => Err(answer::unwilling("00002035")),
        }
    }

    fn reset(&mut self, at: usize, password: &[u8], hints: bool) -> Result<(), Answer> {
        if self.hidden_of(at).reset_denied {
            return Err(answer::denied("00000005"));
        }
        let password = decode_password(password).ok_or_else(|| answer::unwilling("0000001F"))?;
        let policy = self.policy_of(at);
        let fits = policy.allows(&password, &self.entries[at]);
        if !fits || (hints && (self.in_history(at, &password) || self.too_young(at))) {
            return Err(answer::unwilling("0000052D"));
        }
        self.set_password(at, password);
        Ok(())
    }

    fn change(&mut self, at: usize, old: &[u8], new: &[u8]) -> Result<(), Answer> {
        let undecodable = || answer::unwilling("0000001F");
        let (old, new) = decode_password(old).zip(decode_password(new)).ok_or_else(undecodable)?;
        if super::computed::control_flags(self, at) & super::computed::LOCKOUT != 0 {
            return Err(answer::constraint("00000775"));
        }
        if !self.password_matches(at, old.as_bytes()) {
            self.count_bad_password(at);
            return Err(wrong_old_password());
        }
        if self.hidden_of(at).change_denied {
            return Err(answer::constraint("00000005"));
        }
        let fits = self.policy_of(at).allows(&new, &self.entries[at]);
        if !fits || self.in_history(at, &new) || self.too_young(at) {
            return Err(answer::constraint("0000052D"));
        }
        self.set_password(at, new);
        Ok(())
    }

    fn hidden_of(&self, at: usize) -> super::entry::Account {
        self.entries[at].account.clone().unwrap_or_default()
    }

    fn in_history(&self, at: usize, password: &str) -> bool {
        let account = self.hidden_of(at);
        let length = self.policy_of(at).history as usize;
        account
            .password
            .iter()
            .chain(&account.history)
            .take(length)
            .any(|known| known == password)
    }

    fn too_young(&self, at: usize) -> bool {
        let set = self.entries[at].number("pwdLastSet").unwrap_or(0) as u64;
        set != 0 && set + time::ticks(self.policy_of(at).min_age) > self.now()
    }

    /// Sets the password as a write does: pwdLastSet, the history and the version move with it.
    pub(super) fn set_password(&mut self, at: usize, password: String) {
        let (now, usn) = (self.now(), self.usn + 1);
        let unexpire = self.options.may_unexpire;
        let entry = &mut self.entries[at];
        let account = entry.account.get_or_insert_default();
        if let Some(previous) = account.password.replace(password) {
            account.history.insert(0, previous);
        }
        account.password_version += 1;
        account.password_usn = usn;
        account.password_written = now;
        entry.set_text("pwdLastSet", if unexpire { now } else { 0 });
    }

    fn write_attribute(&mut self, at: usize, change: &Change) -> Result<(), Answer> {
        let entry = &self.entries[at];
        let named = |value: &Vec<u8>| value.eq_ignore_ascii_case(change.attribute.as_bytes());
        if !entry.values("allowedAttributesEffective").iter().any(named) {
            return Err(answer::denied("00002098"));
        }
        let value = match (change.operation, change.values.as_slice()) {
            (Operation::Replace, [value]) => String::from_utf8_lossy(value).into_owned(),
            _ => return Err(answer::unwilling("00002077")),
        };
        let value = match change.attribute.to_lowercase().as_str() {
            "pwdlastset" => match value.as_str() {
                "0" => "0".to_owned(),
                // Without a password write, -1 only ends a required change.
                "-1" if entry.number("pwdLastSet") == Some(0) => self.now().to_string(),
                "-1" => entry.text("pwdLastSet").unwrap_or_default(),
                _ => return Err(answer::unwilling("00000057")),
            },
            "lockouttime" if value != "0" => return Err(answer::unwilling("00000057")),
            _ => value,
        };
        if change.attribute.eq_ignore_ascii_case("lockoutTime") {
            self.entries[at].set_text("badPwdCount", 0);
        }
        self.entries[at].set_text(&change.attribute, value);
        Ok(())
    }
}

fn wrong_old_password() -> Answer {
    answer::constraint("00000056")
}

/// Flags=1 in `SEQUENCE { Flags INTEGER }`; any other number switches nothing on.
fn asks_history(control: &ControlSeen) -> bool {
    control.value.as_ref().is_some_and(|value| value.ends_with(&[2, 1, 1]))
}

pub(super) fn is_password(change: &Change) -> bool {
    change.attribute.eq_ignore_ascii_case("unicodePwd")
}

fn single(change: &Change) -> Result<&[u8], Answer> {
    match change.values.as_slice() {
        [value] => Ok(value),
        _ => Err(answer::unwilling("00002035")),
    }
}

/// UTF-16LE in quotation marks (MS-ADTS 3.1.1.3.1.5.1).
fn decode_password(value: &[u8]) -> Option<String> {
    if !value.len().is_multiple_of(2) {
        return None;
    }
    let units: Vec<u16> = value
        .chunks(2)
        .map(|pair| u16::from_le_bytes([pair[0], pair[1]]))
        .collect();
    let text = String::from_utf16(&units).ok()?;
    Some(text.strip_prefix('"')?.strip_suffix('"')?.to_owned())
}

/// What the log may keep of a change's values.
pub(super) fn shown(change: &Change) -> ValuesSeen {
    let secret = ["unicodePwd", "userPassword", "clearTextPassword", "dBCSPwd"];
    if !secret.iter().any(|name| name.eq_ignore_ascii_case(&change.attribute)) {
        return ValuesSeen::Shown(change.values.clone());
    }
    let well_formed = change
        .values
        .iter()
        .filter(|value| decode_password(value).is_some())
        .count();
    ValuesSeen::Hidden {
        count: change.values.len(),
        well_formed,
    }
}
