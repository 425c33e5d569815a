//! More than anybody could want: without end, or just too much.

use super::victim::{Deed, attack, attack_before_write, finding, reading, script, server};
use testkit::fake::{FakeDc, Reaction, When};
use tokio::sync::Mutex;

/// One flood at a time: the server's side of it is in the same process.
static TURN: Mutex<()> = Mutex::const_new(());

const MEGABYTE: usize = 1 << 20;

/// The most memory this process has ever held, in bytes (proc(5)).
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// The server of this process alone holds an answer several times over before it is sent.
fn assert_bounded(before: usize, what: &str) {
    let grown = peak() - before;
    assert!(grown < 300 * MEGABYTE, "{what}: {} MB more", grown / MEGABYTE);
}

#[tokio::test(flavor = "multi_thread")]
async fn entries_without_end_have_one() {
    let _turn = TURN.lock().await;
    let before = peak();
    for (stage, when) in [
        ("rootDSE", When::root_dse()),
        ("finding", finding()),
        ("reading", reading()),
    ] {
        let dc = server(when, Reaction::endless_entries()).await;
        attack_before_write(&dc, dc.ldaps_url(), &format!("endless entries at {stage}")).await;
        assert!(dc.all_closed_within(std::time::Duration::from_secs(10)).await);
    }
    let dc = server(reading().nth(2), Reaction::endless_entries()).await;
    let error = attack(&dc, Deed::Reset, dc.ldaps_url(), "endless entries at reading back").await;
    assert!(error.is_none(), "{error:?}");
    let dc = server(When::search_asking("minPwdLength"), Reaction::endless_entries()).await;
    attack(&dc, Deed::Policy, dc.ldaps_url(), "endless entries for the policy").await;
    assert_bounded(before, "endless entries");
}

#[tokio::test(flavor = "multi_thread")]
async fn huge_attributes_are_borne_or_refused() {
    let _turn = TURN.lock().await;
    let before = peak();
    for (size, attribute) in [
        (14, "displayName"),
        (14, "nTSecurityDescriptor"),
        (20, "displayName"),
        (20, "tokenGroups"),
    ] {
        let huge = Reaction::edit(move |found| {
            found
                .attributes
                .push((attribute.to_owned(), vec![vec![b'x'; size * MEGABYTE]]));
        });
        let dc = server(reading(), huge).await;
        let what = format!("{attribute} of {size} MB");
        let error = attack(&dc, Deed::Reset, dc.ldaps_url(), &what).await;
        assert!(error.is_some() || size < 16, "{what}");
    }
    assert_bounded(before, "huge attributes");
}

#[tokio::test(flavor = "multi_thread")]
async fn thousands_of_attributes_and_values_are_borne_or_refused() {
    let _turn = TURN.lock().await;
    let before = peak();
    for (attributes, values) in [(10_000, 1), (1, 60_000), (100, 2_000), (200_000, 1)] {
        let many = Reaction::edit(move |found| {
            let all = (0..attributes).map(|n| (format!("extra{n}"), vec![b"x".to_vec(); values]));
            found.attributes.extend(all);
        });
        let dc = server(reading(), many).await;
        let what = format!("{attributes} attributes of {values} values");
        attack(&dc, Deed::Reset, dc.ldaps_url(), &what).await;
    }
    assert_bounded(before, "thousands of attributes");
}

#[tokio::test(flavor = "multi_thread")]
async fn uninvited_bytes_without_end_are_not_kept() {
    let _turn = TURN.lock().await;
    let before = peak();
    for when in [When::bind(), reading(), When::modify()] {
        let dc = FakeDc::start(script()).await;
        dc.on(when, Reaction::usual_followed_by(vec![0x30; 16 * MEGABYTE]));
        attack(&dc, Deed::Reset, dc.ldaps_url(), "16 MB of nonsense behind an answer").await;
    }
    assert_bounded(before, "uninvited bytes");
}
