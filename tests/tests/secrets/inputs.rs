//! What a password can be made of is wiped on every path, and a password offers no way to be copied or shown.

use super::witness::unwiped;
use password_writeback::{
    ActiveDirectory, BindPassword, ChangePassword, CheckPassword, Password, ResetPassword, Settings,
};
use static_assertions::assert_not_impl_any;
use std::fmt::{Display, LowerHex, Pointer};
use std::hash::Hash;
use std::ops::Deref;
use zeroize::Zeroizing;

macro_rules! cannot_be_copied_or_shown {
    ($($type:ty),+) => {
        $(assert_not_impl_any!(
            $type: Clone, Copy, Display, LowerHex, Pointer, Hash, PartialEq, PartialOrd, Default, serde::Serialize,
            serde::de::DeserializeOwned, Deref, AsRef<str>, AsRef<[u8]>, std::borrow::Borrow<str>, Into<String>,
            IntoIterator, std::error::Error
        );)+
    };
}

cannot_be_copied_or_shown!(Password, ResetPassword, ChangePassword, CheckPassword);
// Settings may be cloned: their password is shared, not copied.
assert_not_impl_any!(Settings: Display, serde::Serialize, serde::de::DeserializeOwned, Default);
assert_not_impl_any!(BindPassword: Display, serde::Serialize, serde::de::DeserializeOwned, Deref, AsRef<str>);
assert_not_impl_any!(ActiveDirectory: Display, serde::Serialize);

/// A text with a mark that the witness knows, in a buffer with so much room to spare.
fn text(spare: usize) -> String {
    let mut text = String::with_capacity(40 + spare);
    for _ in 0..40 {
        text.push('~');
    }
    text
}

fn units(end: &[u16]) -> Vec<u16> {
    let mut units = Vec::with_capacity(100);
    units.extend(std::iter::repeat_n(u16::from(b'~'), 40));
    units.extend_from_slice(end);
    units
}

fn bytes(end: &[u8]) -> Vec<u8> {
    let mut bytes = text(60).into_bytes();
    bytes.extend_from_slice(end);
    bytes
}

#[test]
fn a_string_is_wiped() {
    for spare in [0, 1, 7, 60, 4096] {
        assert_eq!(
            unwiped(|| drop(Password::from(text(spare)))),
            0,
            "{spare} bytes to spare"
        );
    }
    assert_eq!(
        unwiped(|| drop(Password::from(Zeroizing::new(text(60))))),
        0,
        "wiping string"
    );
    assert_eq!(
        unwiped(|| drop(Password::from(secrecy::SecretString::from(text(0))))),
        0,
        "secret string"
    );
    let borrowed = text(0);
    assert_eq!(unwiped(|| drop(Password::from(borrowed.as_str()))), 0, "borrowed");
}

#[test]
fn bytes_are_wiped_valid_or_not() {
    assert_eq!(unwiped(|| drop(Password::from_utf8(bytes(b"")))), 0);
    assert_eq!(unwiped(|| drop(Password::from_utf8(bytes(b"\xff")))), 0, "not UTF-8");
    assert_eq!(
        unwiped(|| drop(Password::from_utf8(bytes(b"\xe2\x82")))),
        0,
        "cut short"
    );
}

#[test]
fn utf16_is_wiped_valid_or_not() {
    assert_eq!(unwiped(|| drop(Password::from_utf16(units(&[])))), 0);
    assert_eq!(unwiped(|| drop(Password::from_utf16(units(&[0xd83d, 0xde00])))), 0);
    assert_eq!(
        unwiped(|| drop(Password::from_utf16(units(&[0xd800])))),
        0,
        "lone surrogate at the end"
    );
    assert_eq!(
        unwiped(|| drop(Password::from_utf16(units(&[0xdc00, 0x41])))),
        0,
        "lone surrogate within"
    );
}

#[test]
fn requests_and_settings_wipe_what_they_own() {
    assert_eq!(unwiped(|| drop(ResetPassword::new("alice", text(9)))), 0);
    assert_eq!(unwiped(|| drop(ChangePassword::new("alice", text(9), text(0)))), 0);
    assert_eq!(unwiped(|| drop(CheckPassword::new("alice", text(9)))), 0);
    let settings = || Settings::new(["ldaps://dc1.corp.example.test"], "svc", text(9));
    assert_eq!(unwiped(|| drop(settings())), 0);
    assert_eq!(unwiped(|| drop((settings().clone(), settings()))), 0);
    assert_eq!(unwiped(|| drop(Password::from(text(3)).validate())), 0);
}
