//! The read-me and the licences are the same in the repository and in the crate, so that neither goes stale.

#[test]
fn the_crate_has_the_files_of_the_repository() {
    for (name, repository, core) in [
        (
            "README.md",
            include_str!("../../README.md"),
            include_str!("../../core/README.md"),
        ),
        (
            "LICENSE-MIT",
            include_str!("../../LICENSE-MIT"),
            include_str!("../../core/LICENSE-MIT"),
        ),
        (
            "LICENSE-APACHE",
            include_str!("../../LICENSE-APACHE"),
            include_str!("../../core/LICENSE-APACHE"),
        ),
    ] {
        assert!(
            repository == core,
            "{name} and core/{name} differ: copy one over the other"
        );
    }
}
