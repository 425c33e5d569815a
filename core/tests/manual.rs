//! The manual says what the code says.

use password_writeback::{Certainty, Code, ErrorKind, Outcome, Protection, Reason};

const ERRORS: &str = include_str!("../src/manual/errors.rs");

/// The rows of the table of codes, each cut into its cells: code, kind, when, what to do, event.
fn rows() -> Vec<[&'static str; 5]> {
    let lines = ERRORS.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let cells = lines.filter_map(|line| {
        line.strip_suffix(" |")?
            .split(" | ")
            .collect::<Vec<_>>()
            .try_into()
            .ok()
    });
    cells.collect()
}

#[test]
fn every_code_has_its_row() {
    let rows = rows();
    assert_eq!(rows.len(), Code::ALL.len());
    for &code in Code::ALL {
        let Some([_, kind, _, _, event]) = rows.iter().find(|row| row[0] == format!("{code}`")) else {
            panic!("{code} has no row")
        };
        assert_eq!(kind.parse::<ErrorKind>().unwrap(), code.kind(), "{code}");
        assert_eq!(*event, code.microsoft_event().unwrap_or("-"), "{code}");
    }
}

#[test]
fn every_word_is_explained() {
    let manual = [
        ERRORS,
        include_str!("../src/manual/concepts.rs"),
        include_str!("../src/manual/outcomes.rs"),
        include_str!("../src/manual/pitfalls.rs"),
    ]
    .concat();
    for word in Outcome::ALL
        .iter()
        .map(|word| word.as_str())
        .chain(Certainty::ALL.iter().map(|word| word.as_str()))
    {
        assert!(manual.contains(&format!("| `{word}` |")), "{word}");
    }
    for reason in Reason::ALL {
        assert!(manual.contains(&format!("`{reason}`")), "{reason}");
    }
    for protection in Protection::ALL {
        assert!(manual.contains(&format!("`{protection}`")), "{protection}");
    }
}
