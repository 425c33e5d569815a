//! The memory scanner and the text scanner.

use std::hint::black_box;
use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use testkit::memory::{Encoding, Needle, random_password, scan, scan_process};

use super::client::quoted;

#[cfg(target_os = "linux")]
#[test]
fn a_needle_finds_every_planted_copy_and_not_itself() {
    let mut planted = Vec::new();
    let password = random_password();
    let hex: String = password.bytes().map(|byte| format!("{byte:02X}")).collect();
    for copy in [
        (Encoding::Utf8, password.clone().into_bytes()),
        (Encoding::Utf16, quoted(&password)),
        (Encoding::Base64, STANDARD.encode(&password).into_bytes()),
        (Encoding::Base64OfUtf16, STANDARD.encode(quoted(&password)).into_bytes()),
        (Encoding::Hex, hex.into_bytes()),
    ] {
        planted.push(copy);
    }
    let needle = Needle::new(password);
    let start = Instant::now();
    let before = scan(&needle).unwrap();
    eprintln!("{} KiB in {:?}", before.scanned / 1024, start.elapsed());
    for (encoding, bytes) in &planted {
        let address = bytes.as_ptr() as u64;
        let near = |found: &u64| (address..address + bytes.len() as u64).contains(found);
        assert!(before.addresses(*encoding).iter().any(near), "{encoding:?}: {before}");
    }
    black_box(&planted);
}

#[cfg(target_os = "linux")]
#[test]
fn what_nobody_holds_is_not_found() {
    let needle = Needle::new(random_password());
    for _ in 0..3 {
        let findings = scan(&needle).unwrap();
        assert_eq!(findings.total(), 0, "{findings}");
        assert!(findings.scanned > 100_000);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_copy_counts_once_wherever_it_lies() {
    let password = random_password();
    let mut room = vec![0u8; 400_000];
    // Over every offset around a page's and a read's border, one at a time.
    let base = room.as_ptr() as usize;
    let border = (base + 200_000).next_multiple_of(64 * 1024) - base;
    let length = password.len();
    let bytes = password.clone().into_bytes();
    let needle = Needle::new(password);
    for offset in [border - length, border - length / 2, border - 1, border, border + 1] {
        room[offset..offset + length].copy_from_slice(&bytes);
        let findings = scan(&needle).unwrap();
        let place = (base + offset) as u64;
        assert_eq!(
            findings
                .addresses(Encoding::Utf8)
                .iter()
                .filter(|at| **at == place)
                .count(),
            1,
            "{findings}"
        );
        assert_eq!(findings.total(), 2, "that and the test's own: {findings}");
        room[offset..offset + length].fill(0);
    }
    black_box(&bytes);
}

#[cfg(target_os = "linux")]
#[test]
fn another_process_can_be_searched_from_outside() {
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let password = random_password();
    child.stdin.as_mut().unwrap().write_all(password.as_bytes()).unwrap();
    let mut echo = vec![0; password.len()];
    child.stdout.as_mut().unwrap().read_exact(&mut echo).unwrap();
    let needle = Needle::new(password);
    let findings = scan_process(child.id(), &needle);
    let other = scan_process(child.id(), &Needle::new(random_password()));
    drop(child.stdin.take());
    child.wait().unwrap();
    assert!(findings.unwrap().count(Encoding::Utf8) >= 1);
    assert_eq!(other.unwrap().total(), 0);
    assert!(scan_process(u32::MAX / 2, &needle).is_err());
}

#[test]
fn text_gives_a_password_away_in_many_forms() {
    let password = "Pä55 w0rd/+\"€😀!";
    let needle = Needle::new(password.to_owned());
    let utf16: Vec<u8> = password.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let each = |bytes: &[u8], before: &str| {
        bytes
            .iter()
            .map(|byte| format!("{before}{byte:02X}"))
            .collect::<String>()
    };
    let units: String = password.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
    for (expected, text) in [
        (Encoding::Utf8, format!("user x, password {password}.")),
        (
            Encoding::Utf16,
            String::from_utf8_lossy(&quoted("Pa55word!")).into_owned(),
        ),
        (Encoding::Escaped, format!("{password:?}")),
        (Encoding::Escaped, password.escape_unicode().to_string()),
        (Encoding::Escaped, units),
        (Encoding::Escaped, format!("{}", utf16.escape_ascii())),
        (Encoding::Escaped, each(&utf16, "\\")),
        (Encoding::Escaped, each(password.as_bytes(), "\\x")),
        (Encoding::Hex, hex(password.as_bytes())),
        (Encoding::HexOfUtf16, hex(&utf16).to_uppercase()),
        (Encoding::Base64, STANDARD.encode(format!("user:{password}:rest"))),
        (Encoding::Base64, URL_SAFE_NO_PAD.encode(password)),
        (Encoding::Base64OfUtf16, STANDARD.encode(quoted(password))),
        (Encoding::Percent, each(password.as_bytes(), "%")),
        (
            Encoding::Percent,
            format!("https://x/?p={}", password.replace(' ', "%20").replace('"', "%22")),
        ),
        (Encoding::Numbers, format!("{:?}", password.as_bytes())),
        (Encoding::Numbers, format!("Replace({:?})", utf16)),
        (Encoding::Numbers, format!("{:#x?}", utf16)),
        (Encoding::Numbers, each(password.as_bytes(), ":")),
    ] {
        let needle = if expected == Encoding::Utf16 {
            &Needle::new("Pa55word!".to_owned())
        } else {
            &needle
        };
        assert_eq!(needle.find_in_text(&text), Some(expected), "{text}");
    }
    for innocent in [
        "",
        "Pä55 w0rd",
        "\\",
        "\\u",
        "\\u{",
        "%",
        "%2",
        "[80, 195]",
        "a \\ud83d b",
        "%zz \\xzz",
    ] {
        assert_eq!(needle.find_in_text(innocent), None, "{innocent}");
    }
}

#[test]
#[should_panic(expected = "too short")]
fn a_short_needle_is_refused() {
    Needle::new("short".to_owned());
}
