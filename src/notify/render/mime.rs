//! The parts of a message put together: plain text, HTML, and the picture that belongs to it.

use lettre::message::header::{ContentDisposition, ContentId, ContentType};
use lettre::message::{Attachment, MultiPart, SinglePart};

use super::Sender;
use super::headers::Head;
use super::picture::Picture;

/// Text alone.
pub(super) fn plain(head: &Head, sender: &Sender, text: &str) -> Vec<u8> {
    with_head(head, sender, &text_part(text).formatted())
}

/// Text, and the same as HTML with its picture, for whoever shows that.
pub(super) fn rich(head: &Head, sender: &Sender, text: &str, html: &str, picture: Option<&Picture>) -> Option<Vec<u8>> {
    let mark = head.mark();
    let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(html.to_owned());
    let alternatives = MultiPart::alternative().boundary(format!("a.{mark}")).singlepart(text_part(text));
    let whole = match picture {
        None => alternatives.singlepart(html),
        Some(picture) => {
            let image = SinglePart::builder()
                .header(ContentType::parse("image/png").ok()?)
                .header(ContentDisposition::inline_with_name("times.png"))
                .header(ContentId::from(format!("<{}>", picture.id)))
                .body(picture.png.clone());
            let related = MultiPart::related().boundary(format!("r.{mark}")).singlepart(html).singlepart(image);
            alternatives.multipart(related)
        }
    };
    Some(with_head(head, sender, &whole.formatted()))
}

/// Text, and more text as a file.
pub(super) fn with_file(head: &Head, sender: &Sender, text: &str, html: &str, name: &str, file: &str) -> Vec<u8> {
    let mark = head.mark();
    let html = SinglePart::builder().header(ContentType::TEXT_HTML).body(html.to_owned());
    let alternatives =
        MultiPart::alternative().boundary(format!("a.{mark}")).singlepart(text_part(text)).singlepart(html);
    let file = Attachment::new(name.to_owned()).body(file.to_owned(), ContentType::TEXT_PLAIN);
    let whole = MultiPart::mixed().boundary(format!("m.{mark}")).multipart(alternatives).singlepart(file);
    with_head(head, sender, &whole.formatted())
}

fn text_part(text: &str) -> SinglePart {
    SinglePart::builder().header(ContentType::TEXT_PLAIN).body(text.to_owned())
}

fn with_head(head: &Head, sender: &Sender, body: &[u8]) -> Vec<u8> {
    [head.fields(sender).as_bytes(), body].concat()
}
