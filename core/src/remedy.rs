//! The commands that mend what an examination found. Pure.
//!
//! They are made to be pasted into a shell, from names that somebody else may have chosen: nothing of a name reaches a shell that could
//! mean anything there ([`shown`]).

use crate::ad::descriptor::{Ace, CONTAINER_INHERIT, INHERIT_ONLY, NO_PROPAGATE, schema};
use crate::ad::right::Right;
use crate::diagnosis::{Command, Tool};
use crate::grants::{Denial, Place, Service};
use std::fmt::Write as _;
use uuid::Uuid;

/// A distinguished name as it may stand between any quotes of any shell: everything but letters, digits and a few signs as the
/// hexadecimal escapes of RFC 4514 2.4, which mean the same name.
pub(crate) fn shown(dn: &str) -> String {
    let mut shown = String::with_capacity(dn.len());
    let mut chars = dn.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(digit) if digit.is_ascii_hexdigit() => {
                    shown.extend(['\\', digit]);
                    shown.extend(chars.next_if(char::is_ascii_hexdigit));
                }
                Some(escaped) => hex(&mut shown, escaped),
                None => hex(&mut shown, '\\'),
            },
            '=' | ',' | '+' | ' ' | '-' | '.' | '_' | '@' | ':' => shown.push(c),
            c if c.is_alphanumeric() => shown.push(c),
            c => hex(&mut shown, c),
        }
    }
    shown
}

fn hex(shown: &mut String, c: char) {
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        // Writing to a string cannot fail.
        let _ = write!(shown, "\\{byte:02X}");
    }
}

/// Who is meant, as `dsacls` takes it; `None` where neither the name nor the SID will do.
fn trustee(service: &Service) -> Option<String> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '\\' | '-' | '_' | '.' | ' ' | '$');
    let name = service.name.clone().filter(|name| name.chars().all(plain));
    name.or_else(|| service.sid.as_ref().map(ToString::to_string))
}

/// Grants a right.
pub(crate) fn grant(right: Right, place: &Place, service: &Service) -> Vec<Command> {
    let grants = Grant::of(right, place);
    let dsacls = trustee(service).map(|who| Command::new(Tool::Dsacls, grants.dsacls(&who)));
    let by_sid = service.sid.iter().flat_map(|sid| {
        let sid = sid.to_string();
        [
            Command::new(Tool::PowerShell, grants.powershell(&sid)),
            Command::new(Tool::SambaTool, grants.samba_tool(&sid)),
        ]
    });
    dsacls.into_iter().chain(by_sid).collect()
}

/// One entry to be added, in the words of each tool.
struct Grant<'a> {
    place: &'a Place,
    /// `CA;Reset Password`.
    dsacls: String,
    /// `ExtendedRight`.
    powershell: &'static str,
    /// `CR`.
    sddl: &'static str,
    object: Option<Uuid>,
}

impl<'a> Grant<'a> {
    fn of(right: Right, place: &'a Place) -> Self {
        let (dsacls, powershell, sddl, object) = match right {
            Right::ResetPassword => (
                "CA;Reset Password".to_owned(),
                "ExtendedRight",
                "CR",
                Some(schema::RESET_PASSWORD),
            ),
            Right::ChangePassword => (
                "CA;Change Password".to_owned(),
                "ExtendedRight",
                "CR",
                Some(schema::CHANGE_PASSWORD),
            ),
            Right::UnexpirePassword => (
                "CA;Unexpire Password".to_owned(),
                "ExtendedRight",
                "CR",
                Some(schema::UNEXPIRE_PASSWORD),
            ),
            Right::WriteLockoutTime => (
                "RPWP;lockoutTime".to_owned(),
                "ReadProperty,WriteProperty",
                "RPWP",
                Some(schema::LOCKOUT_TIME),
            ),
            Right::WritePwdLastSet => (
                "RPWP;pwdLastSet".to_owned(),
                "ReadProperty,WriteProperty",
                "RPWP",
                Some(schema::PWD_LAST_SET),
            ),
            Right::Read(attribute) => (
                format!("RP;{}", attribute.name),
                "ReadProperty",
                "RP",
                Some(attribute.guid),
            ),
            Right::ReadControl => ("RC".to_owned(), "ReadControl", "RC", None),
            Right::ReadPasswordSettings => ("GR".to_owned(), "GenericRead", "RPLCLORC", None),
        };
        Grant {
            place,
            dsacls,
            powershell,
            sddl,
            object,
        }
    }

    /// The class of the objects that are to inherit it.
    fn class(&self) -> Option<(&'static str, Uuid)> {
        match self.place {
            Place::On(_) | Place::PasswordSettings(_) => None,
            Place::Users(_) => Some(("user", schema::CLASS_USER)),
            Place::People(_) => Some(("inetOrgPerson", schema::CLASS_INET_ORG_PERSON)),
        }
    }

    fn dsacls(&self, who: &str) -> String {
        let dn = shown(self.place.dn());
        let (inherit, class) = match (self.place, self.class()) {
            (_, Some((class, _))) if self.object.is_some() => (" /I:S", format!(";{class}")),
            // Without an attribute or right, its place between the semicolons stays empty.
            (_, Some((class, _))) => (" /I:S", format!(";;{class}")),
            (Place::PasswordSettings(_), None) => (" /I:T", String::new()),
            _ => ("", String::new()),
        };
        format!("dsacls \"{dn}\"{inherit} /G \"{who}:{}{class}\"", self.dsacls)
    }

    fn powershell(&self, sid: &str) -> String {
        let inheritance = match self.place {
            Place::On(_) => "None",
            Place::Users(_) | Place::People(_) => "Descendents",
            Place::PasswordSettings(_) => "All",
        };
        let rule = Rule {
            sid,
            rights: format!("'{}'", self.powershell),
            allow: true,
            object: self.object,
            inheritance,
            class: self.class().map(|(_, class)| class),
        };
        on_the_list(self.place.dn(), &format!("AddAccessRule({})", rule.text()))
    }

    fn samba_tool(&self, sid: &str) -> String {
        let flags = match self.place {
            Place::On(_) => "",
            Place::Users(_) | Place::People(_) => "CIIO",
            Place::PasswordSettings(_) => "CI",
        };
        let object = self.object.map(|guid| guid.to_string()).unwrap_or_default();
        let class = self.class().map(|(_, class)| class.to_string()).unwrap_or_default();
        let kind = if object.is_empty() && class.is_empty() {
            "A"
        } else {
            "OA"
        };
        let entry = format!("({kind};{flags};{};{object};{class};{sid})", self.sddl);
        let dn = shown(self.place.dn());
        format!("samba-tool dsacl set --objectdn='{dn}' --sddl='{entry}'")
    }
}

/// An access rule as PowerShell writes it.
struct Rule<'a> {
    sid: &'a str,
    rights: String,
    allow: bool,
    object: Option<Uuid>,
    inheritance: &'static str,
    class: Option<Uuid>,
}

impl Rule<'_> {
    fn text(&self) -> String {
        let Rule {
            sid,
            rights,
            inheritance,
            ..
        } = self;
        let control = if self.allow { "Allow" } else { "Deny" };
        let guid = |guid: Option<Uuid>| guid.unwrap_or(Uuid::nil());
        let (object, class) = (guid(self.object), guid(self.class));
        format!(
            "[DirectoryServices.ActiveDirectoryAccessRule]::new([Security.Principal.SecurityIdentifier]'{sid}', {rights}, \
             '{control}', [guid]'{object}', '{inheritance}', [guid]'{class}')"
        )
    }
}

/// A method of an object's access list, and nothing else of its security descriptor.
fn on_the_list(dn: &str, call: &str) -> String {
    let dn = shown(dn);
    format!(
        "$o = [ADSI]'LDAP://{dn}'; $o.psbase.Options.SecurityMasks = 'Dacl'; $o.psbase.ObjectSecurity.{call}; \
         $o.psbase.CommitChanges()"
    )
}

/// Takes an entry away that denies a right.
pub(crate) fn lift(denial: &Denial) -> Vec<Command> {
    let Some(dn) = &denial.on else { return Vec::new() };
    let trustee = denial.ace.trustee.to_string();
    let rule = Rule {
        sid: &trustee,
        rights: format!("[DirectoryServices.ActiveDirectoryRights]{}", denial.ace.mask),
        allow: denial.ace.allow,
        object: denial.ace.object_type,
        inheritance: inheritance(&denial.ace),
        class: denial.ace.inherited_object_type,
    };
    let mut commands = Vec::new();
    if denial.alone {
        // The tool takes away all entries of a trustee or none.
        commands.push(Command::new(
            Tool::Dsacls,
            format!("dsacls \"{}\" /R \"{trustee}\"", shown(dn)),
        ));
    }
    commands.push(Command::new(
        Tool::PowerShell,
        on_the_list(dn, &format!("RemoveAccessRuleSpecific({})", rule.text())),
    ));
    let entry = crate::ad::sddl::entry(&denial.ace);
    match (&denial.rest, entry) {
        (_, Some(entry)) if denial.single => commands.push(Command::new(
            Tool::SambaTool,
            format!("samba-tool dsacl delete --objectdn='{}' --sddl='{entry}'", shown(dn)),
        )),
        (Some(rest), _) => commands.push(ldbmodify(dn, &[replace("nTSecurityDescriptor", Some(rest))])),
        _ => {}
    }
    commands
}

/// The kind of inheritance that an entry's flags make, as PowerShell names it.
fn inheritance(ace: &Ace) -> &'static str {
    let flag = |flag| ace.flags & flag != 0;
    match (flag(CONTAINER_INHERIT), flag(INHERIT_ONLY), flag(NO_PROPAGATE)) {
        (false, _, _) => "None",
        (true, false, false) => "All",
        (true, true, false) => "Descendents",
        (true, false, true) => "SelfAndChildren",
        (true, true, true) => "Children",
    }
}

/// Lets an object inherit again. `unprotected` is its list in SDDL.
pub(crate) fn inherit(dn: &str, unprotected: Option<&str>) -> Vec<Command> {
    let mut commands = vec![
        Command::new(Tool::Dsacls, format!("dsacls \"{}\" /P:N", shown(dn))),
        Command::new(
            Tool::PowerShell,
            on_the_list(dn, "SetAccessRuleProtection($false, $true)"),
        ),
    ];
    commands.extend(unprotected.map(|sddl| ldbmodify(dn, &[replace("nTSecurityDescriptor", Some(sddl))])));
    commands
}

/// Clears the mark of a former membership in a protected group.
pub(crate) fn clear_admin_count(dn: &str) -> Vec<Command> {
    let dn_shown = shown(dn);
    let powershell = format!(
        "$o = [ADSI]'LDAP://{dn_shown}'; $o.psbase.Properties['adminCount'].Clear(); $o.psbase.CommitChanges()"
    );
    vec![
        Command::new(Tool::PowerShell, powershell),
        ldbmodify(dn, &[replace("adminCount", None)]),
    ]
}

fn replace(attribute: &str, value: Option<&str>) -> String {
    let value = value
        .map(|value| format!(" '{attribute}: {value}'"))
        .unwrap_or_default();
    format!("'replace: {attribute}'{value}")
}

/// What `samba-tool` cannot do, done to the same database: as root on a Samba domain controller.
fn ldbmodify(dn: &str, changes: &[String]) -> Command {
    let changes = changes.join(" '-' ");
    let dn = shown(dn);
    Command::new(
        Tool::SambaTool,
        format!(
            "printf '%s\\n' 'dn: {dn}' 'changetype: modify' {changes} | ldbmodify --controls=sd_flags:1:4 \
             -H \"$(samba-tool testparm --suppress-prompt --parameter-name='private dir' 2>/dev/null)/sam.ldb\""
        ),
    )
}

/// Mends the state of a service account that cannot log on, named as in the settings.
pub(crate) fn mend_logon(user: &str, action: Logon) -> Vec<Command> {
    let name = user.rsplit_once('\\').map_or(user, |(_, name)| name);
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ' | '@');
    if name.is_empty() || !name.chars().all(plain) {
        return Vec::new();
    }
    // What stands before the @ of a user principal name need not be the logon name: that may be somebody else's.
    let (found, identity, samba_user) = match name.contains('@') {
        true => (
            format!("Get-ADUser -Filter \"UserPrincipalName -eq '{name}'\" | "),
            String::new(),
            format!("--filter='(userPrincipalName={name})'"),
        ),
        false => (String::new(), format!(" -Identity '{name}'"), format!("'{name}'")),
    };
    let (cmdlet, option, verb, samba_option) = match action {
        Logon::Unlock => ("Unlock-ADAccount", "", "unlock", ""),
        Logon::Enable => ("Enable-ADAccount", "", "enable", ""),
        Logon::NewPassword => ("Set-ADAccountPassword", " -Reset", "setpassword", ""),
        Logon::NoExpiry => ("Clear-ADAccountExpiration", "", "setexpiry", " --noexpiry"),
    };
    vec![
        Command::new(Tool::PowerShell, format!("{found}{cmdlet}{identity}{option}")),
        Command::new(
            Tool::SambaTool,
            format!("samba-tool user {verb} {samba_user}{samba_option}"),
        ),
    ]
}

/// What a service account needs to log on again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Logon {
    Unlock,
    Enable,
    NewPassword,
    NoExpiry,
}

/// Sets the clock of this machine after the domain's.
pub(crate) fn set_the_clock() -> Vec<Command> {
    vec![Command::new(Tool::PowerShell, "w32tm /resync /rediscover".to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ad::dn::Dn;
    use crate::ad::right::READ;
    use proptest::prelude::*;

    fn service(name: &str) -> Service {
        Service {
            name: Some(name.to_owned()),
            sid: "S-1-5-21-1-2-3-1105".parse().ok(),
        }
    }

    fn texts(commands: &[Command]) -> Vec<&str> {
        commands.iter().map(|command| command.command.as_str()).collect()
    }

    #[test]
    fn the_grants_of_the_manual() {
        let people = Place::Users("OU=People,DC=corp,DC=example".to_owned());
        let manual = include_str!("manual/permissions.rs");
        let service = service(r"CORP\svc-writeback");
        for right in [Right::ResetPassword, Right::WriteLockoutTime, Right::WritePwdLastSet] {
            let commands = grant(right, &people, &service);
            let [dsacls, _, samba_tool] = &texts(&commands)[..] else {
                panic!("{commands:?}")
            };
            let samba_tool = samba_tool.replace('\'', "\"");
            assert!(
                manual.contains(dsacls) && manual.contains(&samba_tool),
                "{dsacls} {samba_tool}"
            );
        }
        let domain = Place::On("DC=corp,DC=example".to_owned());
        let unexpire = grant(Right::UnexpirePassword, &domain, &service);
        assert!(manual.contains(texts(&unexpire)[0]), "{unexpire:?}");
        let policies =
            Place::PasswordSettings("CN=Password Settings Container,CN=System,DC=corp,DC=example".to_owned());
        let policies = grant(Right::ReadPasswordSettings, &policies, &service);
        assert!(manual.contains(texts(&policies)[0]), "{policies:?}");
    }

    #[test]
    fn every_right_has_all_three_tools() {
        let rights = [Right::ChangePassword, Right::ReadControl]
            .into_iter()
            .chain(READ.iter().map(Right::Read));
        for right in rights {
            let commands = grant(right, &Place::People("OU=x,DC=y".to_owned()), &service(r"Y\z"));
            let tools: Vec<Tool> = commands.iter().map(|command| command.tool).collect();
            assert_eq!(tools, [Tool::Dsacls, Tool::PowerShell, Tool::SambaTool], "{right}");
        }
        let whole = grant(
            Right::ReadControl,
            &Place::Users("OU=x,DC=y".to_owned()),
            &service(r"Y\z"),
        );
        assert_eq!(texts(&whole)[0], r#"dsacls "OU=x,DC=y" /I:S /G "Y\z:RC;;user""#);
    }

    #[test]
    fn a_name_that_a_shell_would_read_is_not_shown_to_it() {
        let odd = r#"CN=a\"b'; rm -rf \/ $(x) `y` %z% ’q’,OU=Ö\, ü,DC=y"#;
        assert_eq!(
            shown(odd),
            r"CN=a\22b\27\3B rm -rf \2F \24\28x\29 \60y\60 \25z\25 \E2\80\99q\E2\80\99,OU=Ö\2C ü,DC=y"
        );
        let commands = grant(
            Right::ResetPassword,
            &Place::On("DC=y".to_owned()),
            &service(r#"Y\a" & calc & ""#),
        );
        assert!(texts(&commands)[0].contains("S-1-5-21-1-2-3-1105"), "{commands:?}");
        assert_eq!(mend_logon("svc'; rm@corp", Logon::Unlock), []);
        assert_eq!(
            texts(&mend_logon(r"CORP\svc", Logon::Unlock)),
            ["Unlock-ADAccount -Identity 'svc'", "samba-tool user unlock 'svc'"]
        );
        assert_eq!(
            texts(&mend_logon("svc@corp.example", Logon::NewPassword)),
            [
                r#"Get-ADUser -Filter "UserPrincipalName -eq 'svc@corp.example'" | Set-ADAccountPassword -Reset"#,
                "samba-tool user setpassword --filter='(userPrincipalName=svc@corp.example)'"
            ]
        );
    }

    proptest! {
        #[test]
        fn a_shown_name_is_harmless_and_the_same(value in ".{1,20}") {
            let escaped: String = value.bytes().map(|byte| format!("\\{byte:02x}")).collect();
            let dn = format!("CN={escaped},DC=x");
            let shown = shown(&dn);
            prop_assert_eq!(shown.parse::<Dn>(), dn.parse::<Dn>());
        }

        #[test]
        fn nothing_that_a_shell_reads_is_left(dn in "(\\\\?.){0,30}") {
            let harmless = |c: char| c.is_alphanumeric() || "\\=,+ -._@:".contains(c);
            prop_assert!(shown(&dn).chars().all(harmless));
        }
    }
}
