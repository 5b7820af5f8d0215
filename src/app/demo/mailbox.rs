//! The mails that the play has caught, to be looked at.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::mpsc;

use crate::app::catcher::Caught;
use crate::app::catcher::letter::Letter;

/// Mails that are kept, the last ones.
const MAILS_MAX: usize = 50;

/// What has been caught, the first mail first.
#[derive(Clone, Debug, Default)]
pub struct Mailbox(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    mails: VecDeque<Arc<Letter>>,
    caught: usize,
}

impl Mailbox {
    /// Mails with their numbers, from 1.
    #[must_use]
    pub fn mails(&self) -> Vec<(usize, Arc<Letter>)> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let first = kept.caught - kept.mails.len() + 1;
        kept.mails.iter().enumerate().map(|(at, mail)| (first + at, Arc::clone(mail))).collect()
    }

    #[must_use]
    pub fn mail(&self, number: usize) -> Option<Arc<Letter>> {
        self.mails().into_iter().find(|(known, _)| *known == number).map(|(_, mail)| mail)
    }

    /// Takes what comes, until nothing can come any more.
    pub async fn fill(self, mut mails: mpsc::Receiver<Caught>) {
        while let Some(mail) = mails.recv().await {
            let number = self.put(mail.letter.clone());
            mail.keep(number);
        }
    }

    fn put(&self, letter: Letter) -> usize {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.caught += 1;
        kept.mails.push_back(Arc::new(letter));
        if kept.mails.len() > MAILS_MAX {
            kept.mails.pop_front();
        }
        kept.caught
    }
}
