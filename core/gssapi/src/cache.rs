//! Tickets in memory.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

/// A credential cache of this process alone, empty at first. What is in it is wiped when it is cleared or dropped.
#[derive(Debug)]
pub struct MemoryCache {
    name: CString,
}

impl Default for MemoryCache {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryCache {
    /// A cache that nobody else has.
    #[must_use]
    pub fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("MEMORY:password-writeback-{}-{number}", std::process::id());
        MemoryCache {
            // Digits and letters hold no NUL.
            name: CString::new(name).unwrap_or_default(),
        }
    }

    /// Its name to the Kerberos library.
    pub(crate) fn name(&self) -> &CStr {
        &self.name
    }

    /// Throws away every ticket in it. The next logon asks the KDC for new ones.
    pub fn clear(&self) {
        let mut context = ptr::null_mut();
        // SAFETY: a context is made, used by this thread alone, and freed, once. The name is a live string. `krb5_cc_destroy`
        // takes the handle back whatever it answers; where another thread has the same cache open, the library counts.
        unsafe {
            if krb5_init_context(&raw mut context) != 0 {
                return;
            }
            let mut cache = ptr::null_mut();
            if krb5_cc_resolve(context, self.name.as_ptr(), &raw mut cache) == 0 {
                krb5_cc_destroy(context, cache);
            }
            krb5_free_context(context);
        }
    }
}

impl Drop for MemoryCache {
    fn drop(&mut self) {
        self.clear();
    }
}

// As in krb5.h of MIT Kerberos: GSSAPI itself can fill a cache, but not throw one away.
#[link(name = "krb5")]
unsafe extern "C" {
    fn krb5_init_context(context: *mut *mut c_void) -> c_int;
    fn krb5_free_context(context: *mut c_void);
    fn krb5_cc_resolve(context: *mut c_void, name: *const c_char, cache: *mut *mut c_void) -> c_int;
    fn krb5_cc_destroy(context: *mut c_void, cache: *mut c_void) -> c_int;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_caches_share_a_name() {
        assert_ne!(MemoryCache::new().name(), MemoryCache::new().name());
    }

    #[test]
    fn an_empty_cache_can_be_cleared() {
        let cache = MemoryCache::new();
        cache.clear();
        cache.clear();
    }
}
