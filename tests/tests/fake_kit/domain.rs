//! What the fake domain controller answers when left alone.

use std::time::Duration;

use ldap3::controls::RawControl;
use ldap3::{Mod, Scope, SearchEntry};
use testkit::fake::{BASE, BindSeen, ControlSeen, DOMAIN_SID, FakeDc, Policy, Script, User, ValuesSeen, sid};

use super::client::{bind, bound, change, ldap_over, modify, quoted, replace, reset, search, tls, tls_to};

fn hints(oid: &str, critical: bool) -> RawControl {
    RawControl {
        ctype: oid.to_owned(),
        crit: critical,
        val: Some(vec![0x30, 3, 2, 1, 1]),
    }
}

const HINTS: &str = "1.2.840.113556.1.4.2239";

fn alice() -> Script {
    Script::windows().user(
        User::new("alice")
            .password("Old-Pa55phrase")
            .history(["Older-Pa55phrase"]),
    )
}

#[tokio::test]
async fn root_dse_tells_what_the_server_is() {
    let dc = FakeDc::start(Script::windows()).await;
    let mut ldap = ldap_over(tls_to(&dc).await).await;
    let root = search(&mut ldap, "", "(objectClass=*)", &["*"]).await.remove(0);
    assert_eq!(root.attrs["defaultNamingContext"], [BASE]);
    assert!(root.attrs["supportedControl"].contains(&HINTS.to_owned()));
    assert!(root.attrs["supportedCapabilities"].contains(&"1.2.840.113556.1.4.2237".to_owned()));
    assert!(root.attrs["currentTime"][0].ends_with(".0Z"));
    let mut ldap = bound(&dc).await;
    let root = search(&mut ldap, "", "(objectClass=*)", &["tokenGroups"])
        .await
        .remove(0);
    assert!(root.bin_attrs["tokenGroups"].contains(&sid::sid(&format!("{DOMAIN_SID}-513"))));
}

#[tokio::test]
async fn searches_need_a_bind_and_know_filters_and_base_forms() {
    let dc = FakeDc::start(alice().user(User::new("bob").attr("displayName", "Bob (the) *star*"))).await;
    let mut ldap = ldap_over(tls_to(&dc).await).await;
    let refused = ldap
        .search(BASE, Scope::Subtree, "(cn=alice)", vec!["cn"])
        .await
        .unwrap()
        .1;
    assert_eq!((refused.rc, &refused.text[..8]), (1, "000004DC"));

    let mut ldap = bound(&dc).await;
    let guid = dc.guid_of("alice");
    let escaped: String = guid.to_bytes_le().iter().map(|byte| format!("\\{byte:02x}")).collect();
    for filter in [
        "(&(objectClass=user)(sAMAccountName=ALICE))".to_owned(),
        "(|(cn=nobody)(userPrincipalName=alice@corp.example.test))".to_owned(),
        format!("(objectGUID={escaped})"),
        "(&(sAMAccountName=a*i*e)(!(sAMAccountName=b*)))".to_owned(),
        "(&(cn=alice)(userAccountControl:1.2.840.113556.1.4.803:=512))".to_owned(),
    ] {
        let found = search(&mut ldap, BASE, &filter, &["cn"]).await;
        assert_eq!(found.len(), 1, "{filter}");
        assert_eq!(found[0].attrs["cn"], ["alice"], "{filter}");
    }
    let starred = search(&mut ldap, BASE, "(displayName=Bob \\28the\\29 \\2astar\\2a)", &["cn"]).await;
    assert_eq!(starred[0].attrs["cn"], ["bob"]);
    for base in [
        format!("<GUID={guid}>"),
        format!("<GUID={}>", escaped.replace('\\', "")),
        dc.dn_of("alice").to_uppercase(),
    ] {
        let found = search(&mut ldap, &base, "(objectClass=*)", &["cn", "tokenGroups"]).await;
        assert_eq!(found[0].attrs["cn"], ["alice"], "{base}");
        assert_eq!(found[0].bin_attrs["tokenGroups"].len(), 2);
    }
    let missing = ldap
        .search("<SID=S-1-5-21-1-2-3-4>", Scope::Base, "(cn=*)", vec!["cn"])
        .await
        .unwrap()
        .1;
    assert_eq!((missing.rc, &missing.text[..8]), (32, "0000208D"));
    let recursive = ldap
        .search(BASE, Scope::Subtree, "(cn=alice)", vec!["tokenGroups"])
        .await
        .unwrap()
        .1;
    assert_eq!(recursive.rc, 1, "tokenGroups only in a base search");
    let searches = dc.log();
    assert!(
        searches
            .searches()
            .iter()
            .any(|seen| seen.filter == "(displayName=Bob \\28the\\29 \\2astar\\2a)")
    );
}

#[tokio::test]
async fn a_search_of_the_domain_ends_with_references() {
    let dc = FakeDc::start(alice()).await;
    let mut ldap = bound(&dc).await;
    let found = ldap
        .search(BASE, Scope::Subtree, "(cn=alice)", vec!["cn"])
        .await
        .unwrap();
    let (entries, result) = found.success().unwrap();
    assert_eq!((entries.len(), result.refs.len()), (1, 3));
}

#[tokio::test]
async fn attributes_are_computed_hidden_and_secret_as_they_should() {
    let dc = FakeDc::start(alice().user(User::new("eve").locked().must_change().without("pwdLastSet"))).await;
    let mut ldap = bound(&dc).await;
    let names = [
        "msDS-User-Account-Control-Computed",
        "pwdLastSet",
        "unicodePwd",
        "replPropertyMetaData",
        "nTSecurityDescriptor",
    ];
    let eve = search(&mut ldap, BASE, "(cn=eve)", &names).await.remove(0);
    assert_eq!(
        eve.attrs["msDS-User-Account-Control-Computed"],
        [(0x80_0010).to_string()]
    );
    assert!(!eve.attrs.contains_key("pwdLastSet") && !eve.attrs.contains_key("unicodePwd"));
    assert!(
        !eve.bin_attrs.contains_key("nTSecurityDescriptor"),
        "only with the SD flags control"
    );
    let sd_flags = RawControl {
        ctype: "1.2.840.113556.1.4.801".into(),
        crit: true,
        val: Some(vec![0x30, 3, 2, 1, 4]),
    };
    let base = dc.dn_of("eve");
    let found = ldap
        .with_controls(sd_flags)
        .search(&base, Scope::Base, "(cn=*)", names.to_vec())
        .await
        .unwrap();
    let eve = SearchEntry::construct(found.success().unwrap().0.remove(0));
    let metadata = eve.bin_attrs.get("replPropertyMetaData").unwrap();
    assert_eq!(metadata[0].len(), 16 + 2 * 48);
    assert_eq!(eve.bin_attrs["nTSecurityDescriptor"][0][0], 1);
    assert!(
        search(&mut ldap, BASE, "(pwdLastSet=0)", &["cn"]).await.is_empty(),
        "hidden is not searchable either"
    );
}

#[tokio::test]
async fn a_reset_moves_everything_it_should() {
    let dc = FakeDc::start(alice()).await;
    let mut ldap = bound(&dc).await;
    let target = format!("<GUID={}>", dc.guid_of("alice"));
    let before = dc.entry("alice").unwrap();
    assert_eq!(reset(&mut ldap, &target, "New-Pa55phrase").await, (0, String::new()));
    let after = dc.entry("alice").unwrap();
    for moved in ["pwdLastSet", "uSNChanged"] {
        assert!(after.number(moved) > before.number(moved), "{moved}");
    }
    assert_ne!(
        before.values("replPropertyMetaData"),
        after.values("replPropertyMetaData")
    );
    assert_eq!(dc.password_of("alice").as_deref(), Some("New-Pa55phrase"));
    assert_eq!(dc.password_of(&dc.dn_of("alice")).as_deref(), Some("New-Pa55phrase"));
    for name in ["alice@corp.example.test", "CORP\\alice", &dc.dn_of("alice")] {
        assert_eq!(bind(&dc, name, "New-Pa55phrase").await.0, 0, "{name}");
    }
    assert_eq!(bind(&dc, "CORP\\alice", "Old-Pa55phrase").await.0, 49);
    assert_eq!((dc.counts().writes_applied, dc.counts().password_writes), (1, 1));
    assert!(dc.was_written("alice") && !dc.was_written(dc.service_user().split('@').next().unwrap()));
}

#[tokio::test]
async fn policy_history_and_age_answer_as_windows_does() {
    let day = Duration::from_secs(86_400);
    let dc = FakeDc::start(alice().policy(Policy {
        min_age: day,
        ..Policy::default()
    }))
    .await;
    let mut ldap = bound(&dc).await;
    let target = dc.dn_of("alice");
    let (code, text) = reset(&mut ldap, &target, "short").await;
    assert_eq!((code, &text[..8]), (53, "0000052D"));
    assert_eq!(change(&mut ldap, &target, "Old-Pa55phrase", "short").await.0, 19);
    assert_eq!(
        reset(&mut ldap, &target, "alice-Is-2-be-found").await.0,
        53,
        "holds the account's name"
    );
    let (code, text) = change(&mut ldap, &target, "Wrong-Pa55phrase", "New-Pa55phrase").await;
    assert_eq!((code, &text[..8]), (19, "00000056"));
    assert_eq!(
        change(&mut ldap, &target, "Old-Pa55phrase", "Older-Pa55phrase").await.0,
        19,
        "history"
    );

    let old = || vec![replace("unicodePwd", quoted("Older-Pa55phrase"))];
    let refused = ldap
        .with_controls(hints(HINTS, true))
        .modify(&target, old())
        .await
        .unwrap();
    assert_eq!((refused.rc, &refused.text[..8]), (53, "0000052D"));
    assert_eq!(
        modify(&mut ldap, &target, old()).await.0,
        0,
        "no history without the hints"
    );
    let fresh = vec![replace("unicodePwd", quoted("Fresh-Pa55phrase"))];
    let young = ldap
        .with_controls(hints(HINTS, true))
        .modify(&target, fresh)
        .await
        .unwrap();
    assert_eq!(young.rc, 53, "minimum age under the hints");
    let seen = dc.log().controls_of_modify(5);
    assert_eq!(
        seen,
        [ControlSeen {
            oid: HINTS.into(),
            critical: true,
            value: Some(vec![0x30, 3, 2, 1, 1])
        }]
    );
}

#[tokio::test]
async fn a_server_without_hints_refuses_them_where_critical() {
    let dc = FakeDc::start(alice().hints(&[])).await;
    let mut ldap = bound(&dc).await;
    let target = dc.dn_of("alice");
    let write = || vec![replace("unicodePwd", quoted("New-Pa55phrase"))];
    assert_eq!(
        ldap.with_controls(hints(HINTS, true))
            .modify(&target, write())
            .await
            .unwrap()
            .rc,
        12
    );
    assert_eq!(
        ldap.with_controls(hints(HINTS, false))
            .modify(&target, write())
            .await
            .unwrap()
            .rc,
        0
    );
}

#[tokio::test]
async fn one_modify_resets_unlocks_and_requires_a_change_or_does_nothing() {
    let locked = |name| User::new(name).password("Old-Pa55phrase").locked();
    let dc = FakeDc::start(
        Script::windows()
            .user(locked("alice"))
            .user(locked("bob").writable(&["lockoutTime"])),
    )
    .await;
    let mut ldap = bound(&dc).await;
    let all = || {
        vec![
            replace("unicodePwd", quoted("New-Pa55phrase")),
            replace("lockoutTime", "0"),
            replace("pwdLastSet", "0"),
        ]
    };
    assert_eq!(
        bind(&dc, "alice@corp.example.test", "Old-Pa55phrase")
            .await
            .1
            .split("data ")
            .nth(1)
            .unwrap()[..3],
        *"775"
    );
    assert_eq!(modify(&mut ldap, &dc.dn_of("alice"), all()).await.0, 0);
    assert_eq!(dc.entry("alice").unwrap().text("lockoutTime").as_deref(), Some("0"));
    assert!(
        bind(&dc, "alice@corp.example.test", "New-Pa55phrase")
            .await
            .1
            .contains("data 773")
    );
    let (code, text) = modify(&mut ldap, &dc.dn_of("bob"), all()).await;
    assert_eq!((code, &text[..8]), (50, "00002098"));
    assert_eq!(dc.password_of("bob").as_deref(), Some("Old-Pa55phrase"));
    let log = dc.log();
    assert_eq!(
        log.modifies()[0].in_short(),
        ["replace unicodePwd", "replace lockoutTime=0", "replace pwdLastSet=0"]
    );
    assert_eq!(
        log.modifies()[0].changes[0].values,
        ValuesSeen::Hidden {
            count: 1,
            well_formed: 1
        }
    );
    assert!(!format!("{log:?}").contains("Pa55phrase"));
}

#[tokio::test]
async fn wrong_passwords_lock_and_a_locked_account_refuses_a_change() {
    let policy = Policy {
        lockout_threshold: 2,
        ..Policy::default()
    };
    let dc = FakeDc::start(alice().policy(policy)).await;
    let mut ldap = bound(&dc).await;
    let name = "alice@corp.example.test";
    assert!(bind(&dc, name, "Wrong-1").await.1.contains("data 52e"));
    assert_eq!(
        change(&mut ldap, &dc.dn_of("alice"), "Wrong-2", "New-Pa55phrase")
            .await
            .0,
        19
    );
    assert!(bind(&dc, name, "Old-Pa55phrase").await.1.contains("data 775"));
    let (code, text) = change(&mut ldap, &dc.dn_of("alice"), "Old-Pa55phrase", "New-Pa55phrase").await;
    assert_eq!((code, &text[..8]), (19, "00000775"));
    let log = dc.log();
    assert!(log.binds().contains(&(name, &BindSeen::Wrong)) && log.binds().contains(&(name, &BindSeen::Right)));
}

#[tokio::test]
async fn account_states_show_in_the_logon_s_sub_code() {
    let with = |name: &str| User::new(name).password("Old-Pa55phrase");
    let old = with("old").password_age(Duration::from_secs(100 * 86_400));
    let script = Script::windows()
        .user(with("off").disabled())
        .user(with("gone").expired())
        .user(old);
    let dc = FakeDc::start(script.user(with("new").must_change())).await;
    for (name, data) in [
        ("off", "533"),
        ("gone", "701"),
        ("old", "532"),
        ("new", "773"),
        ("nobody", "52e"),
    ] {
        let (code, text) = bind(&dc, &format!("CORP\\{name}"), "Old-Pa55phrase").await;
        assert_eq!(code, 49);
        assert!(text.contains(&format!("data {data}")), "{name}: {text}");
    }
}

#[tokio::test]
async fn rights_are_missed_as_windows_misses_them() {
    let user = |name| User::new(name).password("Old-Pa55phrase");
    let dc = FakeDc::start(
        Script::windows()
            .user(user("a").reset_denied())
            .user(user("b").cannot_change()),
    )
    .await;
    let mut ldap = bound(&dc).await;
    let (code, text) = reset(&mut ldap, &dc.dn_of("a"), "New-Pa55phrase").await;
    assert_eq!((code, &text[..8]), (50, "00000005"));
    assert_eq!(
        change(&mut ldap, &dc.dn_of("b"), "Old-Pa55phrase", "New-Pa55phrase")
            .await
            .0,
        19
    );
    assert_eq!(
        modify(&mut ldap, &dc.dn_of("a"), vec![replace("description", "x")])
            .await
            .0,
        50
    );
    let deleted = Mod::Delete(b"unicodePwd".to_vec(), Default::default());
    assert_eq!(modify(&mut ldap, &dc.dn_of("b"), vec![deleted]).await.0, 53);
}

#[tokio::test]
async fn read_only_and_catalogue_ports_refuse_writes() {
    let dc = FakeDc::start(alice().read_only("dc2.corp.example.test")).await;
    let mut ldap = bound(&dc).await;
    let write = vec![replace("unicodePwd", quoted("New-Pa55phrase"))];
    let result = ldap.modify(&dc.dn_of("alice"), write).await.unwrap();
    assert_eq!((result.rc, result.text.as_str()), (10, "0000202B: Referral error"));
    assert_eq!(
        result.refs,
        [format!("ldap://dc2.corp.example.test/{}", dc.dn_of("alice"))]
    );

    let config = dc.pki().client_config(Default::default());
    let mut ldap = ldap_over(tls(dc.global_catalog_address(), config, dc.host_name()).await.unwrap()).await;
    ldap.simple_bind(&dc.service_user(), dc.service_password())
        .await
        .unwrap()
        .success()
        .unwrap();
    assert_eq!(reset(&mut ldap, &dc.dn_of("alice"), "New-Pa55phrase").await.0, 53);
    let found = search(&mut ldap, BASE, "(cn=alice)", &["cn", "pwdLastSet"])
        .await
        .remove(0);
    assert!(found.attrs.contains_key("cn") && !found.attrs.contains_key("pwdLastSet"));
}

#[tokio::test]
async fn a_fine_grained_policy_rules_its_account() {
    let strict = Policy {
        min_length: 20,
        ..Policy::default()
    }
    .as_pso("strict", 10)
    .unreadable();
    let user = User::new("alice").password("Old-Pa55phrase").resultant_pso(strict.dn());
    let dc = FakeDc::start(Script::windows().entry(strict).user(user)).await;
    let mut ldap = bound(&dc).await;
    assert_eq!(reset(&mut ldap, &dc.dn_of("alice"), "New-Pa55phrase").await.0, 53);
    assert!(
        search(&mut ldap, BASE, "(objectClass=msDS-PasswordSettings)", &["cn"])
            .await
            .is_empty()
    );
}
