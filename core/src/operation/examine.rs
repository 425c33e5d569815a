//! Examining what the service account may do: on the domain, on one account, on the users below a container.

use super::Engine;
use super::canary::Canary;
use super::deadline::Deadline;
use super::guard::in_scope;
use super::locate::exactly_one;
use crate::ad::right::Right;
use crate::diagnosis::{Check, CheckName, CheckStatus, Diagnosis};
use crate::directory::{Directory, PolicyOf, Session};
use crate::error::{Code, Error, Outcome};
use crate::facts::Facts;
use crate::gate;
use crate::grants::{Access, Held, Place, Service, Target};
use crate::identity::Name;
use crate::policy::PasswordPolicy;
use crate::protection::Protection;
use crate::reading::Reading;
use crate::receipt::Operation;
use crate::remedy;
use crate::request::{Context, Diagnose, Initiator};
use std::sync::Arc;
use uuid::Uuid;

/// The checks of the rights on accounts.
const RIGHTS: [(CheckName, Right); 4] = [
    (CheckName::ResetRight, Right::ResetPassword),
    (CheckName::ChangeRight, Right::ChangePassword),
    (CheckName::UnlockRight, Right::WriteLockoutTime),
    (CheckName::RequireChangeRight, Right::WritePwdLastSet),
];

/// Where the fault is not the account's.
const SEE_ABOVE: &str = "see what the checks above say of the domain controller";

/// What an examination has at hand.
struct Examination<'a, D> {
    engine: &'a Engine<D>,
    session: &'a mut dyn Session,
    context: &'a Context,
    service: Service,
    deadline: Deadline,
    diagnosis: &'a mut Diagnosis,
}

impl<D: Directory> Engine<D> {
    /// Adds what a session shows: of the domain, of what is named, and what a canary proves.
    pub(super) async fn examine(
        self: &Arc<Self>,
        session: Option<Box<dyn Session>>,
        name: Option<&Name>,
        request: &Diagnose,
        deadline: Deadline,
        diagnosis: &mut Diagnosis,
    ) {
        let Some(mut session) = session else {
            not_examined(name, request.canary, diagnosis);
            return;
        };
        let service = deadline.limit(async { Ok(session.service_account().await) }).await;
        let mut examination = Examination {
            engine: self,
            session: session.as_mut(),
            context: &request.context,
            service: service.unwrap_or(Service { name: None, sid: None }),
            deadline,
            diagnosis,
        };
        examination.domain().await;
        let Some(name) = name else { return };
        let facts = examination.named(name).await;
        if !request.canary {
            return;
        }
        let Some(facts) = facts else {
            let check = Check::new(
                CheckName::Canary,
                CheckStatus::Failed,
                "no account can be used as a canary",
            );
            diagnosis.outcome = Some(Outcome::NotApplied);
            diagnosis.push(check.fix("name an account that is found, and mend what the checks above say of it"));
            return;
        };
        let policy = policy(session.as_mut(), &facts, deadline).await;
        // What follows opens sessions of its own.
        drop(session);
        let canary = Canary {
            facts: &facts,
            policy: policy.unwrap_or_else(|error| PasswordPolicy::unknown(error.message())),
            context: &request.context,
            deadline,
        };
        self.canary(canary, diagnosis).await;
    }
}

/// A check that cannot be made is never in order.
fn not_examined(name: Option<&Name>, canary: bool, diagnosis: &mut Diagnosis) {
    let account = name.map(|_| CheckName::Account);
    let run = canary.then_some(CheckName::Canary);
    let rights = [CheckName::UnexpirePassword, CheckName::FineGrainedPolicies];
    for name in rights.into_iter().chain(account).chain(run) {
        let check = Check::new(name, CheckStatus::Unknown, "no domain controller could be asked");
        diagnosis.push(check.fix("mend the way to a domain controller first"));
    }
    diagnosis.outcome = canary.then_some(Outcome::NotApplied);
}

async fn policy(session: &mut dyn Session, facts: &Facts, deadline: Deadline) -> Result<PasswordPolicy, Error> {
    let of = PolicyOf {
        distinguished_name: &facts.plain.distinguished_name,
        resultant_pso: &facts.plain.resultant_pso,
    };
    deadline.limit(session.policy(&of)).await
}

impl<D: Directory> Examination<'_, D> {
    /// Adds the rights that are on the domain.
    async fn domain(&mut self) {
        match self.deadline.limit(self.session.access(Target::Domain)).await {
            Ok(Some(access)) => {
                let policies =
                    Place::PasswordSettings(format!("CN=Password Settings Container,CN=System,{}", access.dn));
                self.right(CheckName::UnexpirePassword, Right::UnexpirePassword, &access);
                let access = Access {
                    place: policies,
                    ..access
                };
                self.right(CheckName::FineGrainedPolicies, Right::ReadPasswordSettings, &access);
            }
            Ok(None) => self.undecided("the domain's own object was not found"),
            Err(error) => self.undecided(error.message()),
        }
    }

    fn undecided(&mut self, why: &str) {
        for name in [CheckName::UnexpirePassword, CheckName::FineGrainedPolicies] {
            let check = Check::new(name, CheckStatus::Unknown, why);
            self.diagnosis.push(check.fix(SEE_ABOVE));
        }
    }

    /// Adds what stands between the service account and one account, or the users below a container of that name. Gives the account's
    /// facts, where they could be had.
    async fn named(&mut self, name: &Name) -> Option<Facts> {
        let found = self.deadline.limit(self.session.find(name)).await;
        let found = found
            .and_then(|users| exactly_one(&users))
            .and_then(|user| self.admitted(user));
        match found {
            Ok(user) => self.account(user).await,
            Err(error) => {
                let below = error.code() == Code::AccountNotFound && self.below(name).await;
                if !below {
                    self.not_found(&error);
                }
                None
            }
        }
    }

    /// Passes the gates of the request: a layer may refuse to have the account examined.
    fn admitted(&self, user: Uuid) -> Result<Uuid, Error> {
        let server = &self.session.server().name;
        let target = gate::Target::new(Operation::Diagnose, user, server);
        self.context.pass_gates(&target).map(|()| user)
    }

    fn not_found(&mut self, error: &Error) {
        let check = Check::new(CheckName::Account, CheckStatus::Failed, error.message());
        let fix = match error.code() {
            Code::AccountNotFound => {
                "see that the name is right; where it is, grant the service account the reads of check read_rights on the account's \
                 container, since what may not be read is not found"
            }
            Code::AmbiguousIdentity => {
                "name the account by its distinguished name, GUID or SID, and make its names unique"
            }
            Code::PermissionDenied => "grant the service account the right that is missing",
            Code::RateLimited => "try again later",
            _ => SEE_ABOVE,
        };
        self.diagnosis.push(check.fix(fix));
    }

    async fn account(&mut self, user: Uuid) -> Option<Facts> {
        let access = self.deadline.limit(self.session.access(Target::User(user))).await;
        let facts = self.deadline.limit(self.engine.facts(self.session, user)).await;
        match &facts {
            Ok(facts) => {
                let dn = &facts.plain.distinguished_name;
                self.diagnosis.ok(CheckName::Account, format!("found {dn}"));
                self.scope(facts);
                self.protection(facts, access.as_ref().ok().and_then(Option::as_ref));
            }
            Err(error) => self.unreadable(error, access.as_ref().ok().and_then(Option::as_ref)),
        }
        match access {
            Ok(Some(access)) => self.rights(&access),
            Ok(None) => {}
            Err(error) => {
                let check = Check::new(CheckName::ResetRight, CheckStatus::Unknown, error.message());
                self.diagnosis.push(check.fix(SEE_ABOVE));
            }
        }
        let facts = facts.ok()?;
        self.policy(&facts).await;
        Some(facts)
    }

    /// Adds why an account that was found cannot be judged.
    fn unreadable(&mut self, error: &Error, access: Option<&Access>) {
        let check = Check::new(CheckName::Account, CheckStatus::Failed, error.message());
        let missing = access.and_then(|access| {
            let (right, held) = access
                .rights
                .iter()
                .find(|(right, _)| error.missing_right() == Some(right.to_string().as_str()))?;
            Some((access, *right, held))
        });
        self.diagnosis.push(match missing {
            Some((access, right, held)) => self.mended(check, right, held, access),
            None => check.fix("grant the service account the right that is missing"),
        });
    }

    fn scope(&mut self, facts: &Facts) {
        let check = match in_scope(facts, &self.engine.rules) {
            Ok(()) => Check::new(
                CheckName::Scope,
                CheckStatus::Ok,
                "the settings allow writing to the account",
            ),
            Err(error) => Check::new(CheckName::Scope, CheckStatus::Failed, error.message())
                .fix("add the container of the account to allowed_subtrees, if it is meant to be written"),
        };
        self.diagnosis.push(check);
    }

    fn protection(&mut self, facts: &Facts, access: Option<&Access>) {
        let rules = &self.engine.rules.given;
        let opened = match rules.initiator {
            Initiator::SelfService => rules.allow_self_service_on_protected,
            Initiator::Administrator => rules.allow_administrator_on_protected,
        };
        let left_over = facts.protection == Some(Protection::AdminCount);
        let check = match facts.protection {
            None => Check::new(CheckName::Protection, CheckStatus::Ok, "no rule protects the account"),
            Some(rule) if rule.is_absolute() => {
                let detail = format!("the account is protected, whatever the settings say: {rule}");
                Check::new(CheckName::Protection, CheckStatus::Failed, detail)
                    .fix("nothing mends this: such an account must not be written")
            }
            Some(rule) if opened => {
                let detail = format!("the account is protected ({rule}), and the settings open it");
                Check::new(CheckName::Protection, CheckStatus::Warning, detail).fix("see that this is meant to be")
            }
            Some(rule) => {
                let check = Check::new(
                    CheckName::Protection,
                    CheckStatus::Failed,
                    format!("the account is protected: {rule}"),
                );
                match left_over {
                    true => mend_left_over(check, access),
                    false => check.fix(
                        "take it out of the groups that make it so, or, if it is meant to be written, open protected accounts for \
                         the initiator in the settings",
                    ),
                }
            }
        };
        self.diagnosis.push(check);
        self.diagnosis.push(match left_over {
            true => mend_left_over(
                Check::new(
                    CheckName::AdminCount,
                    CheckStatus::Warning,
                    "adminCount is set, and the account is in no protected group: it once was",
                ),
                access,
            ),
            false => Check::new(CheckName::AdminCount, CheckStatus::Ok, "no adminCount is left over"),
        });
    }

    /// Adds what holds for the users that are created below a container. Gives whether there is one of this name.
    async fn below(&mut self, name: &Name) -> bool {
        let access = match self.deadline.limit(self.session.access(Target::Below(name))).await {
            Ok(Some(access)) => access,
            Ok(None) => return false,
            Err(error) => {
                let check = Check::new(CheckName::Subtree, CheckStatus::Unknown, error.message());
                self.diagnosis.push(check.fix(SEE_ABOVE));
                return true;
            }
        };
        let detail = format!(
            "found {}; what follows holds for the users that are created in it",
            access.dn
        );
        self.diagnosis.ok(CheckName::Subtree, detail);
        self.rights(&access);
        true
    }

    fn rights(&mut self, access: &Access) {
        self.inheritance(access);
        for (name, right) in RIGHTS {
            self.right(name, right, access);
        }
        self.reads(access);
    }

    /// An object that takes no access control entries from its parents has none of the rights that were granted on them.
    fn inheritance(&mut self, access: &Access) {
        let check = match access.inherits {
            Some(true) => Check::new(
                CheckName::Inheritance,
                CheckStatus::Ok,
                "rights are inherited from the parents",
            ),
            Some(false) => {
                let detail = format!(
                    "{} inherits no rights: what is granted on its parents does not reach it",
                    access.dn
                );
                Check::new(CheckName::Inheritance, CheckStatus::Warning, detail)
                    .fix(
                        "let it inherit again, unless that was somebody's intention; of a member of a protected group, the domain \
                         undoes it within the hour",
                    )
                    .commands(remedy::inherit(&access.dn, access.unprotected.as_deref()))
            }
            None => self.mended(
                Check::new(
                    CheckName::Inheritance,
                    CheckStatus::Unknown,
                    "the security descriptor may not be read",
                ),
                Right::ReadControl,
                &Held::NotGranted,
                access,
            ),
        };
        self.diagnosis.push(check);
    }

    /// Adds whether a right is held.
    fn right(&mut self, name: CheckName, right: Right, access: &Access) {
        let nothing = Held::Unknown("not looked at".to_owned());
        let held = access
            .rights
            .iter()
            .find_map(|(of, held)| (*of == right).then_some(held))
            .unwrap_or(&nothing);
        let check = match held {
            Held::Yes => Check::new(
                name,
                CheckStatus::Ok,
                format!("the service account holds the right: {right}"),
            ),
            Held::Unknown(why) => Check::new(name, CheckStatus::Unknown, why.clone()),
            Held::NotGranted | Held::Denied(_) => {
                // The server goes by the policy even where it cannot be read.
                let status = match right {
                    Right::ReadPasswordSettings => CheckStatus::Warning,
                    _ => CheckStatus::Failed,
                };
                Check::new(name, status, missing(right, held))
            }
        };
        let check = match held {
            Held::Yes if right == Right::ChangePassword => self.of_the_user(check, access),
            held => self.mended(check, right, held, access),
        };
        self.diagnosis.push(check);
    }

    /// The service account may change the password; the user's own right tells what the administrators of the domain want.
    fn of_the_user(&self, check: Check, access: &Access) -> Check {
        match &access.user_may_change {
            Held::NotGranted | Held::Denied(_) => {
                let detail = "the service account may change the password, and the user itself may not (\"user cannot change password\")";
                let check = Check::new(CheckName::ChangeRight, CheckStatus::Warning, detail);
                let check = self.mended(check, Right::ChangePassword, &access.user_may_change, access);
                check.fix("if the user is meant to change the password, take the denial away")
            }
            Held::Yes | Held::Unknown(_) => check,
        }
    }

    /// Adds whether everything that the library goes by can be read.
    fn reads(&mut self, access: &Access) {
        let name = CheckName::ReadRights;
        let reads = || {
            access
                .rights
                .iter()
                .filter(|(right, _)| matches!(right, Right::Read(_) | Right::ReadControl))
        };
        let missing: Vec<_> = reads()
            .filter(|(_, held)| matches!(held, Held::NotGranted | Held::Denied(_)))
            .collect();
        let unknown = reads().find_map(|(_, held)| match held {
            Held::Unknown(why) => Some(why),
            _ => None,
        });
        if missing.is_empty() {
            let check = match unknown {
                None => Check::new(name, CheckStatus::Ok, "everything that is needed can be read"),
                Some(why) => Check::new(name, CheckStatus::Unknown, why.clone())
                    .fix("let the service account read the security descriptor of the account"),
            };
            self.diagnosis.push(check);
            return;
        }
        let required = missing.iter().any(|(right, _)| right.loses().is_none());
        let told: Vec<String> = missing
            .iter()
            .map(|(right, _)| match right.loses() {
                None => format!("{right} (nothing works without it)"),
                Some(lost) => format!("{right} (lost without it: {lost})"),
            })
            .collect();
        let status = if required {
            CheckStatus::Failed
        } else {
            CheckStatus::Warning
        };
        let commands = missing
            .iter()
            .flat_map(|(right, held)| self.commands(*right, held, access))
            .collect();
        let check = Check::new(name, status, format!("the service account lacks: {}", told.join("; ")));
        self.diagnosis.push(
            check
                .fix("grant these reads, or all reading of users (the manual's page on permissions)")
                .commands(commands),
        );
    }

    /// Adds to a check what mends a right that is missing.
    fn mended(&self, check: Check, right: Right, held: &Held, access: &Access) -> Check {
        let fix = match held {
            Held::Yes => return check,
            Held::Unknown(_) => {
                return check
                    .fix("let the service account read the security descriptor")
                    .commands(self.commands(Right::ReadControl, &Held::NotGranted, access));
            }
            Held::NotGranted => format!("grant the service account on {} the right: {right}", access.place.dn()),
            Held::Denied(denial) => match &denial.on {
                Some(dn) => {
                    format!("take the entry away that denies it on {dn}; as long as it is there, no grant mends this")
                }
                None => {
                    "take the entry away that denies it: it is inherited, and the service account cannot see from where"
                        .to_owned()
                }
            },
        };
        check.fix(fix).commands(self.commands(right, held, access))
    }

    fn commands(&self, right: Right, held: &Held, access: &Access) -> Vec<crate::diagnosis::Command> {
        match held {
            Held::NotGranted => remedy::grant(right, &access.place, &self.service),
            Held::Denied(denial) => remedy::lift(denial),
            Held::Yes | Held::Unknown(_) => Vec::new(),
        }
    }

    async fn policy(&mut self, facts: &Facts) {
        let check = match policy(self.session, facts, self.deadline).await {
            Ok(policy) if policy.is_known() => {
                Check::new(CheckName::Policy, CheckStatus::Ok, policy.source.to_string())
            }
            Ok(policy) => {
                let check = Check::new(CheckName::Policy, CheckStatus::Warning, policy.source.to_string());
                self.policy_mended(check, facts)
            }
            Err(error) => Check::new(CheckName::Policy, CheckStatus::Unknown, error.message()).fix(SEE_ABOVE),
        };
        self.diagnosis.push(check);
    }

    /// What mends a policy that cannot be read, is what another check of the same diagnosis has found.
    fn policy_mended(&self, check: Check, facts: &Facts) -> Check {
        let cause = match facts.plain.resultant_pso {
            Reading::Unreadable => CheckName::ReadRights,
            Reading::Value(_) | Reading::Unset => CheckName::FineGrainedPolicies,
        };
        let found = self
            .diagnosis
            .named(cause)
            .find(|found| found.status != CheckStatus::Ok);
        match found {
            Some(found) => {
                let commands = found.commands.clone();
                check.fix(format!("do what check {cause} says")).commands(commands)
            }
            None => check.fix("let the service account read the policy of the domain, as everybody may by default"),
        }
    }
}

fn missing(right: Right, held: &Held) -> String {
    match held {
        Held::Denied(denial) => format!(
            "the service account lacks the right: {right}; an entry for {} denies it",
            denial.ace.trustee
        ),
        _ => format!("the service account lacks the right: {right}"),
    }
}

/// A mark of a former membership is cleared, and inheritance restored: the domain does neither by itself.
fn mend_left_over(check: Check, access: Option<&Access>) -> Check {
    let check = check.fix(
        "clear adminCount, and let the account inherit again: the domain leaves both behind when an account leaves its last \
         protected group",
    );
    let Some(access) = access else { return check };
    let mut commands = remedy::clear_admin_count(&access.dn);
    if access.inherits == Some(false) {
        commands.extend(remedy::inherit(&access.dn, access.unprotected.as_deref()));
    }
    check.commands(commands)
}
