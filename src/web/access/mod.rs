//! Who may see the pages, by a web configuration file in the format of the Prometheus exporter toolkit. The file and
//! what it names are read anew when they change, so that users and certificates rotate without a restart.

mod client;
pub mod form;
mod limit;
mod load;
pub(super) mod policy;
pub mod rules;
mod tls;
mod users;

use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Mutex;

use self::policy::Policy;
use self::users::Verified;
use crate::base::diagnostic::Diagnostic;
use crate::net::certificate::public_key_sha256;

/// A web configuration file, and what was last found good in it.
pub struct Access {
    path: PathBuf,
    current: RwLock<Arc<Policy>>,
    /// What the files were when they were last read; held while they are read again.
    seen: Mutex<Vec<Stamp>>,
    verified: Arc<Verified>,
}

/// Everything that is wrong with a web configuration file.
#[derive(Clone, Debug)]
pub struct NotUsable(pub Vec<Diagnostic>);

impl std::error::Error for NotUsable {}

impl fmt::Display for NotUsable {
    /// One line per problem: file, line, column, what is wrong, what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{}:{}: {}", problem.source.name, problem.position(), problem.message)?;
            if let Some(help) = &problem.help {
                write!(f, "; {help}")?;
            }
        }
        Ok(())
    }
}

impl Access {
    /// Reads the file and what it names. Blocks.
    pub fn load(path: &Path) -> Result<Self, NotUsable> {
        let verified = Arc::new(Verified::default());
        let (policy, seen) = load::load(path, &verified);
        let current = RwLock::new(Arc::new(policy?));
        Ok(Self { path: path.to_owned(), current, seen: Mutex::new(seen), verified })
    }

    /// Whether connections are encrypted and whether users are asked for, for those who warn at start.
    #[must_use]
    pub fn protects(&self) -> Protects {
        let policy = self.last();
        Protects { tls: policy.tls.is_some(), users: policy.asks_for_users() }
    }

    /// SHA-256 of the public key that is shown, as pins are written: by it the daemon is known at any address.
    #[must_use]
    pub fn public_key(&self) -> Option<[u8; 32]> {
        public_key_sha256(self.last().certificate.as_ref()?)
    }

    /// What holds at this moment: the files as they are, or as they were when they were last usable.
    pub(super) async fn current(&self) -> Arc<Policy> {
        let mut seen = self.seen.lock().await;
        let (path, known, verified) = (self.path.clone(), seen.clone(), Arc::clone(&self.verified));
        let read = tokio::task::spawn_blocking(move || {
            let unchanged = known.iter().all(|stamp| Stamp::of(&stamp.path) == *stamp);
            (!unchanged).then(|| load::load(&path, &verified))
        });
        if let Ok(Some((policy, now))) = read.await {
            *seen = now;
            match policy {
                Ok(policy) => {
                    *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(policy);
                    tracing::info!(file = %self.path.display(), "the web configuration is read anew");
                }
                Err(problems) => tracing::warn!(
                    file = %self.path.display(),
                    "the web configuration cannot be used, the one before stays in force: {problems}"
                ),
            }
        }
        drop(seen);
        self.last()
    }

    fn last(&self) -> Arc<Policy> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a web configuration file is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Protects {
    pub tls: bool,
    pub users: bool,
}

/// Tells whether a file was changed or replaced; one that cannot be looked at has no identity.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    path: PathBuf,
    /// Device, inode, bytes, seconds and nanoseconds of the last change.
    identity: Option<(u64, u64, u64, i64, i64)>,
}

impl Stamp {
    fn of(path: &Path) -> Self {
        let identity = std::fs::metadata(path).ok();
        let identity = identity.map(|file| (file.dev(), file.ino(), file.size(), file.ctime(), file.ctime_nsec()));
        Self { path: path.to_owned(), identity }
    }
}
