//! What is said of a write is compared with the truth on live domain controllers of several processes, whatever breaks:
//! the network at every record, the server by being frozen or killed, the caller by going away.

mod live_outcomes {
    pub(crate) mod bench;
    pub(crate) mod case;
    mod chaos;
    mod network;
    mod server;
    mod weather;
}
