//! Credentials to log on with.

use crate::cache::MemoryCache;
use libgssapi::credential::Cred;
use libgssapi::error::{Error, MajorFlags};
use libgssapi::oid::{GSS_MECH_KRB5, GSS_NT_KRB5_PRINCIPAL};
use libgssapi_sys::{
    _GSS_C_INDEFINITE, GSS_C_INITIATE, GSS_S_COMPLETE, OM_uint32, gss_OID_desc, gss_OID_set_desc,
    gss_acquire_cred_from, gss_buffer_desc, gss_cred_id_t, gss_cred_usage_t, gss_import_name,
    gss_key_value_element_desc, gss_key_value_set_desc, gss_name_t, gss_release_name,
};
use std::ffi::{CStr, CString};
use std::ptr;

/// Where credentials come from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A keytab, by its file; the tickets got with it are kept in the cache, and renewed as they run out.
    Keytab(&'a str, &'a MemoryCache),
    /// A credential cache that somebody else keeps filled: `FILE:/path`, a plain path, `KEYRING:...`.
    Cache(&'a str),
    /// The credential cache that the environment and the Kerberos configuration name.
    DefaultCache,
}

/// Acquires credentials of a principal, or of the one that the source holds. Blocks while it asks the KDC.
///
/// # Errors
/// As the library gives it. Its text is kept by the library for the calling thread: format it there.
pub fn acquire(principal: Option<&str>, source: Source<'_>) -> Result<Cred, Error> {
    let name = principal.map(Principal::import).transpose()?;
    let store = store(source)?;
    let mut elements: Vec<gss_key_value_element_desc> = store
        .iter()
        .map(|(key, value)| gss_key_value_element_desc {
            key: key.as_ptr(),
            value: value.as_ptr(),
        })
        .collect();
    let set = gss_key_value_set_desc {
        count: OM_uint32::try_from(elements.len()).unwrap_or_default(),
        elements: elements.as_mut_ptr(),
    };
    let mut mechanism = oid(&GSS_MECH_KRB5);
    let mut mechanisms = gss_OID_set_desc {
        count: 1,
        elements: &raw mut mechanism,
    };
    let (mut minor, mut credential): (OM_uint32, gss_cred_id_t) = (0, ptr::null_mut());
    // SAFETY: every pointer is to a live value of the type that RFC 2744 5.2 names, or null where that stands for "none"; the
    // library copies what it keeps. The strings of the store outlive the call.
    let major = unsafe {
        gss_acquire_cred_from(
            &raw mut minor,
            name.as_ref().map_or(ptr::null_mut(), |name| name.0),
            _GSS_C_INDEFINITE,
            &raw mut mechanisms,
            GSS_C_INITIATE as gss_cred_usage_t,
            // The library refuses a store with nothing in it.
            if elements.is_empty() {
                ptr::null()
            } else {
                &raw const set
            },
            &raw mut credential,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    check(major, minor)?;
    // SAFETY: the library has just given us this credential, and nobody else has it.
    Ok(unsafe { Cred::from_c(credential) })
}

/// The keys that MIT Kerberos reads of a credential store, and their values.
fn store(source: Source<'_>) -> Result<Vec<(&'static CStr, CString)>, Error> {
    Ok(match source {
        Source::Keytab(keytab, cache) => vec![(c"client_keytab", text(keytab)?), (c"ccache", cache.name().to_owned())],
        Source::Cache(cache) => vec![(c"ccache", text(cache)?)],
        Source::DefaultCache => Vec::new(),
    })
}

fn text(text: &str) -> Result<CString, Error> {
    CString::new(text).map_err(|_| failure(MajorFlags::GSS_S_CALL_INACCESSIBLE_READ))
}

fn failure(major: MajorFlags) -> Error {
    Error { major, minor: 0 }
}

fn check(major: OM_uint32, minor: OM_uint32) -> Result<(), Error> {
    match major {
        GSS_S_COMPLETE => Ok(()),
        _ => Err(Error {
            major: MajorFlags::from_bits_retain(major),
            minor,
        }),
    }
}

/// An object identifier as the library takes it: it only reads it.
fn oid(bytes: &'static [u8]) -> gss_OID_desc {
    gss_OID_desc {
        length: OM_uint32::try_from(bytes.len()).unwrap_or_default(),
        elements: bytes.as_ptr().cast_mut().cast(),
    }
}

/// The name of a principal, as the library holds it.
struct Principal(gss_name_t);

impl Principal {
    fn import(text: &str) -> Result<Self, Error> {
        let mut buffer = gss_buffer_desc {
            length: text.len(),
            value: text.as_ptr().cast_mut().cast(),
        };
        let mut kind = oid(&GSS_NT_KRB5_PRINCIPAL);
        let (mut minor, mut name): (OM_uint32, gss_name_t) = (0, ptr::null_mut());
        // SAFETY: the buffer and the kind are live, and only read; the library copies both (RFC 2744 5.16).
        let major = unsafe { gss_import_name(&raw mut minor, &raw mut buffer, &raw mut kind, &raw mut name) };
        check(major, minor)?;
        Ok(Principal(name))
    }
}

impl Drop for Principal {
    fn drop(&mut self) {
        let mut minor = 0;
        // SAFETY: the name is ours alone, and is not used again.
        unsafe { gss_release_name(&raw mut minor, &raw mut self.0) };
    }
}
