//! The packages of other languages, with the native parts that a build of the whole workspace leaves behind: they have Kerberos.

use super::client::Client;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

/// A program in another language that resets a password with the ticket of a keytab, and then tries two ways to log on at once. Its
/// arguments: the URL of the domain controller, the CA file, the keytab, the principal, the user. It prints the code of the error.
pub(crate) struct Package {
    directory: TempDir,
    interpreter: &'static str,
    program: [&'static str; 2],
}

const PYTHON: &str = r#"
import os, sys
from password_writeback import ActiveDirectory, WritebackError
url, ca_file, keytab, principal, user = sys.argv[1:]
with ActiveDirectory(servers=[url], ca_file=ca_file, keytab=keytab, principal=principal, history="if_supported") as directory:
    directory.reset_password(user, os.environ["NEW_PASSWORD"])
try:
    ActiveDirectory(servers=[url], bind_user="svc", bind_password="x", keytab=keytab)
except WritebackError as error:
    print(error.code)
"#;

const NODE: &str = r#"
const { Directory } = require(process.env.NATIVE_PART);
const [url, ca_file, keytab, principal, identity] = process.argv.slice(1);
const reach = (settings, password) => {
    const directory = new Directory();
    const answer = directory.reach(JSON.stringify({ servers: [url], ca_file, ...settings }), password, false, false, () => {});
    return [directory, JSON.parse(answer)];
};
const [directory] = reach({ keytab, principal, rules: { history: "if_supported" } }, null);
directory.run("reset_password", JSON.stringify({ identity }), [process.env.NEW_PASSWORD]).then((text) => {
    const { error } = JSON.parse(text);
    console.log(error ? text : reach({ bind_user: "svc", keytab }, "x")[1].error.code);
    process.exit(error ? 1 : 0);
});
"#;

impl Package {
    pub(crate) fn python() -> Self {
        let directory = TempDir::new().unwrap();
        let package = directory.path().join("password_writeback");
        let modules = Path::new(env!("CARGO_MANIFEST_DIR")).join("../bindings-python/python/password_writeback");
        std::fs::create_dir(&package).unwrap();
        for file in std::fs::read_dir(modules).unwrap() {
            let file = file.unwrap();
            if file.file_type().unwrap().is_file() {
                std::fs::copy(file.path(), package.join(file.file_name())).unwrap();
            }
        }
        copy_native_part("python", &package.join("_native.abi3.so"));
        Package {
            directory,
            interpreter: "python3",
            program: ["-c", PYTHON],
        }
    }

    /// Its native part alone: the modules around it are compiled from TypeScript.
    pub(crate) fn node() -> Self {
        let directory = TempDir::new().unwrap();
        copy_native_part("node", &directory.path().join("native.node"));
        Package {
            directory,
            interpreter: "node",
            program: ["-e", NODE],
        }
    }

    /// The program, to be run as a client.
    pub(crate) fn command(&self, client: &Client<'_>) -> Command {
        let mut command = client.command(self.interpreter);
        command
            .args(self.program)
            .env("PYTHONPATH", self.directory.path())
            .env("NATIVE_PART", self.directory.path().join("native.node"));
        command
    }
}

fn copy_native_part(language: &str, to: &Path) {
    let name = format!("libpassword_writeback_{language}.so");
    let built = PathBuf::from(env!("CARGO_BIN_EXE_kerberos_client")).with_file_name(name);
    std::fs::copy(&built, to).unwrap_or_else(|error| {
        let built = built.display();
        panic!("{built}: {error}: `tests/run --only rust` builds it, as `cargo build --workspace --lib` with its features does")
    });
}
