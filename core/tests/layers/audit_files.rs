//! Events as lines of a file.

use crate::support::*;
use password_writeback::layer::Stack;
use password_writeback::{Code, FindAccount, JsonLinesFile, JsonLinesSink, PasswordWriteback, ResetPassword};
use serde_json::Value;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// A directory of the test's own, gone when it ends.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("password-writeback-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Place(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("audit.jsonl")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.ends_with('\n'));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[tokio::test]
async fn each_event_is_a_line() {
    let place = Place::new("lines");
    for round in 1..=2 {
        let sink = Arc::new(JsonLinesFile::new(place.file()).unwrap());
        let directory = Stack::new().audit(sink).around(with_alice());
        directory
            .reset_password(ResetPassword::new("alice", NEW))
            .await
            .unwrap();
        // What was there stays there.
        assert_eq!(lines(&place.file()).len(), 2 * round);
    }
    let lines = lines(&place.file());
    assert_eq!(
        (&lines[2]["phase"], &lines[3]["phase"]),
        (&"start".into(), &"finish".into())
    );
    assert_eq!(lines[3]["outcome"], "applied");
    assert!(!std::fs::read_to_string(place.file()).unwrap().contains(NEW));
}

#[cfg(unix)]
#[test]
fn a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new("mode");
    JsonLinesFile::new(place.file()).unwrap();
    let mode = std::fs::metadata(place.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o077, 0);
}

#[tokio::test]
async fn a_file_that_was_moved_away_is_made_anew() {
    let place = Place::new("rotation");
    let directory = Stack::new()
        .audit(Arc::new(JsonLinesFile::new(place.file()).unwrap()))
        .around(with_alice());
    directory.find_account(FindAccount::new("alice")).await.unwrap();
    std::fs::rename(place.file(), place.0.join("audit.jsonl.1")).unwrap();
    directory.find_account(FindAccount::new("alice")).await.unwrap();
    assert_eq!(lines(&place.file()).len(), 2);
}

#[tokio::test]
async fn a_file_that_cannot_be_written_any_more_closes_the_door() {
    let place = Place::new("gone");
    let mock = with_alice();
    let directory = Stack::new()
        .audit(Arc::new(JsonLinesFile::new(place.file()).unwrap()))
        .around(mock.clone());
    std::fs::remove_dir_all(&place.0).unwrap();
    let error = directory
        .reset_password(ResetPassword::new("alice", NEW))
        .await
        .unwrap_err();
    assert_eq!((error.code(), mock.writes()), (Code::Configuration, 0));
    assert!(JsonLinesFile::new(place.file()).is_err());
}

/// A writer that has room for so many bytes, and then for none, once.
#[derive(Clone)]
struct Full(Arc<Mutex<(Vec<u8>, Option<usize>)>>);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (written, room) = &mut *self.0.lock().unwrap();
        let taken = room.map_or(bytes.len(), |room| room.min(bytes.len()));
        if taken == 0 {
            *room = None;
            return Err(io::ErrorKind::StorageFull.into());
        }
        *room = room.map(|room| room - taken);
        written.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_line_that_was_cut_short_spoils_no_other() {
    let full = Full(Arc::new(Mutex::new((Vec::new(), Some(40)))));
    let directory = Stack::new()
        .audit(Arc::new(JsonLinesSink::new(full.clone())))
        .around(with_alice());
    directory.find_account(FindAccount::new("alice")).await.unwrap_err();
    directory.find_account(FindAccount::new("alice")).await.unwrap();
    let text = String::from_utf8(full.0.lock().unwrap().0.clone()).unwrap();
    let whole = text
        .lines()
        .filter(|line| serde_json::from_str::<Value>(line).is_ok())
        .count();
    // The torn start, the finish that says so, and the two of the second operation.
    assert_eq!((text.lines().count(), whole), (4, 3), "{text}");
}
