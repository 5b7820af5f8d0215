//! What a page or an interface may ask the daemon to do. The daemon gives the deeds, so that no page knows how.

use std::future::Future;
use std::pin::Pin;

/// What a command comes to: one line for people, or every reason why not, in lines.
pub type Reply<'a> = Pin<Box<dyn Future<Output = Result<String, String>> + Send + 'a>>;

pub trait Commands: Send + Sync {
    /// Reads the configuration anew and puts it in force. After an error the one before is still in force.
    fn reload(&self) -> Reply<'_>;
}
