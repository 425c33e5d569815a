# shellcheck shell=bash
# The Rust crates: checked, documented and tested.

# rust_cargo COMMAND [ARGUMENT...]: cargo on every crate, with Kerberos where its library is here. Always the same crates and features,
# so that what one suite has built is there for the next.
rust_cargo() {
    local command=$1 all=(--workspace --exclude password-writeback-gssapi)
    shift
    ! kerberos_is_ready || all=(--workspace --features password-writeback/gssapi,password-writeback-tests/gssapi)
    cargo "$command" "${all[@]}" "$@"
}

# The programs that the tests of the other languages use.
rust_programs() { rust_cargo test --quiet --no-run --test readme; }

rust_clippy() {
    rust_cargo clippy --all-targets -- -D warnings &&
        # And without what the build above has: the code in its place.
        cargo clippy --quiet -p password-writeback --no-default-features -- -D warnings
}

rust_doc() { RUSTDOCFLAGS="-D warnings" rust_cargo doc --no-deps; }

rust_suite() {
    # The libraries first: tests use the native parts of the packages, which a build of tests alone leaves out.
    rust_cargo build --lib --bins --examples --tests && rust_cargo test --no-fail-fast
}
