//! The results: cases by backend.

use super::schema::Capability;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What became of a case on a backend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// As expected, and how long it took.
    Passed(Duration),
    /// Not as expected.
    Failed,
    /// The backend cannot do what the case needs.
    NotApplicable(Capability),
    /// The backend is not there.
    LeftOut,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Passed(_) => f.pad("pass"),
            Cell::Failed => f.pad("FAIL"),
            Cell::NotApplicable(needs) => f.pad(&format!("n/a: {}", needs.as_str())),
            Cell::LeftOut => f.pad("LEFT OUT"),
        }
    }
}

/// The table of results.
#[derive(Clone, Debug, Default)]
pub struct Table {
    backends: Vec<&'static str>,
    cells: BTreeMap<(String, &'static str), Cell>,
}

impl Table {
    /// A table with these columns.
    #[must_use]
    pub fn new(backends: Vec<&'static str>) -> Self {
        Table {
            backends,
            cells: BTreeMap::new(),
        }
    }

    /// Notes what became of a case.
    pub fn note(&mut self, case: &str, backend: &'static str, cell: Cell) {
        self.cells.insert((case.to_owned(), backend), cell);
    }

    fn of(&self, backend: &'static str) -> impl Iterator<Item = &Cell> {
        self.cells
            .iter()
            .filter(move |((_, of), _)| *of == backend)
            .map(|(_, cell)| cell)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cases: std::collections::BTreeSet<&String> = self.cells.keys().map(|(case, _)| case).collect();
        let width = cases.iter().map(|case| case.len()).max().unwrap_or_default();
        write!(f, "\n{:width$}", "case")?;
        for backend in &self.backends {
            write!(f, "  {backend:22}")?;
        }
        for case in cases {
            write!(f, "\n{case:width$}")?;
            for backend in &self.backends {
                match self.cells.get(&(case.clone(), *backend)) {
                    Some(cell) => write!(f, "  {cell:22}")?,
                    None => write!(f, "  {:22}", "-")?,
                }
            }
        }
        writeln!(f)?;
        for backend in &self.backends {
            let count = |wanted: fn(&Cell) -> bool| self.of(backend).filter(|cell| wanted(cell)).count();
            let time: Duration = self
                .of(backend)
                .filter_map(|cell| match cell {
                    Cell::Passed(time) => Some(*time),
                    _ => None,
                })
                .sum();
            writeln!(
                f,
                "{backend}: {} passed in {:.1} s, {} failed, {} not applicable, {} left out",
                count(|cell| matches!(cell, Cell::Passed(_))),
                time.as_secs_f64(),
                count(|cell| matches!(cell, Cell::Failed)),
                count(|cell| matches!(cell, Cell::NotApplicable(_))),
                count(|cell| matches!(cell, Cell::LeftOut)),
            )?;
        }
        Ok(())
    }
}
