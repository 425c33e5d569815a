//! A directory as Python holds one: a backend below the layers.

use crate::audit::PythonSink;
use crate::call::{Call, Going, Outcome, Reply, wait};
use crate::operation::{Asked, Running};
use crate::process::Process;
use crate::provider::Given;
use crate::raise::{misuse, raised};
use password_writeback::mock::MockDirectory;
use password_writeback::mock::options::MockDirectoryOptions;
use password_writeback::options::SettingsOptions;
use password_writeback::{ActiveDirectory, Cancellation, Error, PasswordWriteback};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pyclass::{PyTraverseError, PyVisit};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};

/// A directory, until it is closed.
#[pyclass(frozen, module = "password_writeback._native")]
#[derive(Debug)]
pub(crate) struct Directory {
    /// Only locked by a thread that holds the GIL, so never at the moment of a fork.
    stack: Mutex<Option<Stack>>,
    /// The process that uses it.
    process: AtomicU32,
    under_way: Arc<AtomicUsize>,
}

/// What answers: the layers, and the backend below them where it is a mock.
#[derive(Clone, Debug)]
struct Stack {
    top: Arc<dyn PasswordWriteback>,
    mock: Option<MockDirectory>,
    /// Where the audit layer among them hands its events.
    sink: Arc<PythonSink>,
    /// What the backend asks for the bind password.
    callable: Option<Arc<Py<PyAny>>>,
}

impl Directory {
    fn new(stack: Stack) -> Self {
        Directory {
            stack: Mutex::new(Some(stack)),
            process: AtomicU32::new(std::process::id()),
            under_way: Arc::default(),
        }
    }

    fn stack(&self) -> Result<Stack, Error> {
        let here = std::process::id();
        if self.process.load(Ordering::Relaxed) != here {
            // What was under way when the parent forked may have left a lock taken that nobody here will release.
            if self.under_way.load(Ordering::Relaxed) > 0 {
                return Err(misuse(
                    "this process was forked while the directory was in use: make another directory in the child",
                ));
            }
            self.process.store(here, Ordering::Relaxed);
        }
        let stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
        stack.clone().ok_or_else(|| misuse("the directory is closed"))
    }

    /// The mock below the layers.
    pub(crate) fn mock(&self, py: Python<'_>) -> PyResult<MockDirectory> {
        let mock = self.stack().and_then(|stack| {
            let mock = stack.mock;
            mock.ok_or_else(|| misuse("this is not a mock directory"))
        });
        mock.map_err(|error| raised(py, &error))
    }

    /// Begins a call in a process, whose outcome goes to `reply`, and tells its correlation id.
    fn begin(
        &self,
        py: Python<'_>,
        process: &'static Process,
        asked: Asked<'_, '_>,
        cancellation: &Cancellation,
        reply: impl FnOnce(Outcome) + Send + 'static,
    ) -> PyResult<String> {
        let stack = self.stack().map_err(|error| raised(py, &error))?;
        stack.sink.look(py, process.hands())?;
        let running = asked.read(py, stack.top, cancellation.clone())?;
        let correlation_id = running.correlation_id.clone();
        process.spawn(cancellation.clone(), self.counted(running, reply));
        Ok(correlation_id)
    }

    /// The call, counted among those under way until just before its outcome is known outside.
    fn counted(
        &self,
        running: Running,
        reply: impl FnOnce(Outcome) + Send + 'static,
    ) -> impl Future<Output = ()> + Send + 'static {
        let under_way = UnderWay::new(&self.under_way);
        async move {
            let reply = Reply::new(reply);
            let outcome = running.result.await;
            drop(under_way);
            reply.send(outcome);
        }
    }
}

/// Counts a call while it lives.
struct UnderWay(Arc<AtomicUsize>);

impl UnderWay {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        UnderWay(Arc::clone(count))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[pymethods]
impl Directory {
    /// Active Directory, below the layers that the settings ask for.
    #[staticmethod]
    fn active_directory(
        py: Python<'_>,
        settings: &str,
        password: Option<&Bound<'_, PyAny>>,
        sink: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let password = password.map(Given::read).transpose()?;
        let callable = password.as_ref().and_then(Given::callable);
        let sink = Arc::new(PythonSink::new(sink)?);
        let open = || {
            let options = SettingsOptions::from_json(settings)?;
            let stack = options.stack()?.audit(Arc::clone(&sink) as _);
            let patience = options.connect_timeout()?;
            let password = password.map(|given| given.bind_password(patience));
            let backend = ActiveDirectory::new(options.settings(password)?)?;
            Ok(stack.around(backend))
        };
        let top = open().map_err(|error| raised(py, &error))?;
        Ok(Directory::new(Stack {
            top,
            mock: None,
            sink,
            callable,
        }))
    }

    /// A directory in memory, below the layers that the settings ask for.
    #[staticmethod]
    fn mock_directory(py: Python<'_>, settings: &str, sink: &Bound<'_, PyAny>) -> PyResult<Self> {
        let sink = Arc::new(PythonSink::new(sink)?);
        let open = || {
            let options = MockDirectoryOptions::from_json(settings)?;
            let stack = options.stack()?.audit(Arc::clone(&sink) as _);
            let mock = options.build()?;
            let top = stack.clock(Arc::new(mock.clock())).around(mock.clone());
            Ok((top, Some(mock)))
        };
        let (top, mock) = open().map_err(|error| raised(py, &error))?;
        Ok(Directory::new(Stack {
            top,
            mock,
            sink,
            callable: None,
        }))
    }

    /// Runs an operation and waits for its end; the result is JSON.
    fn call(&self, py: Python<'_>, operation: &str, options: &str, secrets: Vec<Bound<'_, PyAny>>) -> PyResult<String> {
        let (reply, replies) = mpsc::channel();
        let asked = Asked {
            operation,
            options,
            secrets,
        };
        let cancellation = Cancellation::new();
        self.begin(py, Process::current(py)?, asked, &cancellation, move |outcome| {
            // A caller that was interrupted has gone.
            let _ = reply.send(outcome);
        })?;
        wait(py, replies, &cancellation)
    }

    /// Starts an operation as this call, and tells its correlation id; `done` is called with its end, from another thread.
    fn start(
        &self,
        py: Python<'_>,
        operation: &str,
        options: &str,
        secrets: Vec<Bound<'_, PyAny>>,
        done: Py<PyAny>,
        call: &Call,
    ) -> PyResult<String> {
        let asked = Asked {
            operation,
            options,
            secrets,
        };
        let process = Process::current(py)?;
        let answers = process.answers();
        let (going, over) = Going::new();
        let correlation_id = self.begin(py, process, asked, call.cancellation(), move |outcome| {
            drop(going);
            answers.hand_over(done, outcome);
        })?;
        call.began(over);
        Ok(correlation_id)
    }

    /// Closes: no more operations begin, and nothing is kept that they do not need.
    fn close(&self) {
        let stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(stack);
    }

    /// Whether it is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.stack.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Tells the garbage collector what of this may refer back to it. Not while calls are under way: they need all of it, although nobody may
    /// hold the directory any more.
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(stack) = self.stack.try_lock() else {
            return Ok(());
        };
        match &*stack {
            Some(stack) if self.under_way.load(Ordering::Relaxed) == 0 => {
                visit.call(stack.sink.recorder())?;
                stack
                    .callable
                    .as_deref()
                    .map_or(Ok(()), |callable| visit.call(callable))
            }
            _ => Ok(()),
        }
    }

    fn __clear__(&self) {
        self.close();
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a directory cannot be pickled: make one in each process",
        ))
    }
}
