//! The guard in front of the LDAP client's parsers: cuts a byte stream into LDAP messages, and checks each one.
//!
//! The client (ldap3 0.12 with lber 0.5) panics on many malformed messages, overflows the stack on deeply nested
//! ones and waits for ever for the rest of ones whose inner lengths lie. Nothing reaches it that [`inspect`] has not
//! accepted, and accepted means: the structure that RFC 4511 requires, in the encoding of its section 5.1.

use std::ops::Range;

/// The most bytes that a message may have, unless the caller says otherwise.
pub(crate) const DEFAULT_MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// How deep constructed elements may nest. An entry with controls needs six levels.
const MAX_DEPTH: usize = 16;

/// How many elements a message may have: the client spends some 50 bytes on each one, even an empty one.
const MAX_ELEMENTS: usize = 250_000;

/// The control whose value the client's paging adapter parses, and panics on (RFC 2696).
const PAGED_RESULTS: &[u8] = b"1.2.840.113556.1.4.319";

/// Identifier octets (X.690 8.1.2): universal types, and the context tags of LDAPResult and LDAPMessage.
mod tag {
    pub(super) const BOOLEAN: u8 = 0x01;
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const OCTET_STRING: u8 = 0x04;
    pub(super) const ENUMERATED: u8 = 0x0A;
    pub(super) const SEQUENCE: u8 = 0x30;
    pub(super) const SET: u8 = 0x31;
    pub(super) const CONTROLS: u8 = 0xA0;
    pub(super) const INTERMEDIATE_NAME: u8 = 0x80;
    pub(super) const INTERMEDIATE_VALUE: u8 = 0x81;
    pub(super) const REFERRAL: u8 = 0xA3;
    pub(super) const SASL_CREDENTIALS: u8 = 0x87;
    pub(super) const EXTENDED_NAME: u8 = 0x8A;
    pub(super) const EXTENDED_VALUE: u8 = 0x8B;
}

/// What is wrong with a message. The connection cannot be used further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FrameError {
    /// The stream does not hold LDAP: a message begins with something else.
    #[error("not an LDAP message")]
    NotLdap,
    /// A length without end, or in more than four octets, or beyond what holds it.
    #[error("invalid length in an LDAP message")]
    Length,
    /// The message is larger than allowed.
    #[error("an LDAP message of {0} bytes is larger than allowed")]
    TooLarge(usize),
    /// Too many levels or too many elements.
    #[error("an LDAP message is too complex")]
    TooComplex,
    /// Well encoded, but not the structure that the operation has.
    #[error("an LDAP message lacks its {0}")]
    Structure(&'static str),
    /// An operation that a server does not send, or a client.
    #[error("unexpected LDAP operation {0:#04x}")]
    UnknownOperation(u8),
    /// Text that must be UTF-8 is not.
    #[error("an LDAP message has a {0} that is not UTF-8")]
    NotUtf8(&'static str),
}

/// What a server's message is (RFC 4511 4.2 to 4.13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum ResponseKind {
    /// BindResponse.
    Bind,
    /// SearchResultEntry.
    SearchEntry,
    /// SearchResultReference.
    SearchReference,
    /// SearchResultDone.
    SearchDone,
    /// ModifyResponse.
    Modify,
    /// AddResponse.
    Add,
    /// DelResponse.
    Delete,
    /// ModifyDNResponse.
    ModifyDn,
    /// CompareResponse.
    Compare,
    /// ExtendedResponse, also the notice of disconnection.
    Extended,
    /// IntermediateResponse.
    Intermediate,
}

/// What a client's message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RequestKind {
    /// BindRequest.
    Bind,
    /// UnbindRequest; it has no answer.
    Unbind,
    /// SearchRequest.
    Search,
    /// ModifyRequest.
    Modify,
    /// AddRequest.
    Add,
    /// DelRequest.
    Delete,
    /// ModifyDNRequest.
    ModifyDn,
    /// CompareRequest.
    Compare,
    /// AbandonRequest; it has no answer.
    Abandon,
    /// ExtendedRequest.
    Extended,
}

/// A server's message that the client's parsers can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message {
    /// The messageID; 0 is an unsolicited notification (RFC 4511 4.4).
    pub(crate) id: i32,
    /// What it is.
    pub(crate) kind: ResponseKind,
    /// The result code, where it carries an LDAPResult.
    pub(crate) result_code: Option<u32>,
    /// Whether matchedDN or diagnosticMessage hold invalid UTF-8 or U+0000: the client takes only what [`sanitise`]
    /// makes of such a message.
    pub(crate) needs_sanitising: bool,
}

impl ResponseKind {
    /// Whether this can answer that request. The client panics on an answer of another kind.
    ///
    /// Intermediate responses answer nothing: no request of this crate asks for one, and the client takes one for a
    /// search result entry.
    pub(crate) fn answers(self, request: RequestKind) -> bool {
        matches!(
            (request, self),
            (RequestKind::Bind, Self::Bind)
                | (
                    RequestKind::Search,
                    Self::SearchEntry | Self::SearchReference | Self::SearchDone
                )
                | (RequestKind::Modify, Self::Modify)
                | (RequestKind::Add, Self::Add)
                | (RequestKind::Delete, Self::Delete)
                | (RequestKind::ModifyDn, Self::ModifyDn)
                | (RequestKind::Compare, Self::Compare)
                | (RequestKind::Extended, Self::Extended)
        )
    }

    /// The operation with this identifier octet.
    fn of(tag: u8) -> Option<Self> {
        Some(match tag {
            0x61 => Self::Bind,
            0x64 => Self::SearchEntry,
            0x65 => Self::SearchDone,
            0x67 => Self::Modify,
            0x69 => Self::Add,
            0x6B => Self::Delete,
            0x6D => Self::ModifyDn,
            0x6F => Self::Compare,
            0x73 => Self::SearchReference,
            0x78 => Self::Extended,
            0x79 => Self::Intermediate,
            _ => return None,
        })
    }

    /// Whether the operation is an LDAPResult with or without something after it.
    fn has_result(self) -> bool {
        !matches!(self, Self::SearchEntry | Self::SearchReference | Self::Intermediate)
    }
}

impl RequestKind {
    /// The operation with this identifier octet.
    fn of(tag: u8) -> Option<Self> {
        Some(match tag {
            0x60 => Self::Bind,
            0x42 => Self::Unbind,
            0x63 => Self::Search,
            0x66 => Self::Modify,
            0x68 => Self::Add,
            0x4A => Self::Delete,
            0x6C => Self::ModifyDn,
            0x6E => Self::Compare,
            0x50 => Self::Abandon,
            0x77 => Self::Extended,
            _ => return None,
        })
    }
}

/// How long the message at the front of `bytes` is; `None` while it is not complete.
///
/// Judges by the first few octets, so that a message too large is refused before it is buffered. Copies nothing:
/// for requests, which may hold a password.
///
/// # Errors
/// [`FrameError::NotLdap`], [`FrameError::Length`] or [`FrameError::TooLarge`] with more than `max` bytes.
pub(crate) fn frame_length(bytes: &[u8], max: usize) -> Result<Option<usize>, FrameError> {
    match bytes.first() {
        None => return Ok(None),
        Some(&tag::SEQUENCE) => {}
        Some(_) => return Err(FrameError::NotLdap),
    }
    let Some((header, content)) = read_header(bytes)? else {
        return Ok(None);
    };
    let total = header.saturating_add(content);
    if total > max {
        return Err(FrameError::TooLarge(total));
    }
    Ok((bytes.len() >= total).then_some(total))
}

/// The length of the header at the front of `bytes` and of the content it announces; `None` if it is cut short.
fn read_header(bytes: &[u8]) -> Result<Option<(usize, usize)>, FrameError> {
    let Some(&first) = bytes.get(1) else {
        return Ok(None);
    };
    if first < 0x80 {
        return Ok(Some((2, usize::from(first))));
    }
    // 0x80 is the indefinite form, which RFC 4511 5.1 forbids.
    let octets = usize::from(first & 0x7F);
    if !(1..=4).contains(&octets) {
        return Err(FrameError::Length);
    }
    let Some(length) = bytes.get(2..2 + octets) else {
        return Ok(None);
    };
    let length = length.iter().fold(0_u64, |sum, octet| sum << 8 | u64::from(*octet));
    let length = usize::try_from(length).map_err(|_| FrameError::Length)?;
    Ok(Some((2 + octets, length)))
}

/// Cuts what a server sends into messages, however the bytes arrive.
#[derive(Debug)]
pub(crate) struct Frames {
    buffer: Vec<u8>,
    /// Where the part of the buffer begins that was not yet given out.
    start: usize,
    max: usize,
    failed: Option<FrameError>,
}

impl Frames {
    /// For messages of at most `max` bytes.
    pub(crate) fn new(max: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            max,
            failed: None,
        }
    }

    /// Takes bytes from the server. After each call, take the messages out until there is none.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.failed.is_none() {
            self.buffer.drain(..self.start.min(self.buffer.len()));
            self.start = 0;
            self.buffer.extend_from_slice(bytes);
        }
    }

    /// The next complete message, not yet inspected; `None` if more bytes are needed.
    ///
    /// # Errors
    /// As [`frame_length`]; from then on always the same, since the place where the next message begins is lost.
    pub(crate) fn next_frame(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let Some(range) = self.next_range()? else {
            return Ok(None);
        };
        self.start = range.end;
        Ok(self.buffer.get(range))
    }

    /// Whether bytes of an incomplete message are left, as when a connection ends in the middle of one.
    #[cfg(test)]
    pub(crate) fn is_mid_frame(&self) -> bool {
        self.start < self.buffer.len()
    }

    fn next_range(&mut self) -> Result<Option<Range<usize>>, FrameError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        match frame_length(rest, self.max) {
            Ok(length) => Ok(length.map(|length| self.start..self.start + length)),
            Err(error) => {
                self.failed = Some(error);
                self.buffer = Vec::new();
                self.start = 0;
                Err(error)
            }
        }
    }
}

/// Checks one whole message from a server.
///
/// # Errors
/// Everything that the client's parsers would not survive, and every other departure from RFC 4511.
pub(crate) fn inspect(frame: &[u8]) -> Result<Message, FrameError> {
    let envelope = Envelope::read(frame)?;
    let kind = ResponseKind::of(envelope.op.tag).ok_or(FrameError::UnknownOperation(envelope.op.tag))?;
    check_trailer(envelope.trailer, kind)?;
    let mut message = Message {
        id: envelope.id,
        kind,
        result_code: None,
        needs_sanitising: false,
    };
    match kind {
        ResponseKind::SearchEntry => check_entry(envelope.op.content)?,
        ResponseKind::SearchReference => check_uris(envelope.op.content)?,
        ResponseKind::Intermediate => check_intermediate(envelope.op.content)?,
        _ => {
            let result = LdapResult::read(envelope.op.content)?;
            result.check_rest()?;
            message.result_code = Some(result.code);
            message.needs_sanitising = is_unclean(result.matched_dn) || is_unclean(result.text);
        }
    }
    Ok(message)
}

/// What a client's message is, and its messageID. Nothing inside the operation is looked at.
///
/// # Errors
/// The frame is not one LDAPMessage, or holds no operation of a client.
pub(crate) fn inspect_request(frame: &[u8]) -> Result<(i32, RequestKind), FrameError> {
    let envelope = Envelope::read(frame)?;
    let kind = RequestKind::of(envelope.op.tag).ok_or(FrameError::UnknownOperation(envelope.op.tag))?;
    Ok((envelope.id, kind))
}

/// What a server answers to a bind (RFC 4511 4.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BindResponse {
    /// The result code.
    pub(crate) code: u32,
    /// The diagnostic text, made valid as in [`sanitise`].
    pub(crate) text: String,
    /// The server's part of a SASL exchange, where there is one.
    pub(crate) credentials: Option<Vec<u8>>,
}

/// The result code and the text of an accepted message that carries an LDAPResult.
#[cfg(any(test, fuzzing))]
pub(crate) fn result_of(frame: &[u8]) -> Option<(u32, String)> {
    let result = LdapResult::read(Envelope::read(frame).ok()?.op.content).ok()?;
    Some((result.code, clean(result.text)))
}

/// Reads the answer to the bind with this messageID.
///
/// # Errors
/// As [`inspect`], and any other message than that answer.
pub(crate) fn read_bind_response(frame: &[u8], id: i32) -> Result<BindResponse, FrameError> {
    let message = inspect(frame)?;
    if (message.id, message.kind) != (id, ResponseKind::Bind) {
        return Err(FrameError::Structure("answer to the bind"));
    }
    let result = LdapResult::read(Envelope::read(frame)?.op.content)?;
    let mut parts = Elements(result.rest);
    let mut credentials = None;
    while let Some(part) = parts.next()? {
        if part.tag == tag::SASL_CREDENTIALS {
            credentials = Some(part.content.to_vec());
        }
    }
    Ok(BindResponse {
        code: result.code,
        text: clean(result.text),
        credentials,
    })
}

/// The message with invalid UTF-8 in matchedDN and diagnosticMessage replaced by U+FFFD, and U+0000 left out.
///
/// For messages that [`inspect`] accepted with `needs_sanitising`; every other one comes back as it is.
pub(crate) fn sanitise(frame: &[u8]) -> Vec<u8> {
    rebuild(frame).unwrap_or_else(|_| frame.to_vec())
}

fn rebuild(frame: &[u8]) -> Result<Vec<u8>, FrameError> {
    let envelope = Envelope::read(frame)?;
    match ResponseKind::of(envelope.op.tag) {
        Some(kind) if kind.has_result() => {}
        _ => return Ok(frame.to_vec()),
    }
    let result = LdapResult::read(envelope.op.content)?;
    let mut op = Vec::with_capacity(envelope.op.content.len());
    op.extend_from_slice(result.code_bytes);
    write_element(&mut op, tag::OCTET_STRING, clean(result.matched_dn).as_bytes());
    write_element(&mut op, tag::OCTET_STRING, clean(result.text).as_bytes());
    op.extend_from_slice(result.rest);

    let mut body = envelope.id_bytes.to_vec();
    write_element(&mut body, envelope.op.tag, &op);
    body.extend_from_slice(envelope.trailer);
    let mut message = Vec::with_capacity(body.len() + 6);
    write_element(&mut message, tag::SEQUENCE, &body);
    Ok(message)
}

fn is_unclean(text: &[u8]) -> bool {
    text.contains(&0) || std::str::from_utf8(text).is_err()
}

fn clean(text: &[u8]) -> String {
    String::from_utf8_lossy(text).replace('\0', "")
}

/// Appends an element, with its length in the shortest form.
fn write_element(out: &mut Vec<u8>, tag: u8, content: &[u8]) {
    out.push(tag);
    match u8::try_from(content.len()) {
        Ok(length) if length < 0x80 => out.push(length),
        _ => {
            let length = content.len().to_be_bytes();
            let significant = || length.iter().skip_while(|octet| **octet == 0);
            // A usize has at most eight octets.
            out.push(0x80 | u8::try_from(significant().count()).unwrap_or_default());
            out.extend(significant());
        }
    }
    out.extend_from_slice(content);
}

/// One element of BER: its identifier octet and its content.
#[derive(Debug, Clone, Copy)]
struct Element<'a> {
    tag: u8,
    content: &'a [u8],
    /// All of it, header included.
    bytes: &'a [u8],
}

/// What is left of a sequence of elements.
#[derive(Debug, Clone, Copy)]
struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    /// The next element, or `None` at the end.
    fn next(&mut self) -> Result<Option<Element<'a>>, FrameError> {
        let Some(&tag) = self.0.first() else {
            return Ok(None);
        };
        // Tag numbers from 31 on take further octets, which the client does not read, and LDAP has none.
        if tag & 0x1F == 0x1F {
            return Err(FrameError::Structure("known tag"));
        }
        let (header, length) = read_header(self.0)?.ok_or(FrameError::Length)?;
        let total = header.checked_add(length).ok_or(FrameError::Length)?;
        let (bytes, rest) = self.0.split_at_checked(total).ok_or(FrameError::Length)?;
        self.0 = rest;
        Ok(Some(Element {
            tag,
            content: bytes.get(header..).unwrap_or_default(),
            bytes,
        }))
    }

    /// The next element, which must have this tag.
    fn expect(&mut self, tag: u8, what: &'static str) -> Result<Element<'a>, FrameError> {
        match self.next()? {
            Some(element) if element.tag == tag => Ok(element),
            _ => Err(FrameError::Structure(what)),
        }
    }

    fn expect_end(&self) -> Result<(), FrameError> {
        match self.0 {
            [] => Ok(()),
            _ => Err(FrameError::Structure("end")),
        }
    }
}

/// Checks every length in `bytes`, as deep as anything nests: the client's parser follows all of them.
fn check_encoding(bytes: &[u8], depth: usize, left: &mut usize) -> Result<(), FrameError> {
    let mut elements = Elements(bytes);
    while let Some(element) = elements.next()? {
        *left = left.checked_sub(1).ok_or(FrameError::TooComplex)?;
        if element.tag & 0x20 != 0 {
            if depth == MAX_DEPTH {
                return Err(FrameError::TooComplex);
            }
            check_encoding(element.content, depth + 1, left)?;
        }
    }
    Ok(())
}

/// LDAPMessage (RFC 4511 4.1.1), with everything inside well encoded.
struct Envelope<'a> {
    id: i32,
    id_bytes: &'a [u8],
    op: Element<'a>,
    /// What follows the operation: controls, or nothing.
    trailer: &'a [u8],
}

impl<'a> Envelope<'a> {
    fn read(frame: &'a [u8]) -> Result<Self, FrameError> {
        if frame.first() != Some(&tag::SEQUENCE) {
            return Err(FrameError::NotLdap);
        }
        let mut left = MAX_ELEMENTS;
        check_encoding(frame, 0, &mut left)?;
        let mut outer = Elements(frame);
        let message = outer.expect(tag::SEQUENCE, "envelope")?;
        outer.expect_end()?;

        let mut parts = Elements(message.content);
        let id = parts.expect(tag::INTEGER, "message id")?;
        let op = parts.next()?.ok_or(FrameError::Structure("operation"))?;
        Ok(Self {
            id: read_number(id.content, "message id")?,
            id_bytes: id.bytes,
            op,
            trailer: parts.0,
        })
    }
}

/// A number of one to four octets that is not negative: message ids and result codes (RFC 4511 4.1.1.1, 4.1.9).
fn read_number(content: &[u8], what: &'static str) -> Result<i32, FrameError> {
    match content {
        [first, ..] if content.len() <= 4 && *first < 0x80 => {
            Ok(content.iter().fold(0, |sum, octet| sum << 8 | i32::from(*octet)))
        }
        _ => Err(FrameError::Structure(what)),
    }
}

/// What follows the operation: nothing, or controls.
///
/// Active Directory puts the name of its notice of disconnection here, behind the operation it belongs into; the
/// client knows, and passes over it.
fn check_trailer(trailer: &[u8], kind: ResponseKind) -> Result<(), FrameError> {
    let mut parts = Elements(trailer);
    match parts.next()? {
        None => return Ok(()),
        Some(part) if part.tag == tag::CONTROLS => check_controls(part.content)?,
        Some(part) if part.tag == tag::EXTENDED_NAME && kind == ResponseKind::Extended => {}
        Some(_) => return Err(FrameError::Structure("controls")),
    }
    parts.expect_end()
}

/// Controls (RFC 4511 4.1.11).
fn check_controls(controls: &[u8]) -> Result<(), FrameError> {
    let mut controls = Elements(controls);
    while let Some(control) = controls.next()? {
        if control.tag != tag::SEQUENCE {
            return Err(FrameError::Structure("control"));
        }
        check_control(control.content)?;
    }
    Ok(())
}

fn check_control(control: &[u8]) -> Result<(), FrameError> {
    let mut parts = Elements(control);
    let oid = parts.expect(tag::OCTET_STRING, "control type")?;
    check_utf8(oid.content, "control type")?;
    let mut next = parts.next()?;
    if let Some(criticality) = next.filter(|part| part.tag == tag::BOOLEAN) {
        if criticality.content.len() != 1 {
            return Err(FrameError::Structure("criticality"));
        }
        next = parts.next()?;
    }
    if let Some(value) = next {
        if value.tag != tag::OCTET_STRING {
            return Err(FrameError::Structure("control value"));
        }
        if oid.content == PAGED_RESULTS {
            check_paged_results(value.content)?;
        }
    }
    parts.expect_end()
}

/// `SEQUENCE { size INTEGER, cookie OCTET STRING }` (RFC 2696 section 2).
fn check_paged_results(value: &[u8]) -> Result<(), FrameError> {
    let mut left = MAX_ELEMENTS;
    check_encoding(value, 0, &mut left)?;
    let mut outer = Elements(value);
    let mut parts = Elements(outer.expect(tag::SEQUENCE, "paging value")?.content);
    outer.expect_end()?;
    let size = parts.expect(tag::INTEGER, "paging size")?;
    read_number(size.content, "paging size")?;
    parts.expect(tag::OCTET_STRING, "paging cookie")?;
    parts.expect_end()
}

/// LDAPResult (RFC 4511 4.1.9), up to what individual operations add to it.
struct LdapResult<'a> {
    code: u32,
    code_bytes: &'a [u8],
    matched_dn: &'a [u8],
    text: &'a [u8],
    rest: &'a [u8],
}

impl<'a> LdapResult<'a> {
    fn read(op: &'a [u8]) -> Result<Self, FrameError> {
        let mut parts = Elements(op);
        let code = parts.expect(tag::ENUMERATED, "result code")?;
        let matched_dn = parts.expect(tag::OCTET_STRING, "matched name")?;
        let text = parts.expect(tag::OCTET_STRING, "diagnostic message")?;
        Ok(Self {
            code: read_number(code.content, "result code")?.unsigned_abs(),
            code_bytes: code.bytes,
            matched_dn: matched_dn.content,
            text: text.content,
            rest: parts.0,
        })
    }

    /// Referral, SASL credentials, and the name and value of an extended response.
    ///
    /// The client takes all of them in every result, and tells them apart by their numbers alone; others it ignores,
    /// as RFC 4511 4 (extensibility) wants.
    fn check_rest(&self) -> Result<(), FrameError> {
        let mut parts = Elements(self.rest);
        while let Some(part) = parts.next()? {
            match part.tag {
                tag::REFERRAL => check_uris(part.content)?,
                tag::EXTENDED_NAME => check_utf8(part.content, "response name")?,
                tag::SASL_CREDENTIALS | tag::EXTENDED_VALUE => {}
                other if matches!(other & 0x1F, 3 | 7 | 10 | 11) => {
                    return Err(FrameError::Structure("known result part"));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// A list of URIs, at least one (RFC 4511 4.1.10, 4.5.2).
fn check_uris(uris: &[u8]) -> Result<(), FrameError> {
    let mut uris = Elements(uris);
    let first = uris.expect(tag::OCTET_STRING, "referral")?;
    check_utf8(first.content, "referral")?;
    while let Some(uri) = uris.next()? {
        if uri.tag != tag::OCTET_STRING {
            return Err(FrameError::Structure("referral"));
        }
        check_utf8(uri.content, "referral")?;
    }
    Ok(())
}

/// SearchResultEntry (RFC 4511 4.5.2).
fn check_entry(entry: &[u8]) -> Result<(), FrameError> {
    let mut parts = Elements(entry);
    let name = parts.expect(tag::OCTET_STRING, "object name")?;
    check_utf8(name.content, "object name")?;
    let mut attributes = Elements(parts.expect(tag::SEQUENCE, "attributes")?.content);
    parts.expect_end()?;
    while let Some(attribute) = attributes.next()? {
        if attribute.tag != tag::SEQUENCE {
            return Err(FrameError::Structure("attribute"));
        }
        check_attribute(attribute.content)?;
    }
    Ok(())
}

/// PartialAttribute (RFC 4511 4.1.7).
fn check_attribute(attribute: &[u8]) -> Result<(), FrameError> {
    let mut parts = Elements(attribute);
    let name = parts.expect(tag::OCTET_STRING, "attribute type")?;
    check_utf8(name.content, "attribute type")?;
    let mut values = Elements(parts.expect(tag::SET, "attribute values")?.content);
    parts.expect_end()?;
    while let Some(value) = values.next()? {
        if value.tag != tag::OCTET_STRING {
            return Err(FrameError::Structure("attribute value"));
        }
    }
    Ok(())
}

/// IntermediateResponse (RFC 4511 4.13).
fn check_intermediate(op: &[u8]) -> Result<(), FrameError> {
    let mut parts = Elements(op);
    while let Some(part) = parts.next()? {
        match part.tag {
            tag::INTERMEDIATE_NAME => check_utf8(part.content, "response name")?,
            tag::INTERMEDIATE_VALUE => {}
            _ => return Err(FrameError::Structure("intermediate response")),
        }
    }
    Ok(())
}

fn check_utf8(text: &[u8], what: &'static str) -> Result<(), FrameError> {
    match std::str::from_utf8(text) {
        Ok(_) => Ok(()),
        Err(_) => Err(FrameError::NotUtf8(what)),
    }
}

/// What the client does with an accepted message: a panic in here is a hole in the guard.
#[cfg(any(test, fuzzing))]
pub(crate) fn feed_to_client(frame: &[u8], kind: ResponseKind) {
    use ldap3::asn1::{PL, Tag, parse_tag};
    use ldap3::{LdapResult as ClientResult, ResultEntry, SearchEntry};

    let Ok(([], tree)) = parse_tag(frame) else {
        panic!("the client cannot parse what was accepted");
    };
    let PL::C(parts) = tree.payload else {
        panic!("the client sees no message");
    };
    let Some(op) = parts.into_iter().nth(1) else {
        panic!("the client sees no operation");
    };
    match kind {
        ResponseKind::SearchEntry => drop(SearchEntry::construct(ResultEntry::new(op))),
        ResponseKind::SearchReference | ResponseKind::Intermediate => {}
        _ => drop(ClientResult::from(Tag::StructureTag(op))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn el(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        write_element(&mut out, tag, content);
        out
    }

    fn seq(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        el(tag, &parts.concat())
    }

    fn octets(text: impl AsRef<[u8]>) -> Vec<u8> {
        el(tag::OCTET_STRING, text.as_ref())
    }

    fn message(op: Vec<u8>) -> Vec<u8> {
        seq(tag::SEQUENCE, &[el(tag::INTEGER, &[7]), op])
    }

    fn result(op: u8, code: u8, text: &[u8], rest: &[Vec<u8>]) -> Vec<u8> {
        let mut parts = vec![el(tag::ENUMERATED, &[code]), octets(""), octets(text)];
        parts.extend_from_slice(rest);
        message(seq(op, &parts))
    }

    fn entry(name: &str, attributes: &[(&str, &[&[u8]])]) -> Vec<u8> {
        let attributes: Vec<_> = attributes
            .iter()
            .map(|(name, values)| {
                let values: Vec<_> = values.iter().map(octets).collect();
                seq(tag::SEQUENCE, &[octets(name), seq(tag::SET, &values)])
            })
            .collect();
        message(seq(0x64, &[octets(name), seq(tag::SEQUENCE, &attributes)]))
    }

    fn paged(value: &[u8]) -> Vec<u8> {
        let control = seq(
            tag::SEQUENCE,
            &[octets(PAGED_RESULTS), el(tag::BOOLEAN, &[0xFF]), octets(value)],
        );
        let done = seq(0x65, &[el(tag::ENUMERATED, &[0]), octets(""), octets("")]);
        seq(
            tag::SEQUENCE,
            &[el(tag::INTEGER, &[1]), done, seq(tag::CONTROLS, &[control])],
        )
    }

    /// Messages of every kind, all of them good.
    fn good() -> Vec<Vec<u8>> {
        vec![
            result(
                0x61,
                49,
                b"80090308: LdapErr",
                &[el(tag::SASL_CREDENTIALS, b"\xff\x00")],
            ),
            result(0x67, 53, b"0000052D: SvcErr\n", &[]),
            result(0x67, 10, b"", &[seq(tag::REFERRAL, &[octets("ldap://dc1/CN=x")])]),
            result(
                0x78,
                0,
                b"",
                &[el(tag::EXTENDED_NAME, b"1.2.3"), el(tag::EXTENDED_VALUE, b"\xff")],
            ),
            result(0x65, 0, b"", &[el(0x95, b"a part of the future")]),
            entry(
                "CN=x,DC=y",
                &[("cn", &[b"x"]), ("objectGUID", &[b"\xff\xfe", b"text"]), ("none", &[])],
            ),
            entry("", &[]),
            message(seq(0x73, &[octets("ldaps://a/"), octets("ldaps://b/")])),
            message(seq(
                0x79,
                &[el(tag::INTERMEDIATE_NAME, b"1.2"), el(tag::INTERMEDIATE_VALUE, b"")],
            )),
            paged(&seq(tag::SEQUENCE, &[el(tag::INTEGER, &[0]), octets("cookie")])),
            notice_of_disconnection(),
        ]
    }

    /// As Active Directory sends it, the name outside the operation (RFC 4511 4.4.1).
    fn notice_of_disconnection() -> Vec<u8> {
        let op = seq(0x78, &[el(tag::ENUMERATED, &[52]), octets(""), octets("bye")]);
        let name = el(tag::EXTENDED_NAME, b"1.3.6.1.4.1.1466.20036");
        seq(tag::SEQUENCE, &[el(tag::INTEGER, &[0]), op, name])
    }

    #[test]
    fn good_messages_pass() {
        for frame in good() {
            let message = inspect(&frame).unwrap_or_else(|error| panic!("{error}: {frame:02x?}"));
            assert!(!message.needs_sanitising);
            assert_eq!(message.result_code.is_some(), message.kind.has_result());
            feed_to_client(&frame, message.kind);
            assert_eq!(sanitise(&frame), frame);
        }
        let refused = inspect(&result(0x67, 53, b"", &[])).unwrap();
        assert_eq!((refused.id, refused.kind), (7, ResponseKind::Modify));
        assert_eq!(refused.result_code, Some(53));
        assert_eq!(inspect(&notice_of_disconnection()).unwrap().id, 0);
    }

    #[test]
    fn every_prefix_is_incomplete() {
        for frame in good() {
            for len in 0..frame.len() {
                assert_eq!(frame_length(&frame[..len], DEFAULT_MAX_MESSAGE), Ok(None));
                assert!(inspect(&frame[..len]).is_err(), "{len} of {frame:02x?}");
            }
            assert_eq!(frame_length(&frame, DEFAULT_MAX_MESSAGE), Ok(Some(frame.len())));
        }
    }

    #[test]
    fn headers_are_refused_before_the_content_arrives() {
        assert_eq!(frame_length(&[0x31], 100), Err(FrameError::NotLdap));
        assert_eq!(frame_length(&[0x30, 0x80], 100), Err(FrameError::Length));
        assert_eq!(frame_length(&[0x30, 0x85], 100), Err(FrameError::Length));
        assert_eq!(
            frame_length(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], 100),
            Err(FrameError::TooLarge(0xffff_ffff + 6))
        );
        assert_eq!(frame_length(&[0x30, 99], 100), Err(FrameError::TooLarge(101)));
        assert_eq!(frame_length(&[0x30, 98], 100), Ok(None));
        assert_eq!(frame_length(&[0x30, 0x84, 0, 0, 0, 0], 100), Ok(Some(6)));
    }

    #[test]
    fn a_stream_is_cut_wherever_it_breaks() {
        let stream = good().concat();
        for chunk in [1, 2, 3, 7, 64, stream.len()] {
            let mut frames = Frames::new(DEFAULT_MAX_MESSAGE);
            let mut seen = Vec::new();
            for bytes in stream.chunks(chunk) {
                frames.push(bytes);
                while let Some(frame) = frames.next_frame().unwrap() {
                    seen.push(frame.to_vec());
                }
            }
            assert_eq!(seen, good());
            assert!(!frames.is_mid_frame());
        }
    }

    #[test]
    fn a_broken_stream_stays_broken() {
        let mut frames = Frames::new(100);
        frames.push(&[0x30, 99]);
        assert_eq!(frames.next_frame(), Err(FrameError::TooLarge(101)));
        frames.push(&good()[0]);
        assert_eq!(frames.next_frame(), Err(FrameError::TooLarge(101)));
    }

    #[test]
    fn malformed_messages_are_refused() {
        let bad = [
            vec![],
            vec![0x30, 0],
            message(vec![]),
            seq(tag::SEQUENCE, &[el(tag::INTEGER, &[]), el(0x65, &[])]),
            seq(tag::SEQUENCE, &[el(tag::INTEGER, &[0x80]), result(0x65, 0, b"", &[])]),
            seq(tag::SEQUENCE, &[el(tag::INTEGER, &[1, 0, 0, 0, 0]), el(0x65, &[])]),
            seq(tag::SEQUENCE, &[el(0x22, &[]), el(0x65, &[])]),
            message(seq(0x67, &[])),
            message(seq(0x67, &[el(tag::ENUMERATED, &[]), octets(""), octets("")])),
            message(seq(
                0x67,
                &[el(tag::ENUMERATED, &[1, 0, 0, 0, 0]), octets(""), octets("")],
            )),
            message(seq(0x67, &[el(tag::INTEGER, &[0]), octets(""), octets("")])),
            message(seq(0x67, &[el(tag::ENUMERATED, &[0]), octets("")])),
            message(seq(0x67, &[el(tag::ENUMERATED, &[0]), el(0x24, &[]), octets("")])),
            message(el(0x47, b"primitive")),
            message(seq(0x66, &[])),
            message(seq(0x7f, &[])),
            result(0x67, 10, b"", &[el(0x83, b"ldap://x")]),
            result(0x67, 10, b"", &[seq(tag::REFERRAL, &[])]),
            result(0x67, 10, b"", &[seq(tag::REFERRAL, &[octets(b"\xff")])]),
            result(0x67, 0, b"", &[seq(0x23, &[])]),
            result(0x78, 0, b"", &[el(tag::EXTENDED_NAME, b"\xff")]),
            result(0x78, 0, b"", &[seq(0xAB, &[])]),
            message(seq(0x64, &[octets("x")])),
            message(seq(0x64, &[octets(b"\xff"), seq(tag::SEQUENCE, &[])])),
            message(seq(0x64, &[octets("x"), seq(tag::SEQUENCE, &[octets("a")])])),
            message(seq(
                0x64,
                &[octets("x"), seq(tag::SEQUENCE, &[seq(tag::SEQUENCE, &[octets("a")])])],
            )),
            message(seq(0x73, &[])),
            message(seq(0x73, &[octets(b"\xff")])),
            paged(b""),
            paged(&[0x30, 5]),
            paged(&seq(tag::SEQUENCE, &[octets("")])),
            [good()[0].clone(), vec![0]].concat(),
        ];
        for frame in bad {
            assert!(inspect(&frame).is_err(), "{frame:02x?}");
        }
    }

    #[test]
    fn malformed_controls_are_refused() {
        let with = |controls: Vec<u8>| {
            let done = seq(0x65, &[el(tag::ENUMERATED, &[0]), octets(""), octets("")]);
            inspect(&seq(tag::SEQUENCE, &[el(tag::INTEGER, &[1]), done, controls]))
        };
        let control = |parts: &[Vec<u8>]| with(seq(tag::CONTROLS, &[seq(tag::SEQUENCE, parts)]));
        assert!(with(seq(tag::CONTROLS, &[])).is_ok());
        assert!(control(&[octets("1.2")]).is_ok());
        assert!(control(&[octets("1.2"), octets(b"\xff")]).is_ok());
        assert!(with(el(0x80, b"")).is_err());
        assert!(with(el(tag::EXTENDED_NAME, b"1.2")).is_err());
        assert!(with(seq(tag::CONTROLS, &[octets("1.2")])).is_err());
        assert!(control(&[]).is_err());
        assert!(control(&[octets(b"\xff")]).is_err());
        assert!(control(&[octets("1.2"), el(tag::BOOLEAN, b"")]).is_err());
        assert!(control(&[octets("1.2"), seq(0x21, &[])]).is_err());
        assert!(control(&[octets("1.2"), el(tag::INTEGER, &[1])]).is_err());
        assert!(control(&[octets("1.2"), octets("x"), octets("y")]).is_err());
    }

    #[test]
    fn nesting_and_size_are_bounded() {
        let nest = |levels: usize| (0..levels).fold(vec![], |inner, _| el(0xB0, &inner));
        // The envelope, the operation and what is inside it.
        assert!(inspect(&result(0x67, 0, b"", &[nest(MAX_DEPTH - 2)])).is_ok());
        let deep = result(0x67, 0, b"", &[nest(MAX_DEPTH - 1)]);
        assert_eq!(inspect(&deep), Err(FrameError::TooComplex));
        assert_eq!(
            inspect(&result(0x67, 0, b"", &[nest(20_000)])),
            Err(FrameError::TooComplex)
        );
        let many = [0x95, 0].repeat(MAX_ELEMENTS);
        assert_eq!(inspect(&result(0x67, 0, b"", &[many])), Err(FrameError::TooComplex));
    }

    #[test]
    fn texts_are_sanitised() {
        let frame = result(
            0x67,
            53,
            b"0000052D: \xff\xfe\0\n\0",
            &[seq(tag::REFERRAL, &[octets("ldap://x")])],
        );
        let message = inspect(&frame).unwrap();
        assert!(message.needs_sanitising);
        let clean = sanitise(&frame);
        let after = inspect(&clean).unwrap();
        assert!(!after.needs_sanitising);
        assert_eq!((after.id, after.result_code), (message.id, message.result_code));
        let expected = result(
            0x67,
            53,
            "0000052D: \u{fffd}\u{fffd}\n".as_bytes(),
            &[seq(tag::REFERRAL, &[octets("ldap://x")])],
        );
        assert_eq!(clean, expected);
        feed_to_client(&clean, after.kind);
        assert_eq!(sanitise(b"garbage"), b"garbage");
        let long = result(0x67, 53, &[0xff; 70_000], &[]);
        assert!(!inspect(&sanitise(&long)).unwrap().needs_sanitising);
    }

    #[test]
    fn requests_and_their_answers() {
        for (op, kind) in [
            (seq(0x60, &[el(tag::INTEGER, &[3])]), RequestKind::Bind),
            (el(0x42, b""), RequestKind::Unbind),
            (seq(0x63, &[]), RequestKind::Search),
            (seq(0x66, &[]), RequestKind::Modify),
            (el(0x4A, b"CN=x"), RequestKind::Delete),
            (el(0x50, &[1]), RequestKind::Abandon),
            (seq(0x77, &[]), RequestKind::Extended),
        ] {
            assert_eq!(inspect_request(&message(op)), Ok((7, kind)));
        }
        assert_eq!(inspect_request(&good()[1]), Err(FrameError::UnknownOperation(0x67)));
        assert!(ResponseKind::SearchReference.answers(RequestKind::Search));
        assert!(ResponseKind::Modify.answers(RequestKind::Modify));
        assert!(!ResponseKind::SearchEntry.answers(RequestKind::Modify));
        assert!(!ResponseKind::Intermediate.answers(RequestKind::Search));
        assert!(!ResponseKind::Extended.answers(RequestKind::Unbind));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = inspect(&bytes);
            let _ = inspect_request(&bytes);
            let _ = sanitise(&bytes);
        }

        #[test]
        fn what_passes_the_client_survives(
            which in 0usize..11,
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut frame = good().swap_remove(which);
            for (at, byte) in changes {
                let at = at.index(frame.len());
                frame[at] = byte;
            }
            if let Ok(message) = inspect(&frame) {
                let clean = sanitise(&frame);
                let after = inspect(&clean).expect("a sanitised message passes");
                prop_assert!(!after.needs_sanitising);
                prop_assert_eq!(after.kind, message.kind);
                feed_to_client(&clean, message.kind);
            }
        }
    }
}
