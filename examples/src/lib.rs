//! Holds no code of its own: the programs are under `rust/`.
