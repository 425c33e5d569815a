//! A client of its own process, and the Kerberos realm as it sees it.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use tempfile::TempDir;
use testkit::samba::DomainController;

/// Answers for host names that no DNS knows, and for clocks that are wrong (packages libnss-wrapper, libfaketime).
const NAMES: &str = "libnss_wrapper.so";
const CLOCK: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1";

/// A client's view of a realm: a directory with its configuration, keytab and caches.
pub(crate) struct Realm {
    directory: TempDir,
    name: String,
    kdc: String,
    principal: String,
    host: String,
    address: IpAddr,
    ca_file: PathBuf,
    further: String,
}

impl Realm {
    /// The realm of a domain controller, its KDC.
    pub(crate) fn of(dc: &DomainController) -> Self {
        let user = dc.service_user().split('@').next().unwrap();
        Realm {
            directory: TempDir::with_prefix("testkit-kerberos-").unwrap(),
            name: dc.realm(),
            kdc: dc.address().to_string(),
            principal: format!("{user}@{}", dc.realm()),
            host: dc.host().to_owned(),
            address: dc.address(),
            ca_file: dc.ca_file().to_owned(),
            further: String::new(),
        }
    }

    /// The same with tickets that last no longer than this.
    pub(crate) fn ticket_lifetime(mut self, lifetime: &str) -> Self {
        self.further += &format!("    ticket_lifetime = {lifetime}\n");
        self
    }

    /// The same with a library that does not correct its clock by the KDC's.
    pub(crate) fn without_healing_clocks(mut self) -> Self {
        self.further += "    kdc_timesync = 0\n";
        self
    }

    /// The same with another KDC.
    pub(crate) fn kdc(mut self, address: &str) -> Self {
        self.kdc = address.to_owned();
        self
    }

    /// The same with the keytab of another one.
    pub(crate) fn keytab_of(self, other: &Realm) -> Self {
        std::fs::copy(other.keytab(), self.keytab()).unwrap();
        self
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The service account's principal.
    pub(crate) fn principal(&self) -> String {
        self.principal.clone()
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn keytab(&self) -> PathBuf {
        self.file("svc.keytab")
    }

    /// A clock that is right at first.
    pub(crate) fn clock(&self) -> Clock {
        let clock = Clock(self.file("clock"));
        clock.set("+0");
        clock
    }

    /// The settings that log on with the keytab.
    pub(crate) fn with_keytab(&self) -> Value {
        json!({ "keytab": self.keytab(), "principal": self.principal })
    }

    /// The configuration of the library. Host names are left as strange as they are by default: DNS is asked to spell them out.
    fn config(&self) -> PathBuf {
        let file = self.file("krb5.conf");
        let (name, kdc, further) = (&self.name, &self.kdc, &self.further);
        let text = format!(
            "[libdefaults]\n    default_realm = {name}\n    dns_lookup_kdc = false\n    dns_lookup_realm = false\n{further}\
             [realms]\n    {name} = {{\n        kdc = {kdc}\n    }}\n"
        );
        std::fs::write(&file, text).unwrap();
        file
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env("KRB5_CONFIG", self.config())
            .env("KRB5_TRACE", self.file("trace"))
            .env("KRB5CCNAME", self.file("no cache"))
            .env("TMPDIR", self.directory.path());
        command
    }

    /// Fills a credential cache, and gives its file.
    pub(crate) fn kinit(&self, keytab: &Path, lifetime: &str) -> String {
        let cache = self.file(&format!("cache-{lifetime}"));
        let mut kinit = self.command("kinit");
        kinit.arg("-k").arg("-t").arg(keytab).arg("-c").arg(&cache);
        let done = kinit
            .args(["-l", lifetime, &self.principal])
            .output()
            .expect("kinit of krb5-user");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        cache.display().to_string()
    }

    /// A keytab whose key is made of a password, right or wrong.
    pub(crate) fn keytab_with_password(&self, file: &str, principal: &str, password: &str) -> String {
        let file = self.file(file).display().to_string();
        let salt = format!("{}{}", self.name, principal.split('@').next().unwrap());
        let orders = format!(
            "addent -password -p {principal} -k 1 -e aes256-cts-hmac-sha1-96 -s {salt}\n{password}\nwkt {file}\nquit\n"
        );
        let mut ktutil = self
            .command("ktutil")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        ktutil.stdin.take().unwrap().write_all(orders.as_bytes()).unwrap();
        assert!(ktutil.wait().unwrap().success() && Path::new(&file).exists());
        file
    }

    /// How often a client has asked the KDC for initial tickets.
    pub(crate) fn asked_for_tickets(&self) -> usize {
        let trace = std::fs::read_to_string(self.file("trace")).unwrap_or_default();
        trace.matches("Getting initial credentials").count()
    }

    /// Files that nobody but a client with a keytab can have made.
    pub(crate) fn files_left_by_a_keytab(&self) -> Vec<String> {
        let known = ["krb5.conf", "trace", "svc.keytab", "hosts"];
        let files = std::fs::read_dir(self.directory.path()).unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| !known.contains(&name.as_str()) && !name.starts_with("cache-"))
            .collect()
    }
}

/// A client to be started.
pub(crate) struct Client<'a> {
    realm: &'a Realm,
    address: IpAddr,
    ca_file: PathBuf,
    default_cache: Option<String>,
    clock: Option<(&'static str, String)>,
}

/// A clock that can be set while a client runs.
pub(crate) struct Clock(PathBuf);

impl Clock {
    pub(crate) fn set(&self, by: &str) {
        // A rename, so that a client never reads half of it.
        let next = self.0.with_extension("next");
        std::fs::write(&next, by).unwrap();
        std::fs::rename(next, &self.0).unwrap();
    }
}

impl<'a> Client<'a> {
    pub(crate) fn new(realm: &'a Realm) -> Self {
        Client {
            realm,
            address: realm.address,
            ca_file: realm.ca_file.clone(),
            default_cache: None,
            clock: None,
        }
    }

    /// Whose default credential cache this is.
    pub(crate) fn default_cache(mut self, cache: &str) -> Self {
        self.default_cache = Some(cache.to_owned());
        self
    }

    /// Whose clock is wrong by so much, such as `+20m`.
    pub(crate) fn clock(mut self, by: &str) -> Self {
        self.clock = Some(("FAKETIME", by.to_owned()));
        self
    }

    /// Whose clock is that one.
    pub(crate) fn clock_of(mut self, clock: &Clock) -> Self {
        self.clock = Some(("FAKETIME_TIMESTAMP_FILE", clock.0.display().to_string()));
        self
    }

    /// Who takes the domain controller's name for this address.
    pub(crate) fn resolving(mut self, address: IpAddr) -> Self {
        self.address = address;
        self
    }

    /// Who trusts this authority instead.
    pub(crate) fn trusting(mut self, ca_file: PathBuf) -> Self {
        self.ca_file = ca_file;
        self
    }

    /// Another program in its place.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let hosts = self.realm.file("hosts");
        std::fs::write(&hosts, format!("{} {}\n", self.address, self.realm.host)).unwrap();
        let mut command = self.realm.command(program);
        command.env("NSS_WRAPPER_HOSTS", hosts);
        match &self.clock {
            Some((how, by)) => command
                .env("LD_PRELOAD", format!("{NAMES} {CLOCK}"))
                .env(how, by)
                .env("FAKETIME_NO_CACHE", "1")
                // Time-outs are measured by another clock, which stays as it is.
                .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
                .env("DONT_FAKE_MONOTONIC", "1"),
            None => command.env("LD_PRELOAD", NAMES),
        };
        if let Some(cache) = &self.default_cache {
            command.env("KRB5CCNAME", cache);
        }
        command
    }

    /// Starts it, with these settings beside the usual ones.
    pub(crate) fn start(self, url: &str, credentials: &Value) -> Running {
        let mut command = self.command(env!("CARGO_BIN_EXE_kerberos_client"));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut running = Running {
            orders: process.stdin.take().unwrap(),
            answers: BufReader::new(process.stdout.take().unwrap()),
            process,
        };
        let mut settings = credentials.clone();
        settings["servers"] = json!([url]);
        settings["ca_file"] = json!(self.ca_file);
        if settings["rules"].is_null() {
            settings["rules"] = json!({ "history": "if_supported" });
        }
        writeln!(running.orders, "{settings}").unwrap();
        running
    }
}

/// A client that runs, until it is dropped.
pub(crate) struct Running {
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
    process: Child,
}

impl Running {
    pub(crate) fn find(&mut self, identity: &str) -> Value {
        self.ask(&json!({ "operation": "find_account", "options": { "identity": identity } }))
    }

    pub(crate) fn reset(&mut self, identity: &str, password: &str) -> Value {
        let options = json!({ "identity": identity });
        self.ask(&json!({ "operation": "reset_password", "options": options, "password": password }))
    }

    fn ask(&mut self, order: &Value) -> Value {
        writeln!(self.orders, "{order}").unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
