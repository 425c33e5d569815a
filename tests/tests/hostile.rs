//! The domain controller means harm. Whatever it sends, at whatever point: a typed error or a true receipt, nothing written that
//! is said not to be, no panic, bounded memory, and an end within the deadline.

mod hostile {
    mod flood;
    mod replies;
    mod values;
    pub(crate) mod victim;
}
