//! The table of behaviour over every backend. One test for each case and backend; the table of results follows the tests.

use libtest_mimic::{Arguments, Failed, Trial};
use std::path::Path;
use std::sync::{Arc, Mutex};
use testkit::cases::{Backend, Capability, Case, Cell, Covered, Live, Mock, Table, Topic, load, run};
use testkit::samba::{Release, require};
use tokio::runtime::Runtime;

type Backends = Vec<Arc<dyn Backend>>;

fn main() {
    let mut arguments = Arguments::from_args();
    // A test waits for its server most of the time: more of them keep every server busy.
    arguments.test_threads.get_or_insert(12);
    let topics = match load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("cases")) {
        Ok(topics) => topics,
        Err(error) => {
            eprintln!("the table cannot be read: {error}");
            std::process::exit(2);
        }
    };
    let runtime = Arc::new(Runtime::new().expect("a runtime"));
    let live = Release::ALL.map(Live::new);
    let mut backends: Backends = vec![Arc::new(Mock::Windows), Arc::new(Mock::Stated)];
    backends.extend(live.iter().map(|live| Arc::new(live.clone()) as Arc<dyn Backend>));
    // Says so loudly, and fails where nothing may be left out.
    let left_out: Vec<&str> = Release::ALL
        .into_iter()
        .zip(&live)
        .filter(|(release, _)| require(*release).is_none())
        .map(|(_, live)| live.name())
        .collect();
    let table = Arc::new(Mutex::new(Table::new(
        backends.iter().map(|backend| backend.name()).collect(),
    )));

    let trials = trials(&topics, &backends, &left_out, &table, &runtime);
    let listing = arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials);
    // `exit` runs no destructors, and the servers are to be gone.
    runtime.block_on(async {
        for live in &live {
            live.stop().await;
        }
    });
    if !listing {
        print!("{}", table.lock().expect("the table"));
        for topic in &topics {
            println!("{}: {} cases", topic.name, topic.cases.len());
        }
    }
    conclusion.exit();
}

fn trials(
    topics: &[Topic],
    backends: &Backends,
    left_out: &[&str],
    table: &Arc<Mutex<Table>>,
    runtime: &Arc<Runtime>,
) -> Vec<Trial> {
    let gaps = Covered::by(topics).gaps();
    let mut trials = vec![Trial::test("every_word_is_covered", move || {
        if gaps.is_empty() {
            Ok(())
        } else {
            Err(Failed::from(gaps.join("\n")))
        }
    })];
    let nowhere = nowhere(topics, backends);
    trials.push(Trial::test("every_case_applies_somewhere", move || {
        if nowhere.is_empty() {
            Ok(())
        } else {
            Err(Failed::from(nowhere.join("\n")))
        }
    }));
    for case in topics.iter().flat_map(|topic| &topic.cases) {
        for backend in backends {
            let cell = match missing(case, backend.as_ref()) {
                Some(capability) => Cell::NotApplicable(capability),
                None if left_out.contains(&backend.name()) => Cell::LeftOut,
                None => {
                    trials.push(trial(case, backend, table, runtime));
                    continue;
                }
            };
            table.lock().expect("the table").note(&case.name, backend.name(), cell);
        }
    }
    trials
}

/// The cases that no backend can do.
fn nowhere(topics: &[Topic], backends: &Backends) -> Vec<String> {
    let cases = topics.iter().flat_map(|topic| &topic.cases);
    let nowhere = cases.filter(|case| backends.iter().all(|backend| missing(case, backend.as_ref()).is_some()));
    nowhere.map(|case| case.name.clone()).collect()
}

fn missing(case: &Case, backend: &dyn Backend) -> Option<Capability> {
    let has = |needed: &&Capability| !backend.capabilities().contains(needed);
    case.needs.iter().find(has).copied()
}

fn trial(case: &Case, backend: &Arc<dyn Backend>, table: &Arc<Mutex<Table>>, runtime: &Arc<Runtime>) -> Trial {
    let (case, backend) = (case.clone(), Arc::clone(backend));
    let (table, runtime) = (Arc::clone(table), Arc::clone(runtime));
    Trial::test(format!("{}::{}", case.name, backend.name()), move || {
        let result = runtime.block_on(run(&case, backend.as_ref()));
        let cell = match &result {
            Ok(took) => Cell::Passed(*took),
            Err(_) => Cell::Failed,
        };
        table.lock().expect("the table").note(&case.name, backend.name(), cell);
        result.map(drop).map_err(Failed::from)
    })
}
