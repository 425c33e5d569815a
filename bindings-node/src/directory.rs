//! A directory as JavaScript holds one: a backend below the layers.

use crate::answer::{answer, answer_text, misuse};
use crate::cancel::Cancellation;
use crate::events::{Events, Listener};
use crate::operation::{self, Running};
use crate::port::Port;
use crate::provider::Questions;
use crate::secret::{Secret, password};
use futures_util::FutureExt;
use napi::Env;
use napi::bindgen_prelude::{Function, PromiseRaw};
use napi_derive::napi;
use password_writeback::layer::Stack as Layers;
use password_writeback::mock::MockDirectory;
use password_writeback::mock::options::MockDirectoryOptions;
use password_writeback::options::SettingsOptions;
use password_writeback::{ActiveDirectory, BindPassword, Code, Error, PasswordWriteback};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

/// A directory, until it is closed.
#[napi]
#[derive(Debug, Default)]
pub struct Directory {
    stack: Mutex<Option<Stack>>,
    events: Arc<Events>,
    questions: Arc<Questions>,
}

/// What answers: the layers, and the backend below them where it is a mock.
#[derive(Clone, Debug)]
struct Stack {
    top: Arc<dyn PasswordWriteback>,
    mock: Option<MockDirectory>,
}

impl Directory {
    fn stack(&self) -> Result<Stack, Error> {
        let stack = self.stack.lock().unwrap_or_else(PoisonError::into_inner);
        stack.clone().ok_or_else(|| misuse("the directory is closed"))
    }

    fn set(&self, stack: Option<Stack>) {
        *self.stack.lock().unwrap_or_else(PoisonError::into_inner) = stack;
    }

    /// The mock below the layers.
    pub(crate) fn mock(&self) -> Result<MockDirectory, Error> {
        let mock = self.stack()?.mock;
        mock.ok_or_else(|| misuse("this is not a mock directory"))
    }

    /// The layers that the settings ask for, with the one that tells JavaScript of every operation.
    fn heard(&self, stack: Layers, listens: bool, port: Arc<Port>) -> Layers {
        let events = Arc::clone(&self.events);
        stack.audit(Arc::new(Listener { listens, events, port }))
    }

    fn to_active_directory(&self, settings: &str, bind: Bind<'_>, listens: bool, port: Arc<Port>) -> Result<(), Error> {
        let options = SettingsOptions::from_json(settings)?;
        let stack = self.heard(options.stack()?, listens, Arc::clone(&port));
        let bind_password = match bind {
            Bind::Nothing => None,
            Bind::Fixed(secret) => Some(password(&secret)?.into()),
            Bind::Asked => {
                // The logon gives it up before that: no thread is to wait for a function that never answers.
                let (questions, patience) = (Arc::clone(&self.questions), options.connect_timeout()?);
                Some(BindPassword::provider(move || questions.ask(&port, patience)))
            }
        };
        let top = stack.around(ActiveDirectory::new(options.settings(bind_password)?)?);
        self.set(Some(Stack { top, mock: None }));
        Ok(())
    }

    fn to_mock(&self, settings: &str, listens: bool, port: Arc<Port>) -> Result<(), Error> {
        let options = MockDirectoryOptions::from_json(settings)?;
        let stack = self.heard(options.stack()?, listens, port);
        let mock = options.build()?;
        let top = stack.clock(Arc::new(mock.clock())).around(mock.clone());
        let mock = Some(mock);
        self.set(Some(Stack { top, mock }));
        Ok(())
    }

    fn begin(
        &self,
        operation: &str,
        options: &str,
        secrets: &[Secret<'_>],
        cancellation: password_writeback::Cancellation,
    ) -> Result<Running, Error> {
        let passwords = secrets.iter().map(password).collect::<Result<_, _>>()?;
        operation::read(self.stack()?.top, operation, options, passwords, cancellation)
    }
}

/// Where the bind password comes from.
enum Bind<'a> {
    Nothing,
    Fixed(Secret<'a>),
    Asked,
}

#[napi]
impl Directory {
    /// A directory that is not open yet.
    #[napi(constructor, catch_unwind)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens it onto Active Directory. Where it asks for the bind password, `wake` is called with a number for each question, which
    /// is then answered by `supply`.
    #[napi(catch_unwind)]
    pub fn reach(
        &self,
        settings: String,
        bind_password: Option<Secret<'_>>,
        asks: bool,
        listens: bool,
        wake: Function<'_, u32, ()>,
    ) -> napi::Result<String> {
        let port = Arc::new(Port::new(&wake)?);
        let bind = match bind_password {
            Some(secret) => Bind::Fixed(secret),
            None if asks => Bind::Asked,
            None => Bind::Nothing,
        };
        Ok(answer(self.to_active_directory(&settings, bind, listens, port)))
    }

    /// Opens it onto a directory in memory.
    #[napi(catch_unwind)]
    pub fn imagine(&self, settings: String, listens: bool, wake: Function<'_, u32, ()>) -> napi::Result<String> {
        let port = Arc::new(Port::new(&wake)?);
        Ok(answer(self.to_mock(&settings, listens, port)))
    }

    /// Runs an operation. The promise is never rejected by the library: it is resolved with an answer.
    #[napi(catch_unwind, ts_return_type = "Promise<string>")]
    pub fn run<'env>(
        &self,
        env: &'env Env,
        operation: String,
        options: String,
        secrets: Vec<Secret<'_>>,
        cancellation: Option<&Cancellation>,
    ) -> napi::Result<PromiseRaw<'env, String>> {
        let handle = cancellation.map(|given| given.inner.clone()).unwrap_or_default();
        let running = self.begin(&operation, &options, &secrets, handle.clone());
        env.spawn_future(async move {
            let result = match running {
                Ok(running) => AssertUnwindSafe(running)
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|_| Err(fault(handle.is_committed()))),
                Err(error) => Err(error),
            };
            Ok(answer_text(result))
        })
    }

    /// The next audit event for the listener.
    #[napi(catch_unwind)]
    pub fn next_event(&self) -> Option<String> {
        self.events.next()
    }

    /// Whether the listener took the event that it was given last.
    #[napi(catch_unwind)]
    pub fn took_event(&self, well: bool) {
        self.events.took(well);
    }

    /// Answers a question for the bind password; without one there is none.
    #[napi(catch_unwind)]
    pub fn supply(&self, number: u32, bind_password: Option<Secret<'_>>) {
        let password = bind_password.and_then(|secret| password(&secret).ok());
        self.questions.answer(number, password);
    }

    /// Lets go of the backend, and of the bind password with it, as soon as what is under way has ended.
    #[napi(catch_unwind)]
    pub fn close(&self) {
        self.set(None);
    }
}

/// What a panic becomes.
fn fault(committed: bool) -> Error {
    match committed {
        true => Error::new(
            Code::OutcomeUnknown,
            "an internal fault ended the operation after the write was sent",
        ),
        false => Error::new(
            Code::Directory,
            "an internal fault ended the operation before anything was sent",
        ),
    }
}

impl Drop for Directory {
    /// At the latest at the end of a worker: nobody may wait for it any longer.
    fn drop(&mut self) {
        self.events.abandon();
        self.questions.abandon();
    }
}
