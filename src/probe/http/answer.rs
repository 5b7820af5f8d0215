//! Makes an answer out of what arrives: bounded head, bounded body, content codings undone.

use bytes::Bytes;
use http::{HeaderMap, Method, Response, StatusCode, Version};
use hyper::body::Incoming;

use super::coding::{self, Coding, CodingError};
use super::connection::{HEADER_BYTES_MAX, HEADER_FIELDS_MAX};
use super::fault;
use super::receive::{ReceiveError, receive, wire_max};
use crate::base::size::format_size;
use crate::model::failure::{Failure, FailureKind};
use crate::model::observation::Answer;
use crate::model::timing::Phase;

/// An answer as transferred.
pub(super) struct Wire {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    headers: HeaderMap,
    codings: Vec<Coding>,
    body: Bytes,
}

/// Why what arrived is no answer.
pub(super) enum Refused {
    TooManyFields(usize),
    HeadTooLarge,
    SwitchedProtocols,
    TooLarge,
    GivenUp,
    Undecodable(String),
    Broken(hyper::Error),
}

/// Takes the whole answer to a request of `method`, whose decoded body may have `body_max` bytes.
pub(super) async fn take(answer: Response<Incoming>, method: &Method, body_max: u64) -> Result<Wire, Refused> {
    let (head, body) = answer.into_parts();
    if head.headers.len() > HEADER_FIELDS_MAX {
        return Err(Refused::TooManyFields(head.headers.len()));
    }
    // As on the wire of HTTP/1: a colon, a blank and a line end each.
    if head.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum::<usize>() > HEADER_BYTES_MAX
    {
        return Err(Refused::HeadTooLarge);
    }
    if head.status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Refused::SwitchedProtocols);
    }
    let codings = coding::of(&head.headers)?;
    let bodiless = *method == Method::HEAD || matches!(head.status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let body = if bodiless {
        Bytes::new()
    } else {
        receive(body, head.version, wire_max(body_max, !codings.is_empty())).await?
    };
    Ok(Wire { status: head.status, version: head.version, headers: head.headers, codings, body })
}

impl Wire {
    pub(super) async fn decode(self, body_max: u64) -> Result<Answer, Refused> {
        let wire_size = self.body.len() as u64;
        let body = coding::decode(self.body, &self.codings, body_max).await?;
        Ok(Answer { status: self.status, version: self.version, headers: self.headers, body, wire_size })
    }
}

impl Refused {
    pub(super) fn failure(self, body_max: u64) -> Failure {
        let (kind, detail) = match self {
            Self::TooManyFields(count) => {
                (FailureKind::HeadersTooLarge, format!("{count} header fields, allowed are {HEADER_FIELDS_MAX}"))
            }
            Self::HeadTooLarge => {
                let max = format_size(HEADER_BYTES_MAX as u64);
                (FailureKind::HeadersTooLarge, format!("the header section is larger than {max}"))
            }
            Self::SwitchedProtocols => {
                (FailureKind::MalformedAnswer, "the target switches to another protocol, unasked".to_owned())
            }
            Self::TooLarge => {
                let max = format_size(body_max);
                (FailureKind::BodyTooLarge, format!("the body is larger than {max}, see `limits.body`"))
            }
            Self::GivenUp => {
                (FailureKind::AnswerCutShort, "the target reset the stream before the end of the answer".to_owned())
            }
            Self::Undecodable(why) => {
                (FailureKind::BodyUndecodable, format!("the body does not decode by its `content-encoding`: {why}"))
            }
            Self::Broken(error) => return fault::failure(&error, Phase::Receive, true),
        };
        Failure::new(kind, detail).in_phase(Phase::Receive)
    }
}

impl From<CodingError> for Refused {
    fn from(error: CodingError) -> Self {
        match error {
            CodingError::TooLarge => Self::TooLarge,
            CodingError::Undecodable(why) => Self::Undecodable(why),
        }
    }
}

impl From<ReceiveError> for Refused {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::TooLarge => Self::TooLarge,
            ReceiveError::GivenUp => Self::GivenUp,
            ReceiveError::Broken(error) => Self::Broken(error),
        }
    }
}
