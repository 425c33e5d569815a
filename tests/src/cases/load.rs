//! Reading the table.

use super::Result;
use super::schema::Case;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::path::Path;

/// One file of the table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// What its cases are about, in one sentence.
    pub about: String,
    /// The cases.
    pub cases: Vec<Case>,
    /// The name of the file.
    #[serde(skip)]
    pub name: String,
}

/// Every topic, by name.
///
/// # Errors
/// A file that cannot be read, a field that is misspelt, a name that is there twice.
pub fn load(directory: &Path) -> Result<Vec<Topic>> {
    let failed = |error: std::io::Error| format!("{}: {error}", directory.display());
    let mut files: Vec<_> = std::fs::read_dir(directory)
        .map_err(failed)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<std::io::Result<_>>()
        .map_err(failed)?;
    files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let topics = files.iter().map(|file| load_file(file)).collect::<Result<Vec<_>>>()?;
    let mut names = BTreeSet::new();
    for case in topics.iter().flat_map(|topic| &topic.cases) {
        if !names.insert(case.name.as_str()) {
            return Err(format!("two cases are called {}", case.name));
        }
    }
    Ok(topics)
}

fn load_file(file: &Path) -> Result<Topic> {
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    let text = std::fs::read_to_string(file).map_err(|error| failed(&error))?;
    let mut topic: Topic = serde_json::from_str(&text).map_err(|error| failed(&error))?;
    topic.name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    for case in &topic.cases {
        case.check().map_err(|error| failed(&error))?;
    }
    Ok(topic)
}
