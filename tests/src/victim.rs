//! A process of its own that writes passwords with the library, so that its memory can be searched from outside.
//!
//! Three programs run [`serve`]: with the zeroing allocator, without, and with one that tells who frees what unwiped. A test starts one as a [`Victim`], hands it
//! settings and passwords through a pipe, has it do operations, and searches it with [`crate::memory::scan_process`].
//! Passwords are read from the pipe straight into the one buffer that becomes the password.

mod child;
mod parent;

pub use child::serve;
pub use parent::{Allocator, Victim};

use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Eight of these in a row are taken for a password by the program that tells who frees one unwiped.
pub const MARK: char = '~';

/// How the process reaches its domain controller.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Reach {
    /// `ldaps://` or `ldap://`.
    pub url: String,
    /// Whom to trust.
    pub ca_file: PathBuf,
    /// The service account.
    pub user: String,
    /// The account to write.
    pub account: String,
    /// How long an operation may take, in milliseconds.
    pub deadline: u64,
    /// How long a lost write is given, in milliseconds.
    pub grace: u64,
    /// Whether a written password is tried in a logon.
    pub verify_by_bind: bool,
    /// How many connections are kept between operations.
    pub warm_connections: usize,
}

/// What the process is told. A message is the order's byte, the length of what follows as four bytes, little endian, and that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Order {
    /// Use this [`Reach`], in JSON.
    Reach = b's',
    /// Make the directory, with this bind password.
    Bind = b'b',
    /// Hold this old password.
    Old = b'o',
    /// Hold this new password, or candidate.
    New = b'n',
    /// Reset with the held password. What follows: after how many milliseconds to drop the future, in digits; empty for never.
    Reset = b'r',
    /// Change with the held passwords; what follows is as for a reset.
    Change = b'c',
    /// Check the held candidate.
    Check = b'k',
    /// Drop the directory, and what is held.
    Drop = b'd',
    /// Search its own memory for this password, and answer how many copies there are.
    Search = b'l',
}

impl Order {
    const ALL: [Order; 9] = [
        Order::Reach,
        Order::Bind,
        Order::Old,
        Order::New,
        Order::Reset,
        Order::Change,
        Order::Check,
        Order::Drop,
        Order::Search,
    ];

    fn of(byte: u8) -> Option<Order> {
        Order::ALL.into_iter().find(|order| *order as u8 == byte)
    }
}
