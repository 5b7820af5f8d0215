//! One message to one receiver over an open session, up to the only answer that counts.

use std::fmt::Write as _;

use tokio::sync::{Notify, OnceCell};

use super::body::{Body, prepare, seven_bit};
use super::fault::{Fault, Kind};
use super::phase::Phase;
use super::reply::Reply;
use super::session::{Session, expect};
use super::settings::check_address;
use crate::model::outbox::Note;
use crate::notify::channel::SendContext;
use crate::notify::envelope;

/// A message as it may go out: whole, or shortened.
pub(super) struct Letter<'a> {
    pub from: &'a str,
    pub to: &'a str,
    full: Vec<u8>,
    short: Vec<u8>,
}

/// What all relays that are asked for one attempt share.
pub(super) struct Crossing<'a> {
    cx: &'a dyn SendContext,
    told: OnceCell<()>,
}

impl<'a> Letter<'a> {
    pub(super) fn of(note: &'a Note, from: &'a str) -> Self {
        Self {
            from,
            to: &note.address.recipient,
            full: envelope::addressed(note, &note.rendered.message),
            short: envelope::addressed(note, &note.rendered.short),
        }
    }

    /// # Errors
    /// The receiver cannot be written into a command.
    pub(super) fn check(&self) -> Result<(), Fault> {
        check_address(self.to).map_err(|bad| Fault::new(Phase::Rcpt, Kind::Nonsense, bad.message))
    }

    /// Prepared for what the relay can take.
    fn body(&self, short: bool, session: &Session) -> Body {
        let whole = |bytes: &[u8]| {
            let body = prepare(bytes);
            if body.is_seven_bit || session.offered.eight_bit { body } else { prepare(&seven_bit(bytes)) }
        };
        let fits = |body: &Body| session.offered.size_max.is_none_or(|most| body.size as u64 <= most);
        if !short {
            let body = whole(&self.full);
            if fits(&body) {
                return body;
            }
        }
        whole(&self.short)
    }
}

impl<'a> Crossing<'a> {
    pub(super) fn new(cx: &'a dyn SendContext) -> Self {
        Self { cx, told: OnceCell::new() }
    }

    /// Before the first final dot of an attempt. A store that cannot write this down does not keep the message back: a
    /// second copy is the lesser evil.
    async fn cross(&self) {
        let tell = || async {
            self.cx.reached("smtp.crossing");
            let _ = self.cx.crossing().await;
            self.cx.reached("smtp.crossed");
        };
        self.told.get_or_init(tell).await;
    }
}

impl Session {
    /// Hands the message over. `dotted` is told when the final dot is on its way.
    pub(super) async fn deliver(
        &mut self,
        letter: &Letter<'_>,
        short: bool,
        crossing: &Crossing<'_>,
        dotted: &Notify,
    ) -> Result<Reply, Fault> {
        let cx = crossing.cx;
        let body = letter.body(short, self);
        let mut mail = format!("MAIL FROM:<{}>", letter.from);
        if self.offered.size {
            let _ = write!(mail, " SIZE={}", body.size);
        }
        if self.offered.eight_bit && !body.is_seven_bit {
            mail += " BODY=8BITMIME";
        }
        let reply = self.wire.ask(Phase::Mail, &mail, None).await?;
        expect(&mut self.wire, Phase::Mail, reply, 250).await?;
        cx.reached("smtp.mail");
        let reply = self.wire.ask(Phase::Rcpt, &format!("RCPT TO:<{}>", letter.to), None).await?;
        // 251: it will be forwarded.
        if reply.code != 251 {
            expect(&mut self.wire, Phase::Rcpt, reply, 250).await?;
        }
        cx.reached("smtp.rcpt");
        let reply = self.wire.ask(Phase::Data, "DATA", None).await?;
        expect(&mut self.wire, Phase::Data, reply, 354).await?;
        cx.reached("smtp.data");
        self.wire.note(&format!("the message, {} bytes", body.size));
        self.wire.send(Phase::Body, &body.wire).await?;
        cx.reached("smtp.body");
        crossing.cross().await;
        // The last moment at which an answer cannot be one to this message.
        self.wire.nothing_unasked(Phase::Body).await?;
        cx.reached("smtp.dot");
        dotted.notify_one();
        let reply = self.wire.ask(Phase::Dot, ".", None).await;
        let reply = reply.map_err(|fault| Fault { maybe_sent: true, ..fault })?;
        match reply.code {
            250 => {
                cx.reached("smtp.accepted");
                Ok(reply)
            }
            400..=599 => expect(&mut self.wire, Phase::Dot, reply, 250).await,
            code => {
                let fault = Fault::nonsense(Phase::Dot, &format!("it answers {code} to the end of the message"));
                Err(Fault { maybe_sent: true, ..fault })
            }
        }
    }
}
