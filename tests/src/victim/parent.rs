//! The test's side: starts the process and gives it orders.

use super::{Order, Reach};
use crate::memory::{Findings, Needle, scan_process};
use std::io;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// The allocator of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allocator {
    /// Wipes what it frees.
    Zeroing,
    /// The operating system's own.
    Plain,
    /// The same, telling on standard error who frees a marked password unwiped.
    Witness,
}

/// A process to look into. Dropping it ends it.
#[derive(Debug)]
pub struct Victim {
    child: Child,
    orders: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Victim {
    /// Starts a program that runs [`super::serve`].
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(program: &Path) -> io::Result<Victim> {
        Self::start_with(program, Stdio::inherit())
    }

    /// As [`Victim::start`], with a standard error of its own.
    ///
    /// # Errors
    /// The same.
    pub fn start_with(program: &Path, errors: Stdio) -> io::Result<Victim> {
        let mut child = Command::new(program)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(errors)
            .kill_on_drop(true)
            .spawn()?;
        let (Some(orders), Some(answers)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(io::Error::other("no pipes"));
        };
        Ok(Victim {
            child,
            orders,
            answers: BufReader::new(answers).lines(),
        })
    }

    /// Gives an order, and waits for the answer.
    ///
    /// # Errors
    /// Where the process has ended.
    pub async fn order(&mut self, order: Order, bytes: &[u8]) -> io::Result<String> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let message = [&[order as u8], &length.to_le_bytes()[..], bytes].concat();
        self.orders.write_all(&message).await?;
        self.orders.flush().await?;
        let answer = self.answers.next_line().await?;
        answer.ok_or_else(|| io::Error::new(io::ErrorKind::UnexpectedEof, "the process has ended"))
    }

    /// Tells it where to write.
    ///
    /// # Errors
    /// As [`Victim::order`].
    pub async fn reach(&mut self, reach: &Reach) -> io::Result<String> {
        let json = serde_json::to_vec(reach)?;
        self.order(Order::Reach, &json).await
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap_or_default()
    }

    /// Searches its memory.
    ///
    /// # Errors
    /// As [`scan_process`].
    pub fn search(&self, needle: &Needle) -> io::Result<Findings> {
        scan_process(self.id(), needle)
    }
}
