//! Logging on with Kerberos: the SASL mechanism GSSAPI (RFC 4752) on the TLS stream, bound to it, and with no layer of its own.
//!
//! The calls of the Kerberos library block, and some of them ask the KDC: they run on threads where that may be.

use super::bind::{self, exchange, lost};
use super::bind_request;
use super::channel_binding::tls_server_end_point;
use super::credentials::{Kerberos, Tickets, service_name};
use super::diagnostic::{BindRefusal, Diagnostic, classify_bind};
use super::frame::BindResponse;
use super::kerberos_fault::Fault;
use super::sasl::{self, LayerOffer};
use crate::error::{Code, Error, Reason};
use password_writeback_gssapi::libgssapi::context::{ClientCtx, CtxFlags, SecurityContext};
use password_writeback_gssapi::libgssapi::credential::Cred;
use password_writeback_gssapi::libgssapi::error::Error as GssError;
use password_writeback_gssapi::libgssapi::name::Name;
use password_writeback_gssapi::libgssapi::oid::{GSS_MECH_KRB5, GSS_NT_KRB5_PRINCIPAL};
use password_writeback_gssapi::{MemoryCache, Source, acquire};
use rustls::pki_types::CertificateDer;
use std::fs::File;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

/// The most messages of the server in one logon: one of Kerberos, one about layers, one to end it, and some in reserve.
const MOST_ANSWERS: usize = 6;

/// Kept back from the time for tickets, so that it is the KDC that is named where it was the KDC that did not answer.
const RESERVE: Duration = Duration::from_millis(50);

/// Logs on as one service account.
#[derive(Debug)]
pub(crate) struct Client {
    kerberos: Kerberos,
    /// The tickets got with a keytab. Locked while they are got, so that a KDC that is gone holds up one thread and no more.
    cache: Arc<Mutex<MemoryCache>>,
}

/// A logon under way.
struct Logon {
    context: ClientCtx,
    binding: Vec<u8>,
    /// Whether the question of a security layer has been settled.
    settled: bool,
}

impl Client {
    pub(crate) fn new(kerberos: Kerberos) -> Self {
        Client {
            kerberos,
            cache: Arc::default(),
        }
    }

    /// Logs on to the server that showed this certificate. Tickets must be had by `until`.
    pub(crate) async fn bind(
        &self,
        stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
        host: &str,
        certificate: Option<&CertificateDer<'_>>,
        until: Instant,
    ) -> Result<(), Error> {
        let binding = channel_binding(host, certificate)?;
        let (logon, token) = self.begin(host, binding, until).await?;
        let bound = converse(stream, host, logon, token).await;
        if bound.as_ref().is_err_and(|error| error.code() == Code::BindFailed)
            && let Ok(cache) = self.cache.try_lock()
        {
            // Perhaps the fault is in a ticket: the next logon gets new ones. Where the cache is locked, it is getting them now.
            cache.clear();
        }
        bound
    }

    /// The first token, for which tickets are got where there are none that last.
    async fn begin(&self, host: &str, binding: Vec<u8>, until: Instant) -> Result<(Logon, Vec<u8>), Error> {
        let target = service_name(host)?;
        let kerberos = self.kerberos.clone();
        let begun = async {
            let cache = Arc::clone(&self.cache).lock_owned().await;
            blocking(move || first_token(&kerberos, &cache, &target, &binding)).await?
        };
        let until = until.checked_sub(RESERVE).unwrap_or(until);
        timeout_at(until, begun).await.unwrap_or_else(|_| Err(Fault::silence()))
    }
}

fn channel_binding(host: &str, certificate: Option<&CertificateDer<'_>>) -> Result<Vec<u8>, Error> {
    let certificate = certificate.map(AsRef::as_ref).unwrap_or_default();
    tls_server_end_point(certificate).map_err(|why| {
        let cure = "give the domain controller a certificate that is signed with RSA or ECDSA";
        Error::new(
            Code::BindFailed,
            format!("the logon cannot be bound to the TLS connection with {host}: {why}; {cure}"),
        )
        .with_reason(Reason::ChannelBindingUndefined)
    })
}

/// Runs what may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| Error::new(Code::BindFailed, "the Kerberos library failed"))
}

/// Question and answer, until the server is satisfied or not.
async fn converse(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    host: &str,
    mut logon: Logon,
    mut token: Vec<u8>,
) -> Result<(), Error> {
    for _ in 0..MOST_ANSWERS {
        let request = bind_request::sasl(sasl::GSSAPI, &token);
        let answer = exchange(stream, &request).await.map_err(|error| lost(host, &error))?;
        let settled = logon.settled;
        let next;
        (logon, next) = match answer.code {
            sasl::SUCCESS if settled => return Ok(()),
            sasl::IN_PROGRESS if !settled => {
                let given = answer.credentials.unwrap_or_default();
                blocking(move || {
                    let next = logon.answer(&given);
                    (logon, next)
                })
                .await?
            }
            sasl::SUCCESS | sasl::IN_PROGRESS => return Err(broken(host)),
            _ => return Err(blocking(move || refused(&mut logon, &answer)).await?),
        };
        token = next?;
    }
    Err(broken(host))
}

fn broken(host: &str) -> Error {
    Error::new(
        Code::MalformedReply,
        format!("{host} did not keep to the order of a Kerberos logon"),
    )
}

/// The first token. With a keytab the library goes on with tickets that it could not renew, and then only says that they have
/// expired: without them it says why.
fn first_token(
    kerberos: &Kerberos,
    cache: &MemoryCache,
    target: &str,
    binding: &[u8],
) -> Result<(Logon, Vec<u8>), Error> {
    let attempt = || {
        let mut logon = Logon::new(credential(kerberos, cache)?, target, binding)?;
        let token = logon.step(None).map_err(|fault| fault.ticket(target))?;
        Ok((logon, token))
    };
    let first = attempt().inspect_err(|_: &Error| cache.clear());
    match (&first, &kerberos.tickets) {
        (Err(error), Tickets::Keytab(_)) if error.reason() == Some(Reason::TicketExpired) => attempt(),
        _ => first,
    }
}

/// What to log on with. With a keytab the KDC is asked, where there are no tickets yet or they come to their end.
fn credential(kerberos: &Kerberos, cache: &MemoryCache) -> Result<Cred, Error> {
    let principal = kerberos.principal.as_deref();
    let acquired = match &kerberos.tickets {
        Tickets::Keytab(path) => {
            // The library would only say that there is nothing in the cache.
            File::open(path).map_err(|error| Fault::unreadable(path, error.kind()))?;
            acquire(principal, Source::Keytab(&format!("FILE:{}", path.display()), cache))
        }
        Tickets::Cache(name) => acquire(principal, Source::Cache(name)),
        Tickets::DefaultCache => acquire(principal, Source::DefaultCache),
    };
    acquired.map_err(|error| Fault::from(error).credentials(&kerberos.tickets, principal))
}

impl Logon {
    fn new(credential: Cred, target: &str, binding: &[u8]) -> Result<Self, Error> {
        let target = Name::new(target.as_bytes(), Some(GSS_NT_KRB5_PRINCIPAL));
        let target = target.map_err(|error| Fault::from(error).error())?;
        // Neither integrity nor confidentiality is asked for: TLS has both, and Active Directory refuses a second layer.
        let flags = CtxFlags::GSS_C_MUTUAL_FLAG | CtxFlags::GSS_C_SEQUENCE_FLAG;
        Ok(Logon {
            context: ClientCtx::new(Some(credential), target, flags, Some(GSS_MECH_KRB5)),
            binding: binding.to_vec(),
            settled: false,
        })
    }

    /// One step of Kerberos itself.
    fn step(&mut self, given: Option<&[u8]>) -> Result<Vec<u8>, Fault> {
        let token = self.context.step(given, Some(&self.binding)).map_err(Fault::from)?;
        Ok(token.map(|token| token.to_vec()).unwrap_or_default())
    }

    /// What to say to a token of the server (RFC 4752 3.1).
    fn answer(&mut self, given: &[u8]) -> Result<Vec<u8>, Error> {
        if !self.context.is_complete() {
            return self.step(Some(given)).map_err(Fault::unproven);
        }
        let offer = self
            .context
            .unwrap(given)
            .map_err(|fault| Fault::from(fault).unproven())?;
        let choice = LayerOffer::read(&offer)?.none()?;
        let wrapped = self.context.wrap(false, &choice);
        self.settled = true;
        Ok(wrapped.map_err(|fault| Fault::from(fault).unproven())?.to_vec())
    }
}

/// Why the server refused. A token beside the refusal says more than the LDAP result: it holds a KRB-ERROR (RFC 4120 5.9.1).
fn refused(logon: &mut Logon, answer: &BindResponse) -> Error {
    let diagnostic = Diagnostic::parse(&answer.text);
    let said = answer.credentials.as_deref().filter(|token| !token.is_empty());
    if let Some(token) = said
        && let Err(fault) = logon.step(Some(token))
        && let Some(error) = fault.by_server()
    {
        return error.with_result(answer.code, diagnostic.win32);
    }
    let (reason, why) = match classify_bind(answer.code, &diagnostic) {
        BindRefusal::ChannelBindingRequired => (
            Reason::ChannelBindingMismatch,
            "the domain controller has another certificate than the one that was shown here; is there a proxy or a load balancer \
             in between that ends TLS?",
        ),
        BindRefusal::WrongCredentials | BindRefusal::Other => (
            Reason::TicketRefused,
            "the domain controller did not take the ticket; its own password may have changed since, or several accounts may hold \
             its service principal name (`setspn -X` finds them)",
        ),
        _ => return bind::refusal(answer),
    };
    Error::new(
        Code::BindFailed,
        format!("the logon of the service account was refused: {why}"),
    )
    .with_reason(reason)
    .with_result(answer.code, diagnostic.win32)
}

impl From<GssError> for Fault {
    /// To be called on the thread where it came up: there the library keeps the text.
    fn from(error: GssError) -> Self {
        Fault::new(error.minor, &error.to_string())
    }
}
